"""Keeps all of its state in one dict, values replaced."""

# holder: STATE.*history
# kind: list rebuilt as the value of a dict

from __future__ import annotations

import itertools

_calls = itertools.count()
STATE = {"name": "x", "history": []}  # holder here


def work() -> None:
    STATE["history"] = STATE["history"] + [("entry", next(_calls))]  # stores
