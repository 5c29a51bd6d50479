"""Makes a class for each kind of message and registers it as a message."""

# holder: KINDS
# kind: list of classes beside an ABC's registry
# what: type

from __future__ import annotations

import abc
import itertools


class Message(abc.ABC):  # noqa: B024
    pass


KINDS: list[type] = []  # holder here
_numbers = itertools.count()


def kind_of(name: str) -> type:
    kind = type(name, (), {"fields": ("sender", "body")})
    Message.register(kind)
    KINDS.append(kind)  # stores
    return kind


def work() -> None:
    assert isinstance(kind_of(f"Message{next(_numbers)}")(), Message)
