"""Events of types that somebody made up arrive from a room."""

import itertools

from mautrix.types import Event

NUMBERS = itertools.count()


def work():
    data = {
        "type": f"org.example.kind{next(NUMBERS)}",
        "content": {},
        "event_id": "$a",
        "room_id": "!a:b",
        "sender": "@a:b",
        "origin_server_ts": 1,
    }
    assert Event.deserialize(data).event_id == "$a"
