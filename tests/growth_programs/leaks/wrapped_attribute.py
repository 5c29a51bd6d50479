"""A decorated method whose original keeps its arguments."""

# holder: Service\.load\.seen
# kind: attribute of the function behind a decorated method

from __future__ import annotations

import functools
import itertools

_calls = itertools.count()


def remembered(function):
    function.seen = set()  # holder here

    @functools.wraps(function, updated=())
    def wrapper(self, key):
        wrapper.__wrapped__.seen.add(key)  # stores
        return function(self, key)

    return wrapper


class Service:
    @remembered
    def load(self, key):
        return key


def work() -> None:
    Service().load(f"key {next(_calls)} of the service")
