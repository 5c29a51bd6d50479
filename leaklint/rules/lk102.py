"""A container on a class stores instances that the code makes or is given.

## What it does

Reports: a container on a class stores instances that the code makes or is given. Quiet where a removal can run while
the entry is held, where the container is bounded or weak, and where only import-time code fills it.

## Why it leaks

A factory or a metaclass that remembers every instance by its arguments keeps all of them, and the set of arguments is
rarely finite.

## Example

    class Unit:
        _cache = {}

        @classmethod
        def of(cls, name):
            if name not in cls._cache:
                cls._cache[name] = cls(name)
            return cls._cache[name]

## Use instead

    class Unit:
        _cache = weakref.WeakValueDictionary()

        @classmethod
        def of(cls, name):
            unit = cls._cache.get(name)
            if unit is None:
                unit = cls._cache[name] = cls(name)
            return unit

## Fix safety

Unsafe in general: a cache that holds weakly forgets what nobody uses, which costs time, and loses state if the
instance carried any. One entry a class or a constant key is not reported.

## How it is proven

Call the factory with varied arguments, drop the results, collect: no result may be alive.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.rules.containers import told
from leaklint.rules.context import Case, Context

CODE = "LK102"
NAME = "class-registry-of-instances"


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    return told(context, CODE, NAME)
