"""Clean-up that the leak itself prevents: the repair and the experiment for it."""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.drafts.leaks import Context, Leak
from leaklint.drafts.mending import mend
from leaklint.drafts.place import finding
from leaklint.drafts.telling import retention, short_name
from leaklint.model import Finding, Fix, Related

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
        yield finding(
            CODE, NAME, touch.module, touch.event.span, symbol, leak.holder.kind, message, leak.confidence,
            retention(leak), related, fix,
        )  # fmt: skip


def _fix(context: Context, leak: Leak) -> Fix:
    """The repair of the container is the repair of its clean-up."""
    fix = mend(context, leak)
    if fix.safety != "none":
        return fix
    place = f"{leak.holder.path}:{leak.holder.binding.span.line}"
    return Fix("none", fix.replacement, f"goes away only with {leak.code} at {place}, where {fix.reason}")
