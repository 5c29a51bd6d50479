"""Is what a holder keeps ever let go, and by something that can run while the object is still held?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from leaklint.drafts.facts.model import Function, Module
from leaklint.drafts.program import Holder, Program, Touch
from leaklint.paths import is_test

Quality = Literal["good", "weak", "finalizer", "none"]
_RANK: dict[Quality, int] = {"good": 3, "weak": 2, "finalizer": 1, "none": 0}
_BULK = frozenset({"clear", "rebind", "[:]=", "-="})
# Methods that users are told to call: what they remove is removed, whether or not ``__del__`` calls them too.
_ASKED_FOR = frozenset(
    "close aclose stop shutdown disconnect release terminate unregister destroy dispose detach exit quit end".split()
)
_RESET = re.compile(r"_*(clear|reset|purge|flush|invalidate|wipe|forget)")
_END_OF_LIFE = frozenset(
    [
        "close",
        "aclose",
        "stop",
        "shutdown",
        "dispose",
        "destroy",
        "release",
        "teardown",
        "tearDown",
        "disconnect",
        "detach",
        "unregister",
        "__exit__",
        "__aexit__",
        "terminate",
        "cancel",
        "kill",
        "finish",
        "end",
        "quit",
        "remove",
        "delete",
        "cleanup",
    ]
)


@dataclass(frozen=True, slots=True)
class Removal:
    """The best removal found. ``weak``: on one branch only, or by hand; ``finalizer``: only once the object is dead."""

    quality: Quality
    why: str
    touch: Touch | None = None
    by_hand: bool = False


NONE = Removal("none", "nothing removes it")


def removal(program: Program, holder: Holder, stores: Sequence[Touch]) -> Removal:
    """Judge every removal, rebind and bound of ``holder`` and return the best."""
    best = NONE
    touches = program.touches.get(holder.key, [])
    kept = [touch for touch in stores if not _puts_none(touch)] or stores
    writers = {(touch.module.name, touch.function.qualname) for touch in kept}
    for touch in touches:
        if touch.event.op == "remove":
            found = _one(program, touch, writers)
        elif touch.event.op == "bind" and touch.function.name and not _makes_first(touch, holder):
            found = _bulk(program, touch, writers)
        elif touch.event.op == "len":
            found = _length(touch, touches)
        else:
            continue
        if _RANK[found.quality] > _RANK[best.quality]:
            best = found
    return best


def _puts_none(touch: Touch) -> bool:
    """Tell whether a store only puts None in the place of what was there."""
    values = touch.event.value
    return bool(values) and all(value.kind == "const" and value.name == "None" for value in values)


def _makes_first(touch: Touch, holder: Holder) -> bool:
    """The assignment that makes the holder, or that makes it where there was none yet, removes nothing."""
    if touch.event.span == holder.binding.span:
        return True
    if touch.function.name in {"__init__", "__new__"} and holder.scope in {"metaclass", "object", "descriptor"}:
        return True
    return any(guard.kind == "if" and ("is None" in guard.text or "hasattr" in guard.text) for guard in touch.guards)


def only_finalizes(program: Program, function: Function, module: Module, depth: int = 0) -> bool:
    """Tell whether ``function`` runs only when an object dies: ``__del__``, or what only ``__del__`` calls."""
    if function.name == "__del__":
        return True
    sites = program.sites.get((module.name, function.qualname), [])
    if not sites or depth > 3 or function.name in _ASKED_FOR or function.name.startswith("__"):
        return False
    return all(only_finalizes(program, site.caller, program.modules[site.module], depth + 1) for site in sites)


def _one(program: Program, touch: Touch, writers: set[tuple[str, str]]) -> Removal:
    event = touch.event
    if only_finalizes(program, touch.function, touch.module):
        return Removal(
            "finalizer", f"only {touch.function.name} removes it, and it cannot run while the entry exists", touch
        )
    if not touch.function.name or is_test(touch.module.path):
        return NONE
    if event.how in _BULK:
        return _bulk(program, touch, writers)
    if event.how == "callback":
        return Removal("good", "a callback removes it", touch)
    same = (touch.module.name, touch.function.qualname) in writers
    if same and _one_branch(touch):
        return Removal("weak", f"{touch.function.qualname} removes it on one branch only", touch)
    return Removal("good", f"{touch.function.qualname} removes it", touch)


def _one_branch(touch: Touch) -> bool:
    """A removal beside its own store counts if it always runs, runs in ``finally``, or is asked of the holder itself."""
    name = touch.holder.binding.name
    for guard in touch.guards:
        if guard.kind in {"finally", "loop", "with", "try", "past"}:
            continue
        if guard.kind in {"if", "else"} and (
            name in guard.text or "len(" in guard.text or "size" in guard.text.lower()
        ):
            continue
        if guard.kind == "except":
            continue
        return guard.kind in {"if", "else"} and touch.event.how not in {"popitem", "popleft"}
    return False


def _bulk(program: Program, touch: Touch, writers: set[tuple[str, str]]) -> Removal:
    """``clear()`` and rebinding count where the program itself runs them; a reset for tests does not."""
    function = touch.function
    if is_test(touch.module.path) or not function.name:
        return NONE
    if only_finalizes(program, function, touch.module):
        return Removal("finalizer", f"only {function.name} clears it", touch)
    if (touch.module.name, function.qualname) in writers or function.name in _END_OF_LIFE:
        return Removal("good", f"{function.qualname} clears it", touch)
    if _runs(program, function, touch.module):
        return Removal("good", f"{function.qualname} clears it", touch)
    return Removal("weak", f"only {function.qualname}, which nothing here calls, clears it", touch, by_hand=True)


def _runs(program: Program, function: Function, module: Module, depth: int = 0) -> bool:
    """Tell whether code of the program (not its tests) calls, decorates or hands on ``function``.

    A reset that only other resets call is there for whoever wants it: nothing runs it by itself.
    """
    if function.decorators and function.kind == "function":
        return True
    for site in program.sites.get((module.name, function.qualname), []):
        caller = site.caller
        if not caller.name or is_test(program.modules[site.module].path):
            continue
        if not _RESET.match(caller.name):
            return True
        if depth < 3 and caller is not function and _runs(program, caller, program.modules[site.module], depth + 1):
            return True
    return depth == 0 and _is_handed_on(program, function, by_name=not _RESET.match(function.name))


def _is_handed_on(program: Program, function: Function, *, by_name: bool) -> bool:
    """Tell whether ``function`` is given to a call (a signal, a hook), or with ``by_name`` called on an unknown object."""
    return function.name in program.handed_on or (by_name and function.name in program.called_on_unknown)


def _length(touch: Touch, touches: Sequence[Touch]) -> Removal:
    """A length test bounds the holder if the same function removes, or stores only while there is room."""
    for other in touches:
        if other.function is touch.function and other.event.op in {"remove", "bind"}:
            return Removal("good", f"{touch.function.qualname} bounds its length", touch)
        guarded = any("len(" in guard.text for guard in other.guards)
        if other.function is touch.function and other.event.op == "store" and guarded:
            return Removal("good", f"{touch.function.qualname} bounds its length", touch)
    return NONE
