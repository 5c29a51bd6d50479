"""A finding that stands at a decorator or a call, and what such rules ask about names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.drafts.facts.model import Call, Decorator, Function, Module, Span, Value
from leaklint.drafts.program import ClassRef, Program
from leaklint.model import Confidence, Finding, Fix, Related, fingerprint

if TYPE_CHECKING:
    from leaklint.drafts.leaks import Context


def finding(
    code: str,
    name: str,
    module: Module,
    span: Span,
    symbol: str,
    kind: str,
    message: str,
    confidence: Confidence,
    retention: tuple[str, ...],
    related: tuple[Related, ...] = (),
    fix: Fix | None = None,
) -> Finding:
    """Return a finding at ``span`` of ``module``."""
    return Finding(
        code=code,
        name=name,
        path=module.path,
        line=span.line,
        column=span.column,
        end_line=span.end_line,
        end_column=span.end_column,
        symbol=symbol,
        message=message,
        confidence=confidence,
        fingerprint=fingerprint(code, symbol, kind),
        retention=retention,
        related=related,
        fix=fix or Fix("none", "", "no repair is known to be right here"),
    )


def dotted(program: Program, value: Value, module: Module) -> str:
    """Return the dotted name of something outside of the program (``functools.lru_cache``), aliases followed, or ``""``."""
    for _ in range(4):
        if value.kind == "call" and not value.path and value.parts:
            value = value.parts[1] if _is_partial(program, value, module) else value.parts[0]
            continue
        if value.kind != "global" or "[]" in value.path:
            return ""
        found = program.names.find(module.name, value.path)
        if found.kind == "external":
            return ".".join([found.name, *found.rest])
        if found.kind == "binding" and not found.rest:
            home = program.modules[found.module]
            alias = home.aliases.get(found.name, ())
            if not alias or alias[0] == value:
                return ""
            value, module = alias[0], home
            continue
        return ""
    return ""


def _is_partial(program: Program, value: Value, module: Module) -> bool:
    """Tell whether a call makes a ``functools.partial`` of its first argument."""
    callee = value.parts[0]
    if len(value.parts) < 2 or callee.kind != "global" or "[]" in callee.path:
        return False
    found = program.names.find(module.name, callee.path)
    return found.kind == "external" and ".".join([found.name, *found.rest]) == "functools.partial"


def decorator_name(program: Program, decorator: Decorator, module: Module) -> str:
    """Return the dotted name that a decorator goes by."""
    return dotted(program, decorator.value, module)


def owner_of(context: Context, function: Function, module: Module) -> ClassRef | None:
    """Return the class around a function."""
    return context.program.holders.owner_of(function, module)


def call_text(call: Call) -> str:
    """Return how a call is named."""
    value = call.callee[0]
    return ".".join(value.path) or value.name
