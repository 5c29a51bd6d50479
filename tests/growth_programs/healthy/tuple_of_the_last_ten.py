"""Adds visits to a tuple of the latest."""

# kind: tuple, rebuilt with a bound

from __future__ import annotations

import uuid

VISITS: tuple[str, ...] = ()


def work() -> None:
    global VISITS
    VISITS = (*VISITS, uuid.uuid4().hex)[-10:]
