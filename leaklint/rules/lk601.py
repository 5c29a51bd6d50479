"""A library keeps a callback, or an object, that it was handed.

## What it does

Reports calls that hand an object, a bound method of it, or a function that refers to it, to a library which keeps that: a
signal connected with `weak=False`, a listener, a job, a hook. What each library keeps, how long, and what takes it back is
written in [contracts](../contracts.md), which projects add to. Quiet where the library holds weakly, where the program takes
the registration back, and where what keeps it lives no longer than the object.

## Why it leaks

The registry of the library lives as long as the process, or as long as the signal or scheduler, which a module keeps. It
keeps the callback, a bound method keeps its object, and a closure all that it refers to.

## Example

    saved = blinker.Signal()

    class Board:
        def __init__(self):
            saved.connect(self.on_saved, weak=False)

## Use instead

    class Board:
        def __init__(self):
            saved.connect(self.on_saved)

or call what takes it back (`saved.disconnect(self.on_saved)`) when the object is done.

## Fix safety

Unsafe: where the library offers to hold weakly, a bound method is handed over so; an object that nobody else holds is then
gone, and is not called any more. A lambda or an inner function would be gone at once, and is left.

## How it is proven

Make the object, delete it, collect: its weak reference must be dead.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.contracts.model import Contract
from leaklint.heap.registration import Registration
from leaklint.rules.context import Case, Context
from leaklint.rules.registering import Keeper, told

CODE = "LK601"
NAME = "callback-kept-by-a-library"


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    for one in context.registrations:
        if one.contract is not None and is_of_library(one) and context.shows(one.level):
            yield _tell(context, one, one.contract)


def is_of_library(one: Registration) -> bool:
    """Tell whether it is a library outside of the standard one, or a declared contract, that keeps what it is handed."""
    return one.contract is not None and one.kind == "callback" and not one.contract.is_standard


def library_of(context: Context, contract: Contract) -> str:
    """Return how messages call a library, and what of it keeps things."""
    top = contract.name.partition(".")[0]
    return contract.holder or f"{context.heap.points_to.contracts.distribution(top)} ({contract.called})"


def _tell(context: Context, one: Registration, contract: Contract) -> Case:
    keeper = library_of(context, contract)
    for_good = contract.lifetime in {"process", "receiver"}
    ends = "until the process ends" if for_good else f"as long as its {contract.keeper}"
    first_step = f"{keeper}{f': {contract.why}' if contract.why else ''}"
    return told(context, one, CODE, NAME, Keeper(keeper, ends, first_step, contract.name))
