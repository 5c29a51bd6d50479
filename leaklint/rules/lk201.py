"""A module-level container is keyed by instances, or is a set of them.

## What it does

Reports: a module-level container is keyed by instances, or is a set of them. Quiet where a removal can run while the
entry is held, where the container is bounded or weak, and where only import-time code fills it.

## Why it leaks

A key is held as strongly as a value. The module lives as long as the process.

## Example

    _SEEN = set()

    def visit(self):
        _SEEN.add(self)

## Use instead

    _SEEN = weakref.WeakSet()

## Fix safety

Safe as for LK101; not offered where keys compare by value, because equal keys collapse into one entry.

## How it is proven

Make the object, run the function that stores it, delete it, collect: its weak reference must be dead.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.rules.containers import told
from leaklint.rules.context import Case, Context

CODE = "LK201"
NAME = "module-registry-keyed-by-instances"


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    return told(context, CODE, NAME)
