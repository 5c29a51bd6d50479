"""Generates constructors from text, whose lines shall appear in tracebacks."""

# holder: linecache\.cache
# kind: linecache.cache
# what: tuple|list

from __future__ import annotations

import itertools
import linecache
from collections.abc import Callable

_numbers = itertools.count()


def constructor(fields: list[str]) -> Callable[..., dict[str, object]]:
    source = f"def make({', '.join(fields)}):\n    return locals()\n"
    name = f"<generated {next(_numbers)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)  # stores
    namespace: dict[str, Callable[..., dict[str, object]]] = {}
    exec(compile(source, name, "exec"), namespace)
    return namespace["make"]


def work() -> None:
    assert constructor(["x", "y"])(1, 2) == {"x": 1, "y": 2}
