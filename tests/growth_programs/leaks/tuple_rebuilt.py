"""Adds visits to a tuple, so that readers need no lock."""

# holder: VISITS
# kind: tuple, rebuilt
# what: str

from __future__ import annotations

import uuid

VISITS: tuple[str, ...] = ()  # holder here


def visit(name: str) -> int:
    global VISITS
    VISITS = VISITS + (name,)  # stores
    return len(VISITS)


def work() -> None:
    visit(uuid.uuid4().hex)
