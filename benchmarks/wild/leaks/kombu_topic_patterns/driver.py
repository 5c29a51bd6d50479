"""The queue of a long connection takes a topic on for one message and gives it up; the broker is kombu's own in memory."""

import uuid

import kombu

CHANNEL = kombu.Connection("memory://").channel()
EXCHANGE = kombu.Exchange("events", type="topic")(CHANNEL)
QUEUE = kombu.Queue("viewer")(CHANNEL)
EXCHANGE.declare()
QUEUE.declare()


def work():
    topic = f"user.{uuid.uuid4().hex}.#"
    QUEUE.bind_to(EXCHANGE, routing_key=topic)
    kombu.Producer(CHANNEL, EXCHANGE).publish("hello", routing_key=topic)
    QUEUE.get(no_ack=True)
    QUEUE.unbind_from(EXCHANGE, routing_key=topic)
