"""Clean-up that the leak itself prevents.

## What it does

Reports a removal that stands only in `__del__`, or in what only `__del__` calls, while the container holds the object
strongly. A public method counts, too, that the program leaves to `__del__` and to its own end: users could call it, but
who cleans up at the end what is left means that they need not.

## Why it leaks

`__del__` runs when nothing refers to the object any more. The container does, so `__del__` never runs, so the entry
stays.

## Example

    class Session:
        open = {}

        def __init__(self):
            Session.open[id(self)] = self

        def __del__(self):
            del Session.open[id(self)]

## Use instead

    class Session:
        open = weakref.WeakValueDictionary()

        def __init__(self):
            Session.open[id(self)] = self

## Fix safety

That of the container's own finding, whose edits it shares. Once the container is weak, the removal in `__del__` has
nothing left to do: it goes where the entry is certain to die with the object, and is made quiet elsewhere.

## How it is proven

As the container's own finding: make the object, delete it, collect; its weak reference must be dead.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.heap.kinds import SELF
from leaklint.model import Related
from leaklint.rules.containers import retention_path, short_name
from leaklint.rules.context import Case, Context
from leaklint.rules.experiments import container_probe

CODE = "LK404"
NAME = "cleanup-that-cannot-run"


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    for retention in context.retentions:
        effect, level = retention.release.effect, retention.level
        if not retention.release.finalizer or effect is None or level == "low" or not context.shows(level):
            continue
        if retention.first.retained.kind not in SELF:
            continue
        runs = "the program leaves that to __del__, which runs" if retention.release.doubt else "it runs"
        message = (
            f"{effect.function.partition(':')[2]} removes the entry from {short_name(retention.location)}, which keeps the "
            f"object alive: {runs} only once the object is dead, so never"
        )
        at = context.location(retention.location.module, retention.location.place)
        yield context.case(
            retention, CODE, NAME, context.module_of(effect.function), effect.event.place, effect.function, retention.kind,
            message, level, retention_path(context, retention), (Related(at.path, at.line, at.column, "the container"),),
            container_probe(context, retention),
        )  # fmt: skip
