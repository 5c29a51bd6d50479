"""Clean-up that the leak itself prevents.

## What it does

Reports a removal that stands only in `__del__`, or in what only `__del__` calls, while the container holds the object
strongly.

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

from leaklint.model import Finding, Fix, Related
from leaklint.rules.leaks import Context, Leak
from leaklint.rules.mending import mend
from leaklint.rules.place import finding
from leaklint.rules.probes import probe_of
from leaklint.rules.telling import retention, short_name

CODE = "LK404"
NAME = "cleanup-that-cannot-run"


def find(context: Context) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for leak in context.leaks:
        touch = leak.removal.touch
        if leak.removal.quality != "finalizer" or touch is None or leak.confidence == "low":
            continue
        if leak.first.thing.kind not in {"self", "method", "closure"}:
            continue
        symbol = f"{touch.module.name}:{touch.function.qualname}"
        message = (
            f"{touch.function.qualname} removes the entry from {short_name(leak.holder)}, which keeps the object alive: it "
            f"runs only once the object is dead, so never; make the container weak"
        )
        related = (
            Related(leak.holder.path, leak.holder.binding.span.line, leak.holder.binding.span.column, "the container"),
        )
        fix = _fix(context, leak)
        found = finding(
            CODE, NAME, touch.module, touch.event.span, symbol, leak.holder.kind, message, leak.confidence,
            retention(leak), related, fix,
        )  # fmt: skip
        proof = probe_of(context, leak, found.fingerprint)
        yield Finding(**{**{name: getattr(found, name) for name in found.__slots__}, "probe": proof})


def _fix(context: Context, leak: Leak) -> Fix:
    """The repair of the container is the repair of its clean-up."""
    fix = mend(context, leak)
    if fix.safety != "none":
        return fix
    place = f"{leak.holder.path}:{leak.holder.binding.span.line}"
    return Fix("none", fix.replacement, f"goes away only with {leak.code} at {place}, where {fix.reason}")
