"""Handlers by name; one remembers whom it has seen."""

# holder: HANDLERS\['post'\].*seen
# kind: tuple in a cell of a function in a dict

from __future__ import annotations

import itertools

_calls = itertools.count()


def remembering():
    seen = ()  # holder here

    def handle(name):
        nonlocal seen
        seen = (*seen, name, name + "@")  # stores

    return handle


HANDLERS = {"get": len, "post": remembering()}


def work() -> None:
    HANDLERS["post"](f"user {next(_calls)}")
