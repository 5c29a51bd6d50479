"""Makes rooms of which there is one for each name."""

# holder: _instances
# kind: metaclass attribute
# what: Room

from __future__ import annotations

import itertools


class OnePerArguments(type):
    _instances: dict[tuple[object, ...], object] = {}  # holder here

    def __call__(cls, *args: object) -> object:
        key = (cls, *args)
        if key not in cls._instances:
            cls._instances[key] = super().__call__(*args)  # stores
        return cls._instances[key]


class Room(metaclass=OnePerArguments):
    def __init__(self, name: str) -> None:
        self.name = name
        self.members: set[str] = set()


_numbers = itertools.count()


def work() -> None:
    name = f"room-{next(_numbers)}"
    assert Room(name) is Room(name)
    Room(name).members.add("ann")
