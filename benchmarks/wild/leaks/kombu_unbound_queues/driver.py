"""A caller makes a queue without an exchange, takes one answer from it and deletes it; the broker is kombu's own in memory."""

import uuid

import kombu

CONNECTION = kombu.Connection("memory://")


def work():
    name = uuid.uuid4().hex
    with CONNECTION.channel() as channel:
        queue = kombu.Queue(name)(channel)
        queue.declare()
        kombu.Producer(channel).publish("done", routing_key=name)
        queue.get(no_ack=True)
        queue.delete()
