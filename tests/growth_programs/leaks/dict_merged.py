"""Merges the settings that each request brings into those of the program."""

# holder: CURRENT
# kind: dict, rebuilt
# what: str

from __future__ import annotations

import itertools

CURRENT: dict[str, str] = {"language": "en"}  # holder here
_sessions = itertools.count()


def merge(settings: dict[str, str]) -> str:
    global CURRENT
    CURRENT = {**CURRENT, **settings}  # stores
    return CURRENT["language"]


def work() -> None:
    assert merge({f"token-{next(_sessions)}": "secret"}) == "en"
