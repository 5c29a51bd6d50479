"""A weak container that is not weak in effect.

## What it does

Reports a `WeakKeyDictionary` whose value refers to its own key, a plain dictionary from classes to weak containers that
each new object's class is put into, and a bound method put into a `WeakSet` or used as a
weak key.

## Why it leaks

A weak key dictionary holds its values strongly. If the value reaches the key, the key is reachable for as long as the
dictionary lives, and the entry never goes. A bound method is made anew at each access: its weak reference is dead at
once.

## Example

    class Loop:
        _of = weakref.WeakKeyDictionary()

        def __init__(self, inner):
            self.inner = inner
            Loop._of[inner] = self

## Use instead

    class Loop:
        _of = weakref.WeakKeyDictionary()

        def __init__(self, inner):
            self.inner = inner
            Loop._of[inner] = weakref.ref(self)

## Fix safety

Where only the classes that are keys stay, the dictionary becomes a `WeakKeyDictionary`. A value that
nothing reads becomes a weak reference; that is unsafe, for it assumes that no value is meant to live only as long as its
key. Where values are read the dictionary may be what keeps them, and no edit is offered.

## How it is proven

Make the pair, delete both, collect: the key's weak reference must be dead.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.flow.model import qualname
from leaklint.heap.weakness import Weak
from leaklint.rules.containers import short_name
from leaklint.rules.context import Case, Context
from leaklint.rules.experiments import container_path, probe_at, symbol_of, trigger_of

CODE = "LK501"
NAME = "weak-in-name-only"


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    return (_tell(context, weak) for weak in context.weak if context.shows("medium"))


def _tell(context: Context, weak: Weak) -> Case:
    location, effect = weak.location, weak.effect
    name, line = qualname(effect.function), effect.event.place[0]
    message = f"{short_name(location)} is weak in name only: {weak.why} (stored by {name}, line {line})"
    symbol = symbol_of(location)
    retention = (f"{symbol} (lives as long as the process)", f"stored by {name}", weak.why)
    trigger, subject = trigger_of(context, effect.function)
    probe = probe_at(context, "other", effect.function, container_path(location), subject, trigger)
    related = (context.related(effect.function, effect.event.place, "stored here", stores=True),)
    return context.case(
        weak, CODE, NAME, location.module, location.place, symbol, "weak", message, "medium", retention, related, probe
    )
