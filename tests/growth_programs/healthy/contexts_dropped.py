"""Runs jobs in copies of the context."""

# kind: contextvars.Context per call

from __future__ import annotations

import contextvars

USER = contextvars.ContextVar("USER2")


def job():
    USER.set(object())


def work() -> None:
    contextvars.copy_context().run(job)
