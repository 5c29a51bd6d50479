"""A container on a class stores `self`.

## What it does

Reports: a container on a class stores `self`. Quiet where a removal can run while the entry is held, where the
container is bounded or weak, and where only import-time code fills it.

## Why it leaks

The class lives as long as the process, so every instance that was ever made does too, with all it refers to. The last
user lets go, the container does not.

## Example

    class Processor:
        instance_map = {}

        def __init__(self):
            Processor.instance_map[id(self)] = self

## Use instead

    class Processor:
        instance_map = weakref.WeakValueDictionary()

        def __init__(self):
            Processor.instance_map[id(self)] = self

## Fix safety

Safe where every store, stored type and use is resolved and the object has another owner: whoever called the
constructor does. Not offered where a weak container would change the program: stored types that take no weak
references, uses that need a real dict or list, `__slots__` without `__weakref__`.

## How it is proven

Make the object, delete it, collect: its weak reference must be dead and the container must not have grown.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.rules.containers import told
from leaklint.rules.context import Case, Context

CODE = "LK101"
NAME = "class-registry-of-self"


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    return told(context, CODE, NAME)
