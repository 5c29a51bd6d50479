"""A module-level container stores instances as values or elements.

## What it does

Reports: a module-level container stores instances as values or elements. Quiet where a removal can run while the
entry is held, where the container is bounded or weak, and where only import-time code fills it.

## Why it leaks

The module lives as long as the process, and so does each stored instance.

## Example

    REGISTRY = []

    class Node:
        def __init__(self):
            REGISTRY.append(self)

## Use instead

    REGISTRY = weakref.WeakSet()

    class Node:
        def __init__(self):
            REGISTRY.add(self)

## Fix safety

Safe as for LK101. A list becomes a WeakSet only where order and duplicates do not matter.

## How it is proven

Make the object, delete it, collect: its weak reference must be dead and the container must not have grown.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.rules.containers import told
from leaklint.rules.context import Case, Context

CODE = "LK202"
NAME = "module-registry-of-instances"


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    return told(context, CODE, NAME)
