"""A logger or a handler for each instance: the repair and the experiment for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaklint.drafts.facts.model import Call, Function, Module, Value
from leaklint.drafts.leaks import Context
from leaklint.drafts.mending import mend_handler
from leaklint.drafts.observed import placed, registration
from leaklint.drafts.place import dotted, finding, owner_of
from leaklint.drafts.program.calls import calls_to
from leaklint.drafts.program.moments import is_constant
from leaklint.model import Finding, Fix, Related
from leaklint.paths import is_test

CODE = "LK402"
NAME = "logger-per-instance"
_LOOKS = re.compile(r"handlers\b|hasHandlers")
_UNIQUE = frozenset({"id", "uuid1", "uuid4", "time", "time_ns", "count", "hex"})


def find(context: Context) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    seen = [finding for finding in context.settings.observed if finding.code == CODE]
    for module, function, call in calls_to(context.program, ("addHandler", "getLogger")):
        owner = owner_of(context, function, module) if not is_test(module.path) else None
        found = [*_of_call(context, call, function, module)] if owner is not None else []
        shown = registration(seen, module, call)
        # Asked last: to know who makes a class, every file that names it has to be read.
        if found and owner is not None and not is_constant(context.program, owner):
            yield from found
        elif shown is not None and any(value.path[-1:] == ("addHandler",) for value in call.callee):
            yield _shown(context, shown, call, module)


def _shown(context: Context, shown: Finding, call: Call, module: Module) -> Finding:
    """Return the finding of a handler that a run alone has shown to be added again and again, with its repair."""
    fix = mend_handler(context, module, call)
    here = finding(CODE, NAME, module, call.span, shown.symbol, "logger", "", shown.confidence, (), fix=fix)
    return placed(shown, here, "the handler is not taken for one that is added again and again")


def _of_call(context: Context, call: Call, function: Function, module: Module) -> Iterator[Finding]:
    if any(value.path[-1:] == ("addHandler",) for value in call.callee):
        yield from _handler(context, call, function, module)
    elif any(dotted(context.program, value, module) == "logging.getLogger" for value in call.callee):
        yield from _logger(context, call, function, module)


def _handler(context: Context, call: Call, function: Function, module: Module) -> Iterator[Finding]:
    logger = _logger_of(context, call, function, module)
    if logger is None or _guarded(call) or _removed(module):
        return
    if function.name not in {"__init__", "__post_init__", "__new__"} and not _runs_at_birth(context, function, module):
        return
    text = "addHandler on a logger that all instances share: each one adds a handler that logging keeps until the process ends"
    fix = mend_handler(context, module, call)
    yield _tell(context, call, function, module, text, "if not logger.handlers: before it, or removeHandler", fix)


def _logger_of(context: Context, call: Call, function: Function, module: Module) -> Value | None:
    """Return the shared logger that a handler is added to, or None if each instance may have its own."""
    for value in call.callee:
        base = Value(value.kind, value.path[:-1], value.name, value.parts)
        for one in _origins(context, base, function, module):
            if (
                one.kind == "call"
                and one.parts
                and dotted(context.program, one.parts[0], module) == "logging.getLogger"
            ):
                if not _is_unique(one.parts[1:]):
                    return one
    return None


def _origins(context: Context, base: Value, function: Function, module: Module) -> Iterator[Value]:
    if base.kind == "global" and len(base.path) == 1:
        yield from module.aliases.get(base.path[0], ())
    elif base.kind == "self" and len(base.path) == 1:
        for other in module.functions.values():
            if other.owner == function.owner:
                for event in other.events:
                    if event.op == "bind" and any(v.kind == "self" and v.path == base.path for v in event.target):
                        yield from event.value
    else:
        yield base


def _is_unique(parts: tuple[Value, ...]) -> bool:
    """Tell whether a logger's name is made from something that no other instance has."""
    stack = list(parts)
    while stack:
        value = stack.pop()
        if value.kind == "call" and value.parts and value.parts[0].path[-1:] and value.parts[0].path[-1] in _UNIQUE:
            return True
        stack.extend(value.parts)
    return False


def _guarded(call: Call) -> bool:
    return any(guard.kind in {"if", "else", "past"} and _LOOKS.search(guard.text) for guard in call.guards)


def _removed(module: Module) -> bool:
    for function in module.functions.values():
        for call in function.calls:
            if any(value.path[-1:] == ("removeHandler",) for value in call.callee):
                return True
        for event in function.events:
            if event.op in {"remove", "bind"} and any("handlers" in value.path for value in event.target):
                return True
    return False


def _runs_at_birth(context: Context, function: Function, module: Module) -> bool:
    sites = context.program.sites.get((module.name, function.qualname), [])
    return any(site.caller.name in {"__init__", "__post_init__"} for site in sites)


def _logger(context: Context, call: Call, function: Function, module: Module) -> Iterator[Finding]:
    parts = tuple(value for argument in call.arguments for value in argument.values)
    if not _is_unique(parts):
        return
    text = "getLogger with a name that no other instance has: logging keeps every logger by name until the process ends"
    way_out = "one logger and a LoggerAdapter for each instance"
    fix = Fix("none", way_out, "a logger has a level, filters and handlers of its own, which an adapter has not")
    yield _tell(context, call, function, module, text, way_out, fix)


def _tell(
    context: Context, call: Call, function: Function, module: Module, text: str, way_out: str, fix: Fix
) -> Finding:
    owner = owner_of(context, function, module)
    symbol = f"{module.name}:{function.qualname}"
    retention = (
        "logging's table of loggers (lives as long as the process)",
        f"filled by {function.qualname} at {module.path}:{call.span.line}",
        f"one entry for each {owner.name if owner else 'instance'}",
    )
    related = (Related(module.path, call.span.line, call.span.column, "added here, once for each instance"),)
    message = f"{text}; use {way_out}"
    return finding(CODE, NAME, module, call.span, symbol, "logger", message, "medium", retention, related, fix)
