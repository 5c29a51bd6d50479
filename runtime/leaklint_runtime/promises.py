"""Bounds that the code speaks of, as a reason to look farther before a rise is called endless.

Nothing here proves a bound: a number in the code is only where an experiment should not yet have stopped.
"""

from __future__ import annotations

from types import CodeType
from typing import Any, Iterator

from .early import FunctionType, ModuleType, contents, is_a
from .holder import Holder, lookup

FARTHEST = 10_000
_NAMES = ("maxsize", "max_size", "size_limit", "max_entries", "max_length", "limit", "capacity")


def farthest(holder: Holder) -> int:
    """Return the largest bound up to ``FARTHEST`` that the holder or the code that uses it speaks of; 0 if none."""
    if holder.owner is None:
        return 0
    return max([number for number in [*declared(holder.value()), *_of_code(holder)] if number <= FARTHEST], default=0)


def declared(value: Any) -> Iterator[int]:
    """Yield numbers among the attributes by which bounded containers call their bound."""
    try:
        own: Any = object.__getattribute__(value, "__dict__")
    except AttributeError:
        own = {}
    for name in _NAMES:
        yield from _number(own.get(name) if is_a(own, dict) and name in own else lookup(type(value), name))


def _of_code(holder: Holder) -> Iterator[int]:
    """Yield the numbers, written out or by name, in functions that name the holder and ask for a length."""
    module, owner, value = holder.owners[0], holder.owner, holder.value()
    if is_a(value, FunctionType) and "len" in value.__code__.co_names:  # what it keeps it names by itself
        yield from _of_one(value.__code__, module, owner)
    places = [module, owner, *[item for item in list(contents(module).values()) if is_a(item, type)]]
    for place in places:
        if not is_a(place, (type, ModuleType)):
            continue
        for function in list(contents(place).values()):
            code = function.__code__ if is_a(function, FunctionType) else None
            if code is not None and holder.name in code.co_names and "len" in code.co_names:
                yield from _of_one(code, module, owner)


def _of_one(code: CodeType, module: Any, owner: Any) -> Iterator[int]:
    for value in code.co_consts:
        yield from _number(value)
    for name in code.co_names:
        yield from _number(contents(module).get(name))
        yield from _number(lookup(owner, name) if is_a(owner, type) else None)


def _number(value: Any) -> Iterator[int]:
    if type(value) is int and value > 0:
        yield value
