"""Carries the user along in a variable of the context while a request runs."""

# kind: context variable, reset

from __future__ import annotations

import contextvars
import itertools

USER: contextvars.ContextVar[dict[str, int]] = contextvars.ContextVar("user")
_users = itertools.count()


def work() -> None:
    token = USER.set({"number": next(_users)})
    try:
        assert USER.get()["number"] >= 0
    finally:
        USER.reset(token)
