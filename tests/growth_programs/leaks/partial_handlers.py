"""Subscribes handlers, to which the subscriber's name is bound, to a topic."""

# holder: HANDLERS
# kind: list of functools.partial
# what: partial

from __future__ import annotations

import functools
import itertools

HANDLERS = []  # holder here
_names = itertools.count()


def greet(name: str, text: str) -> str:
    return f"{name}: {text}"


def subscribe(name: str) -> None:
    HANDLERS.append(functools.partial(greet, name))  # stores


def work() -> None:
    subscribe(f"reader {next(_names)}")
    for handler in HANDLERS[-3:]:
        handler("hello")
