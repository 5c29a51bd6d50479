"""The value flow of a file as bytes and back: MessagePack, since reading what lies in a cache must not run any code."""

from __future__ import annotations

from typing import Any

import msgpack

from leaklint.flow.model import Class, Decorator, Event, Function, Guard, Module, Param


class UnreadableFlowError(ValueError):
    """Bytes that ``dumped`` has not made."""


def dumped(module: Module) -> bytes | None:
    """Return a module as bytes; None for one that is nested too deeply for the format."""
    try:
        return msgpack.packb(module, unicode_errors="surrogatepass")  # type: ignore[no-any-return]
    except ValueError:
        return None


def loaded(data: bytes) -> Module:
    """Return the module that ``dumped`` made bytes of. Raises ``UnreadableFlowError``."""
    try:
        name, path, package, imports, stars, names, functions, classes, annotations = msgpack.unpackb(
            data, use_list=False, unicode_errors="surrogatepass", strict_map_key=False
        )
        return Module(
            name, path, package, imports, stars,
            {word: [(term, place, _guards(guards)) for term, place, guards in values] for word, values in names.items()},
            {key: _function(parts) for key, parts in functions.items()},
            {key: _class(parts) for key, parts in classes.items()},
            annotations,
        )  # fmt: skip
    except (ValueError, TypeError, AttributeError, msgpack.UnpackException) as error:
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
