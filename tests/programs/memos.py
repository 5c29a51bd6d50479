# ruff: noqa: B019, UP033
"""Memoised functions and methods, and look-alikes."""

from __future__ import annotations

import functools
from functools import lru_cache as remembered


class Unbounded:
    @functools.lru_cache(maxsize=None)
    def value(self, number: int):
        return number


class Aliased:
    @remembered(None)
    def value(self):
        return 1


class OnProperty:
    @property
    @functools.lru_cache(maxsize=None)
    def value(self):
        return 1


class Bounded:
    @functools.lru_cache(maxsize=16)
    def value(self):
        return 1


class LastOnly:
    @functools.lru_cache(maxsize=1)
    def value(self):
        return 1


class PerInstance:
    def __init__(self):
        self.value = functools.lru_cache(maxsize=None)(lambda number: number)
        self.value(1)


class Cached:
    @functools.cached_property
    def value(self):
        return 1


class Static:
    @staticmethod
    @functools.lru_cache(maxsize=None)
    def value(number: int):
        return number


class Equal:
    """Equal objects share one entry, so that only the very first stays."""

    def __eq__(self, other):
        return isinstance(other, Equal)

    def __hash__(self):
        return 1

    @functools.lru_cache(maxsize=None)
    def value(self):
        return 1


def memoise(function):
    known = {}

    @functools.wraps(function)
    def wrapper(*args):
        if args not in known:
            known[args] = function(*args)
        return known[args]

    return wrapper


class HomeMade:
    @memoise
    def value(self, number: int):
        return number


class ClassMethod:
    made = []

    @classmethod
    @functools.lru_cache(maxsize=None)
    def get(cls, name: str):
        return cls()


class OnInit:
    @functools.lru_cache(maxsize=None)
    def __init__(self):
        self.number = 1


@functools.lru_cache(maxsize=None)
def parse(text: str):
    return Cached()


@functools.lru_cache(maxsize=50)
def parse_some(text: str):
    return Cached()


async def fetch(text: str, known={}):  # noqa: B006
    known[text] = Cached()
    return known[text]


PROBES = [
    ("confirmed", "Unbounded.value", "memo", {"subject": "Unbounded", "trigger": "method:value"}),
    ("confirmed", "Aliased.value", "memo", {"subject": "Aliased", "trigger": "method:value"}),
    ("confirmed", "OnProperty.value", "memo", {"subject": "OnProperty", "trigger": "property:value"}),
    ("bounded", "Bounded.value", "memo", {"subject": "Bounded", "trigger": "method:value"}),
    ("bounded", "LastOnly.value", "memo", {"subject": "LastOnly", "trigger": "method:value"}),
    ("refuted", "PerInstance.value", "memo", {"subject": "PerInstance"}),
    ("refuted", "Cached.value", "memo", {"subject": "Cached", "trigger": "property:value"}),
    ("refuted", "Static.value", "memo", {"subject": "Static", "trigger": "method:value"}),
    ("refuted", "Equal.value", "memo", {"subject": "Equal", "trigger": "method:value"}),
    ("confirmed", "HomeMade.value", "closure", {"subject": "HomeMade", "trigger": "method:value"}),
    ("confirmed", "ClassMethod.get", "memo", {"trigger": "call:{module}:ClassMethod.get", "track": "result"}),
    ("confirmed", "OnInit.__init__", "memo", {"subject": "OnInit"}),
    ("confirmed", "parse", "memo", {"trigger": "call:{module}:parse", "track": "result"}),
    ("confirmed", "parse", "memo", {"trigger": "call:{module}:parse", "track": "growth"}),
    ("bounded", "parse_some", "memo", {"trigger": "call:{module}:parse_some", "track": "result"}),
    ("confirmed", "fetch", "closure", {"trigger": "call:{module}:fetch", "track": "result"}),
]
