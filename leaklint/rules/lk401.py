"""`self` is handed to a registry of the standard library that lives as long as the process.

## What it does

Reports `atexit.register(self.close)`, `weakref.finalize(self, self.close)` and `weakref.finalize(self, f, self)`,
`os.register_at_fork(.., =self.m)`, `signal.signal(.., self.m)`, `Thread(target=self.m)` whose loop never ends (also
`Thread(target=f, args=(self,))`, and a thread class in the same file that is given `self`), and timers that start
themselves again. Quiet where the same module unregisters, and where only module-level code makes
the objects.

## Why it leaks

The registry keeps the callback, a bound method keeps its object. A finalizer that refers to its own object keeps it
from ever being finalised.

## Example

    class Client:
        def __init__(self):
            atexit.register(self.close)

## Use instead

    class Client:
        def __init__(self):
            self._finalizer = weakref.finalize(self, _close, self._socket)

or `atexit.unregister(self.close)` in `close`.

## Fix safety

Unsafe: a finalizer that takes what the clean-up needs runs as soon as nobody holds the object any more, not only at the end of
the process. A clean-up that needs the object itself is left: a weak method is dead when it would have to run. One that only
changes the object becomes a weak method, and fork callbacks do: nothing is called for an object that is gone.

## How it is proven

Make the object, delete it, collect: its weak reference must be dead. What the interpreter's own tables keep shows as
reference count that no visible object accounts for.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.heap.registration import Registration
from leaklint.rules.context import Case, Context
from leaklint.rules.lk601 import is_of_library
from leaklint.rules.registering import Keeper, told

CODE = "LK401"
NAME = "registered-for-good"

_HOLDER = {"own thread": "a running thread that never ends", "hook": "the interpreter's hook"}
_SHAPES = frozenset({"atexit", "finalize", "fork", "signal", "thread"})


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    every = (one for one in context.registrations if one.kind != "object" and not is_of_library(one))
    return (_tell(context, one) for one in every if context.shows(one.level))


def _tell(context: Context, one: Registration) -> Case:
    known = one.contract.holder if one.contract is not None else ""
    keeper = known or _HOLDER.get(one.kind, f"{one.name} ({one.kind})")
    thread = "thread" in one.kind or one.kind == "timer"
    ends = "for as long as the thread runs" if thread else "until the process ends"
    first_step = f"{keeper} (lives as long as the {'thread' if thread else 'process'})"
    experiment = {"own thread": "thread", "timer": "thread"}.get(one.kind, one.kind if one.kind in _SHAPES else "other")
    return told(context, one, CODE, NAME, Keeper(keeper, ends, first_step, one.kind, experiment))
