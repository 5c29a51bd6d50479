"""The value flow of a file as bytes and back: plain tuples, so that reading what lies in a cache runs no code."""

from __future__ import annotations

import marshal
from typing import Any

from leaklint.flow.model import Class, Decorator, Event, Function, Guard, Module, Param

_VERSION = 4


class UnreadableFlowError(ValueError):
    """Bytes that ``dumped`` has not made."""


def dumped(module: Module) -> bytes:
    """Return a module as bytes."""
    return marshal.dumps(_plain(module), _VERSION)


def _plain(value: Any) -> Any:
    """Return a value with named tuples turned into plain ones; terms are plain already."""
    if isinstance(value, (Module, Function, Class, Event, Guard, Param, Decorator)):
        return tuple([_plain(item) for item in value])
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if (
        isinstance(value, tuple)
        and value
        and isinstance(value[0], (Function, Class, Event, Guard, Param, Decorator, tuple))
    ):
        return tuple([_plain(item) for item in value])
    return value


def loaded(data: bytes) -> Module:
    """Return the module that ``dumped`` made bytes of. Raises ``UnreadableFlowError``."""
    try:
        name, path, package, imports, stars, names, functions, classes, annotations = marshal.loads(data)
        return Module(
            name, path, package, imports, stars,
            {word: [(term, place, _guards(guards)) for term, place, guards in values] for word, values in names.items()},
            {key: _function(parts) for key, parts in functions.items()},
            {key: _class(parts) for key, parts in classes.items()},
            annotations,
        )  # fmt: skip
    except (ValueError, TypeError, EOFError, AttributeError) as error:
        raise UnreadableFlowError(str(error)) from error


def _guards(parts: Any) -> tuple[Guard, ...]:
    return tuple([Guard(*one) for one in parts])


def _function(parts: Any) -> Function:
    function = Function(*parts)
    events = tuple(
        [Event(kind, terms, name, place, _guards(guards)) for kind, terms, name, place, guards in function.events]
    )
    params = tuple([Param(*one) for one in function.params])
    return function._replace(params=params, decorators=_decorators(function.decorators), events=events)


def _class(parts: Any) -> Class:
    klass = Class(*parts)
    return klass._replace(decorators=_decorators(klass.decorators))


def _decorators(parts: Any) -> tuple[Decorator, ...]:
    return tuple([Decorator(*one) for one in parts])
