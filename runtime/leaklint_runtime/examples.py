"""Objects as examples in docstrings make them: with all that an example does before, such as classes that it defines."""

from __future__ import annotations

import ast
import contextlib
import io
from functools import partial
from typing import Any, Callable, Iterator, NamedTuple

from . import domains, sources
from .early import is_a
from .sources import SourceFile

MOST = 6  # examples that are tried for one class
STATEMENTS = 40  # of one example


class Example(NamedTuple):
    """The statements of a docstring, each with its text as code, and ``file:line`` of what it documents."""

    statements: tuple[Any, ...]
    place: str
    source: SourceFile


def makers(kind: Any) -> Iterator[tuple[Callable[[int], Any], str]]:
    """Yield functions that run an example and return the object of a class that it makes, each with the example's place."""
    scope, name = domains.scope(), getattr(kind, "__name__", "")
    count = 0
    for source in sources.speaking((">>>", name), scope) if scope is not None and name else ():
        for example in _examples(source, name):
            count += 1
            if count > MOST:
                return
            yield partial(_made, example, kind), example.place


def _made(example: Example, kind: Any, number: int) -> Any:
    """Run an example until it has made an object of a class, and return that. Raises ``TypeError`` if it makes none."""
    home = sources.space_of(example.source)
    space = {**home, "__name__": home.get("__name__", "example")}
    known = {id(value) for value in space.values()}
    with contextlib.redirect_stdout(io.StringIO()):
        for statement in example.statements:
            exec(statement, space)
            found = [value for value in space.values() if is_a(value, kind) and id(value) not in known]
            if found:
                space.clear()
                return found.pop()
    raise TypeError(f"no {kind.__qualname__} in the example")


def _examples(source: SourceFile, name: str) -> Iterator[Example]:
    """Yield the examples of a file whose docstrings name a class."""
    import doctest  # costs more than all the rest here, and few findings need it

    for node in ast.walk(source.tree):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        text = ast.get_docstring(node) or ""
        if ">>>" not in text or name not in text:
            continue
        place = f"{source.path.rpartition('/')[2]}:{getattr(node, 'lineno', 1)}"
        try:
            shown = doctest.DocTestParser().get_examples(text)[:STATEMENTS]
            statements = [compile(item.source, f"<{place}>", "single") for item in shown if item.exc_msg is None]
        except (SyntaxError, ValueError):
            continue
        yield Example(tuple(statements), place, source)
