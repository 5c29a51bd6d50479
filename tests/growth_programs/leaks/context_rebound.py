"""Carries the chain of callers along in a variable of the context."""

# holder: CALLERS
# kind: context variable, rebound
# what: str

from __future__ import annotations

import contextvars
import uuid

CALLERS: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("callers", default=())  # holder here


def call(name: str) -> str:
    CALLERS.set((*CALLERS.get(), name))  # stores
    return CALLERS.get()[-1]


def work() -> None:
    name = uuid.uuid4().hex
    assert call(name) == name
