"""Arguments that raise: where the flagged statement handles an exception, something that was called has to raise one."""

from __future__ import annotations

import ast
import builtins
from contextlib import suppress
from typing import Any, Iterator

from . import domains, reached, sources, usages
from .early import is_a
from .stubs import Stub
from .values import BuiltValue

ERRORS = 3  # kinds of exceptions that are tried
_ANY = (Exception, BaseException)


class Failing(Stub):
    """A stand-in that raises an exception when it, or any method of it, is called; it keeps no argument."""

    def __init__(self, kind: Any) -> None:
        """``kind`` is the exception's class."""
        object.__setattr__(self, "kind", kind)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *given: Any, **named: Any) -> Any:
        del given, named
        raise _made(object.__getattribute__(self, "kind"))


def _made(kind: Any) -> Any:
    for arguments in (("leaklint",), ()):
        with suppress(Exception):
            return kind(*arguments)
    return kind.__new__(kind)


def errors(lines: reached.Lines) -> tuple[Any, ...]:
    """Return the classes of exceptions of which a handler leads to one of the lines.

    The line is in the handler, or in a function that the handler calls.
    """
    found: list[Any] = []
    for path, numbers in lines.items():
        source = sources.parsed(path)
        for node in ast.walk(source.tree) if source is not None else ():
            if isinstance(node, ast.ExceptHandler) and _spans(node, numbers):
                found += _caught(node, sources.space_of(source))  # type: ignore[arg-type]
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and _spans(node, numbers):
                found += _around(node.name)
    return tuple(dict.fromkeys(found))[:ERRORS]


def _spans(node: Any, numbers: set[int]) -> bool:
    return any(node.lineno <= number <= (node.end_lineno or node.lineno) for number in numbers)


def _around(name: str) -> Iterator[Any]:
    """Yield what is caught by the handlers of the program that call a function of this name."""
    scope = domains.scope()
    for site in usages.calls(name, scope) if scope is not None else ():
        for handler in [parent for parent in site.parents if isinstance(parent, ast.ExceptHandler)][-1:]:
            yield from _caught(handler, sources.space_of(site.source))


def _caught(handler: ast.ExceptHandler, space: dict[str, Any]) -> list[Any]:
    """Return the classes of exceptions that a handler names; of one that takes all, a class for the purpose."""
    listed = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
    found = [usages.looked_up(node, {**vars(builtins), **space}) for node in listed]
    kinds = [kind for kind in found if is_a(kind, type) and issubclass(kind, BaseException)]
    return [RuntimeError if kind in _ANY else kind for kind in kinds] if listed else [RuntimeError]


def raising(error: Any) -> BuiltValue:
    """Return an argument that raises when it is called."""
    source = f"leaklint_runtime.failing:Failing({error.__module__}:{error.__qualname__})"
    return BuiltValue(Failing(error), source, False, "raises")
