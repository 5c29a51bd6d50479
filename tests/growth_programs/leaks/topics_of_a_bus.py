"""Subscribes consumers to topics of a message bus."""

# holder: subscribers
# kind: list in a dict in an attribute
# what: function|cell

from __future__ import annotations

from collections.abc import Callable


class TopicBus:
    def __init__(self) -> None:
        self.subscribers: dict[str, list[Callable[[str], None]]] = {}  # holder here

    def subscribe(self, topic: str, receive: Callable[[str], None]) -> None:
        self.subscribers.setdefault(topic, []).append(receive)  # stores

    def publish(self, topic: str, text: str) -> None:
        for receive in self.subscribers.get(topic, ()):
            receive(text)


BUS = TopicBus()


def work() -> None:
    received: list[str] = []
    BUS.subscribe("news", lambda text: received.append(text.upper()))
    BUS.publish("news", "rain")
    assert received == ["RAIN"]
