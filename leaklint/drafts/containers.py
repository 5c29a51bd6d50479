"""Repairs of containers that leak: which one a finding asks for; ``leaklint.repairs`` decides whether it can be made."""

from __future__ import annotations

from leaklint import repairs
from leaklint.drafts.view import Leak, RepairContext
from leaklint.drafts.weak import WEAKENED, is_unseen_key, replacement_of, weakened
from leaklint.heap.retained import Retention
from leaklint.model import Fix
from leaklint.records import replace
from leaklint.rules.containers import code_of

UNREAD = Fix("none", "", "the place where the container is made could not be read")
_SHARED = Fix("none", "a cache on the instance", "the decorator is shared by all its users; change it by hand")


def repaired(view: RepairContext, code: str, retention: Retention) -> Fix:
    """Return the repair of what a rule says of a retention."""
    if code == "LK301":
        return _SHARED
    own = code_of(view.context, retention)
    leak = view.leak(own, retention)
    if leak is None:
        return UNREAD
    fix = mended(view, leak)
    return _of_clean_up(leak, fix) if code != own else fix


def mended(view: RepairContext, leak: Leak) -> Fix:
    """Return the repair of a leaking container, with the container that is proposed even where no edit can be made."""
    fix, first = _by_what_is_stored(view, leak), leak.first
    if fix.safety == "safe" and first.kind in {"instance", "class"} and not first.handed:
        # Whoever asked may hold the thing now, but a cache is there for those who ask later.
        assumed = "assumes that what it keeps may be made again once nobody uses it"
        fix = replace(fix, safety="unsafe", reason=f"{assumed}; {fix.reason}")
    fix = fix if fix.replacement else replace(fix, replacement=replacement_of(leak))
    return repairs.qualified(view.program, leak.holder, fix) if fix.safety != "none" else fix


def _by_what_is_stored(view: RepairContext, leak: Leak) -> Fix:
    """Return the repair that suits what a container keeps, before it is said what that assumes."""
    program, holder, first = view.program, leak.holder, leak.first
    if holder.scope == "function":
        return Fix("none", "", "whoever has the function may use its attribute")
    if first.kind == "traceback":
        return Fix("none", "", "whoever catches the exception may tell it by its identity")
    if leak.code == "LK403":
        return Fix(
            "none", "", "store the text of the exception, or clear its traceback: readers of the container decide"
        )
    if first.kind == "method":
        classes = tuple(dict.fromkeys(entry.cls for entry in leak.entries if entry.cls))
        return repairs.bound_methods(program, holder, classes, first.depth)
    if leak.code == "LK204" and (first.kind in {"made", "part"} or is_unseen_key(first)):
        return repairs.bounded(program, holder)
    if first.kind in WEAKENED:
        fix = weakened(view, leak)
        own = repairs.for_each(program, holder) if fix.safety == "none" and holder.scope == "class" else fix
        return own if own.edits else fix
    return Fix("none", "", "what is stored is not known well enough to hold it weakly")


def _of_clean_up(leak: Leak, fix: Fix) -> Fix:
    """The repair of the container is the repair of its clean-up."""
    if fix.safety != "none":
        return fix
    place = f"{leak.holder.path}:{leak.holder.place[0]}"
    return Fix("none", fix.replacement, f"goes away only with {leak.code} at {place}, where {fix.reason}")
