"""Reads messages whose sender brings a character table of its own."""

# holder: codec
# kind: codecs.register
# what: function

from __future__ import annotations

import codecs
import itertools
from collections.abc import Callable

_senders = itertools.count()


def search_for(table: dict[int, str]) -> Callable[[str], codecs.CodecInfo | None]:
    def search(name: str) -> codecs.CodecInfo | None:
        return None if name not in table.values() else codecs.lookup("ascii")

    return search


def receive(sender: int, body: bytes) -> str:
    codecs.register(search_for({sender: f"table{sender}"}))  # stores
    return body.decode("ascii")


def work() -> None:
    assert receive(next(_senders), b"hello") == "hello"
