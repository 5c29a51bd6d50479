"""A container on a class stores something that holds `self`: a bound method, a closure, a partial.

## What it does

Reports: a container on a class stores something that holds `self`: a bound method, a closure, a partial. Quiet where
a removal can run while the entry is held, where the container is bounded or weak, and where only import-time code
fills it.

## Why it leaks

A bound method refers to its object. A list of callbacks on a class keeps every object that ever subscribed.

## Example

    class Bus:
        handlers = []

    class View:
        def __init__(self):
            Bus.handlers.append(self.on_event)

## Use instead

    class View:
        def __init__(self):
            Bus.handlers.append(weakref.WeakMethod(self.on_event, Bus.handlers.remove))

## Fix safety

Unsafe: the loop that calls the handlers has to skip dead ones. A plain weak reference to a bound method would die at
once.

## How it is proven

Make the object, delete it, collect: its weak reference must be dead.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.rules.containers import told
from leaklint.rules.context import Case, Context

CODE = "LK103"
NAME = "class-registry-of-callbacks"


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    return told(context, CODE, NAME)
