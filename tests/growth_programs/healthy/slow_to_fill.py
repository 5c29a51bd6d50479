"""Meets a new kind of client at each third call, until all eight are known."""

# kind: dict that fills slowly

from __future__ import annotations

import itertools

CLIENTS: dict[int, dict[str, object]] = {}
_calls = itertools.count()


def work() -> None:
    kind = next(_calls) // 3 % 8
    CLIENTS.setdefault(kind, {"kind": kind, "options": [True] * 10})
