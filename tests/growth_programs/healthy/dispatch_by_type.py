"""Formats values of a few types by a dispatching function."""

# kind: functools.singledispatch with constant types

from __future__ import annotations

import functools
import itertools


@functools.singledispatch
def formatted(value: object) -> str:
    return repr(value)


@formatted.register(int)
def _formatted_int(value: int) -> str:
    return f"{value:,}"


@formatted.register(list)
def _formatted_list(value: list[object]) -> str:
    return ", ".join(map(formatted, value))


_values = itertools.cycle([1, 2.5, "text", [1, 2], None, (1,), {1: 2}, b"x", True])


def work() -> None:
    assert formatted(next(_values))
