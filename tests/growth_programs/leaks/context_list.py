"""Notes the steps of a request in a variable of the context."""

# holder: STEPS
# kind: context variable with a list
# what: tuple

from __future__ import annotations

import contextvars
import time

STEPS: contextvars.ContextVar[list[tuple[str, float]]] = contextvars.ContextVar("steps")  # holder here
STEPS.set([])


def step(name: str) -> None:
    STEPS.get().append((name, time.time()))  # stores


def work() -> None:
    step("parse")
    step("answer")
