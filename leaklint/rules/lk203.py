"""A module-level container stores bound methods or closures over `self`.

## What it does

Reports: a module-level container stores bound methods or closures over `self`. Quiet where a removal can run while
the entry is held, where the container is bounded or weak, and where only import-time code fills it.

## Why it leaks

A bound method refers to its object, and the module lives as long as the process.

## Example

    HANDLERS = []

    class View:
        def __init__(self):
            HANDLERS.append(self.on_event)

## Use instead

    class View:
        def __init__(self):
            HANDLERS.append(weakref.WeakMethod(self.on_event, HANDLERS.remove))

## Fix safety

Unsafe: the loop that calls the handlers has to skip dead ones.

## How it is proven

Make the object, delete it, collect: its weak reference must be dead.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.rules.containers import told
from leaklint.rules.context import Case, Context

CODE = "LK203"
NAME = "module-registry-of-callbacks"


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    return told(context, CODE, NAME)
