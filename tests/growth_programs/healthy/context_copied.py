"""Runs each request in a copy of the context."""

# kind: context variable in copies of the context

from __future__ import annotations

import contextvars

STEPS: contextvars.ContextVar[tuple[str, ...]] = contextvars.ContextVar("steps", default=())


def request() -> int:
    for step in ("parse", "answer", "log"):
        STEPS.set((*STEPS.get(), step))
    return len(STEPS.get())


def work() -> None:
    assert contextvars.copy_context().run(request) == 3
