"""Repairs of calls: registrations, handlers and loggers, memoised functions, tables of the standard library."""

from __future__ import annotations

from leaklint import repairs
from leaklint.drafts.view import RepairContext
from leaklint.heap.handlers import Handler
from leaklint.heap.memoisation import Memo
from leaklint.heap.registration import Registration
from leaklint.model import Fix
from leaklint.records import replace

EACH = "a cache that each instance makes for itself"
TABLE = Fix("none", "weakref.finalize", "what the entry describes is for the author to say")
_UNREAD_CALL = "the registering call could not be read"
_UNREAD = "the decorator could not be read"
_WAY_OUT = {
    "atexit": "a weak callback, and atexit.unregister when the object is closed",
    "finalize": "a static function with the plain values that it needs",
    "fork": "a weak callback",
    "signal": "a static function",
    "thread": "a static worker that gets weakref.ref(self)",
    "own thread": "a thread that is given weakref.ref(self)",
    "timer": "a static callback that gets weakref.ref(self)",
    "registrar": "a weak callback, or register and unregister in pairs",
}
_ONE_LOGGER = "one logger and a LoggerAdapter for each instance"


def registration(view: RepairContext, subject: Registration) -> Fix:
    """Return the repair of a registration."""
    contract, module = subject.contract, view.context.module_of(subject.function)
    if contract is not None and (subject.kind == "object" or contract.weak_form is not None):
        if module not in view.program.modules:
            return Fix("none", "", _UNREAD_CALL)
        repair = repairs.closed if subject.kind == "object" else repairs.held_weakly
        return repair(
            view.program, view.program.modules[module], view.context.span(module, subject.event.place), contract
        )
    return registered(view, view.context.module_of(subject.function), subject.event.place, subject.kind)


def registered(view: RepairContext, module: str, place: tuple[int, int, int, int], kind: str) -> Fix:
    """Return the repair of the registering call at a place of a module."""
    if module not in view.program.modules:
        return Fix("none", "", _UNREAD_CALL)
    fix = repairs.registry(view.program, view.program.modules[module], view.context.span(module, place), kind)
    return fix if fix.replacement else replace(fix, replacement=_WAY_OUT.get(kind, ""))


def undoing(subject: Registration | Handler | None) -> str:
    """Return what to do about a registration by hand: which call takes it back, as far as the contract knows one."""
    if isinstance(subject, Handler):
        if subject.kind == "logger":
            return f"use {_ONE_LOGGER}"
        known = list(subject.contract.undo)
    elif subject is None:
        known = []
    else:
        if "thread" in subject.kind:
            return "let it end when its owner is done"
        undo = subject.contract.undo if subject.contract is not None else ()
        known = [one for one in undo if not one.endswith("__call__")]
        if subject.contract is not None and subject.contract.advice:
            return subject.contract.advice
        if subject.kind == "object":
            return f"call {known[0].removeprefix('.')}() when it is done" if known else "close it when it is done"
    named = f" with {known[0].removeprefix('.')}()" if known else ""
    return f"take it back{named} when its owner is done"


def handler(view: RepairContext, subject: Handler) -> Fix:
    """Return the repair of a handler, filter or logger that is made for each object."""
    module = view.context.module_of(subject.function)
    if subject.kind == "logger":
        return Fix(
            "none", _ONE_LOGGER, "a logger has a level, filters and handlers of its own, which an adapter has not"
        )
    if subject.kind != "handler":
        return Fix("none", "", "what each object adds is for the author to say")
    return added(view, module, subject.event.place)


def added(view: RepairContext, module: str, place: tuple[int, int, int, int]) -> Fix:
    """Return the repair of the call at a place of a module that adds a handler again and again."""
    if module not in view.program.modules:
        return Fix("none", "", "the call could not be read")
    return repairs.guarded_handler(view.program, view.program.modules[module], view.context.span(module, place))


def memo(view: RepairContext, code: str, subject: Memo) -> Fix:
    """Return the repair of a memoised function: of a method its cache moves to the instance, else it is bounded."""
    if code != "LK301":
        return (
            bounded(view, subject.function, subject.place[0])
            if subject.bound is None
            else Fix("none", "", "it has a bound")
        )
    if view.program.module_of(subject.function) not in view.program.modules:
        return Fix("none", EACH, _UNREAD)
    decorated = view.decorator(subject.function, subject.place[0])
    if decorated is None:
        return Fix("none", EACH, "a call memoises the method, not a decorator; change it by hand")
    function, decorator = decorated
    fix = repairs.cached_method(view.program, function, decorator)
    alone = len(function.params) == 1 and not function.is_async
    return fix if fix.replacement else replace(fix, replacement="functools.cached_property" if alone else EACH)


def bounded(view: RepairContext, function: str, line: int) -> Fix:
    """Return the repair of a function whose memoiser, a decorator on a line, has no bound."""
    found = view.decorator(function, line)
    return repairs.bounded_function(view.program, *found) if found is not None else Fix("none", "", _UNREAD)
