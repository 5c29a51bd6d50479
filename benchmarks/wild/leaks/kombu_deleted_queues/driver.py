"""A caller waits for one answer on a queue of its own and deletes the queue; the broker is kombu's own in memory."""

import uuid

import kombu

CONNECTION = kombu.Connection("memory://")
EXCHANGE = kombu.Exchange("answers", type="direct")


def work():
    name = uuid.uuid4().hex
    with CONNECTION.channel() as channel:
        queue = kombu.Queue(name, EXCHANGE, routing_key=name)(channel)
        queue.declare()
        kombu.Producer(channel, EXCHANGE).publish("done", routing_key=name)
        queue.get(no_ack=True)
        queue.delete()
