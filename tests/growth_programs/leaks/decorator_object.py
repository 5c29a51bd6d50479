"""Counts the callers of an API by means of a decorator that is a class."""

# holder: callers
# kind: instance attribute of a decorator
# what: str

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable


class counted:  # noqa: N801
    def __init__(self, function: Callable[[str], int]) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.callers: dict[str, int] = {}  # holder here

    def __call__(self, caller: str) -> int:
        self.callers[caller] = self.callers.get(caller, 0) + 1  # stores
        return self.function(caller)


@counted
def quota(caller: str) -> int:
    return 1000 - len(caller)


def work() -> None:
    quota(uuid.uuid4().hex)
