"""Repairs and experiments for findings of LK401."""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.drafts.declared import name_of
from leaklint.drafts.facts.model import Argument, Call, Function, Module, Value
from leaklint.drafts.leaks import Context
from leaklint.drafts.mending import mend_registry
from leaklint.drafts.observed import placed, registration
from leaklint.drafts.place import dotted, finding, owner_of
from leaklint.drafts.program import ClassRef
from leaklint.drafts.program.calls import calls_to
from leaklint.drafts.program.moments import is_constant, is_singleton
from leaklint.drafts.threads import given_by_argument, given_to_own_thread, with_endless_threads
from leaklint.model import Confidence, Finding, Related
from leaklint.paths import is_test

CODE = "LK401"
NAME = "registered-for-good"

_KINDS = {
    "atexit.register": "atexit",
    "weakref.finalize": "finalize",
    "os.register_at_fork": "fork",
    "signal.signal": "signal",
    "threading.Thread": "thread",
    "threading.Timer": "timer",
}
_UNDOES = {"atexit": ("unregister",), "finalize": ("detach",), "timer": ("cancel",), "signal": ()}


def find(context: Context) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    names = {name.rpartition(".")[2] for name in (*_KINDS, *context.settings.registrars)}
    seen = [finding for finding in context.settings.observed if finding.code == CODE]
    for module, function, call in calls_to(context.program, names, with_endless_threads(context.program)):
        owner = _owner(context, function, module)
        shown = registration(seen, module, call)
        kind = _kind(context, call, module) if owner is not None or shown is not None else ""
        own = list(_registered(context, kind, call, function, module, owner)) if owner is not None and kind else []
        yield from own
        if shown is not None and kind and not own:
            yield _shown(context, shown, kind, call, function, module)
    for module in context.program.modules.values():
        for function in module.functions.values():
            decorated = any(decorator.value.path for decorator in function.decorators)
            owner = _owner(context, function, module) if decorated else None
            if owner is not None:
                yield from _decorated(context, function, module, owner)


def _owner(context: Context, function: Function, module: Module) -> ClassRef | None:
    """Return the class around a function, of which objects are made that can be let go."""
    owner = owner_of(context, function, module)
    if owner is None or is_test(module.path) or context.program.names.is_metaclass(owner):
        return None
    return owner


def _kind(context: Context, call: Call, module: Module) -> str:
    declared = context.settings.registrars
    if declared and any(name_of(context.program, value, module) in declared for value in call.callee):
        return "registrar"
    known = next(
        (kind for value in call.callee if (kind := _KINDS.get(dotted(context.program, value, module), ""))), ""
    )
    return known or ("own thread" if given_to_own_thread(context.program, call, module) is not None else "")


def _registered(
    context: Context, kind: str, call: Call, function: Function, module: Module, owner: ClassRef
) -> Iterator[Finding]:
    what = _what_holds_self(context, kind, call, function, module)
    if what is None or _undone(kind, module):
        return
    confidence = _confidence(context, kind, what, call, function, owner)
    if confidence is not None and context.shows(confidence):
        yield _tell(context, kind, what[0], call, function, module, owner, confidence)


def _what_holds_self(
    context: Context, kind: str, call: Call, function: Function, module: Module
) -> tuple[str, Value] | None:
    """Return how the callback reaches ``self``, and the value that does."""
    arguments: tuple[Argument, ...] = call.arguments
    if kind == "own thread":
        given = given_to_own_thread(context.program, call, module)
        return ("self", given) if given is not None else None
    if kind == "finalize":
        arguments = arguments[1:]
    elif kind == "thread":
        arguments = tuple(argument for argument in arguments if argument.name == "target")
    for argument in arguments:
        for value in argument.values:
            thing = context.things.of(value, function, module)
            if thing.kind == "method":
                return f"the bound method self.{thing.name}", value
            if thing.kind == "closure":
                return "a closure over self", value
            if thing.kind == "self" and kind != "thread":
                return "self", value
    given = given_by_argument(context.program, call, function, module) if kind == "thread" else None
    return ("self", given) if given is not None else None


def _undone(kind: str, module: Module) -> bool:
    """Tell whether the module undoes such a registration, by something other than a finalizer."""
    undoes = _UNDOES.get(kind, ())
    functions = (function for function in module.functions.values() if undoes and function.name != "__del__")
    called = (value for function in functions for call in function.calls for value in call.callee)
    return any(value.path and value.path[-1] in undoes for value in called)


def _confidence(
    context: Context, kind: str, what: tuple[str, Value], call: Call, function: Function, owner: ClassRef
) -> Confidence | None:
    if is_constant(context.program, owner) or is_singleton(context.program, owner):
        return "low"
    if kind == "finalize":
        first = call.arguments[0].values if call.arguments else ()
        return "high" if any(value.kind == "self" and not value.path for value in first) else None
    if kind == "own thread" or (kind == "thread" and what[0] == "self"):
        return "medium"
    if kind == "thread":
        return _of_thread(context, what[1], owner)
    if kind == "timer":
        rearmed = what[1].path[-1:] == (function.name,)
        return "medium" if rearmed else None
    if kind == "signal":
        return "low"
    return "high" if function.name in {"__init__", "__post_init__", "__new__", "__enter__"} else "medium"


def _of_thread(context: Context, target: Value, owner: ClassRef) -> Confidence | None:
    if target.kind != "self" or len(target.path) != 1:
        return None
    found = context.program.names.method(owner, target.path[0])
    if found is None or not found[1].endless:
        return None
    if found[1].endless == "forever":
        return "medium"
    flag = found[1].endless.removeprefix("flag:")
    return "low" if not flag or _is_raised(context, owner, flag) else "medium"


def _is_raised(context: Context, owner: ClassRef, flag: str) -> bool:
    """Tell whether anything but the constructor and the finalizer touches the attribute that ends a loop."""
    for one in (*context.program.names.ancestors(owner), *context.program.names.subclasses(owner)):
        for function in context.program.modules[one.module].functions.values():
            if function.owner != one.name or function.name in {"__init__", "__del__"}:
                continue
            if any(v.path == (flag,) for event in function.events if event.op == "bind" for v in event.target):
                return True
            if any(
                v.path in {(flag, "set"), (flag, "clear"), (flag, "put")}
                for call in function.calls
                for v in call.callee
            ):
                return True
    return False


def _shown(
    context: Context, shown: Finding, kind: str, call: Call, function: Function, module: Module
) -> Finding:  # fmt: skip
    """Return the finding of a registration that a run alone has shown to stay, with its repair."""
    fix = mend_registry(context, kind, call, function, module, _WAY_OUT[kind])
    symbol = f"{module.name}:{function.qualname}"
    here = finding(CODE, NAME, module, call.span, symbol, kind, "", shown.confidence, (), fix=fix)
    return placed(shown, here, "what is registered is taken for something that may live as long, or is taken back")


_HOLDER = {
    "atexit": "atexit's list of callbacks",
    "finalize": "weakref.finalize's registry",
    "fork": "the interpreter's list of fork callbacks",
    "signal": "the interpreter's table of signal handlers",
    "thread": "a running thread that never ends",
    "own thread": "a running thread that never ends",
    "timer": "a timer that starts itself again",
    "registrar": "a registrar that keeps what it is given (as declared)",
}
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


def _tell(
    context: Context, kind: str, what: str, call: Call, function: Function, module: Module, owner: ClassRef,
    confidence: Confidence,
) -> Finding:  # fmt: skip
    symbol = f"{module.name}:{function.qualname}"
    fix = mend_registry(context, kind, call, function, module, _WAY_OUT[kind])
    ends = "until the process ends" if "thread" not in kind else "for as long as the thread runs"
    message = f"{_HOLDER[kind]} keeps {what}: every {owner.name} stays alive {ends}; use {fix.replacement}"
    retention = (
        f"{_HOLDER[kind]} (lives as long as the {'thread' if 'thread' in kind else 'process'})",
        f"{what}, registered by {function.qualname} at {module.path}:{call.span.line}",
        f"{owner.name} (still alive after its last user let go)",
    )
    related = (Related(module.path, call.span.line, call.span.column, "registered here"),)
    return finding(CODE, NAME, module, call.span, symbol, kind, message, confidence, retention, related, fix)


def _decorated(context: Context, function: Function, module: Module, owner: ClassRef) -> Iterator[Finding]:
    """``@atexit.register`` on a function inside a method that refers to ``self``."""
    outer = module.functions.get(function.parent)
    for decorator in function.decorators if outer is not None and outer.kind == "method" else ():
        if dotted(context.program, decorator.value, module) == "atexit.register":
            uses = any(v.kind == "self" for e in function.events for v in (*e.target, *e.value))
            uses = uses or any(v.kind == "self" for c in function.calls for v in c.callee)
            if uses and outer is not None and not _undone("atexit", module):
                call = Call((decorator.value,), (), decorator.span, ())
                yield _tell(context, "atexit", "a closure over self", call, outer, module, owner, "high")
