"""A value for a parameter: from its default, its annotation, its name, and at last a stub.

Every value varies with the round's number where its type allows, so that a cache keyed by arguments is filled and not
merely hit.
"""

from __future__ import annotations

import collections.abc
import datetime
import enum
import io
import logging
import os
import pathlib
import re
import typing
from contextlib import suppress
from typing import Any, Callable, NamedTuple, Tuple

from .stubs import StandIn, Stub

Build = Callable[[Any, int, int], "BuiltValue"]
DEPTH = 3
FIRST_PORT = 20_000


class BuiltValue(NamedTuple):
    """``value`` with the template (see ``recipes``) that makes the same; ``sure`` unless a name or nothing decided.

    ``origin`` says who says that users pass such a value: ``annotation``, ``stand-in``, a call's ``file:line``.
    """

    value: Any
    source: str
    sure: bool
    origin: str = ""


class Varied(NamedTuple):
    """A value of a found form, another one for each number."""

    make: Callable[[int], BuiltValue]


class OneOf(NamedTuple):
    """A hint that lists values: ``closed`` if nothing else is ever passed."""

    options: tuple[BuiltValue, ...]
    closed: bool


class Fitting(NamedTuple):
    """A hint of classes that fit what is done with a parameter (see ``fitting``)."""

    kinds: tuple[Any, ...]


def nothing(*_: Any, **__: Any) -> None:
    """Take anything, do nothing."""


def literal(value: Any, sure: bool = True) -> BuiltValue:
    """Return a value whose ``repr`` is its source."""
    return BuiltValue(value, quoted(value), sure)


def quoted(value: Any) -> str:
    """Return the ``repr`` of a value; what would be read as a name of a template has its colon written as a number."""
    text = repr(value)
    return re.sub(r"(?<=\w):(?=[A-Za-z_])", r"\\x3a", text) if type(value) in (str, bytes) else text


def stub() -> BuiltValue:
    """Return a value that stands for anything."""
    return BuiltValue(Stub(), "leaklint_runtime.stubs:Stub()", False, STAND_IN)


STAND_IN = "stand-in"
NEW_CLASS = 'type("StandIn", (leaklint_runtime.stubs:StandIn,), {})'
NEW_STUB = 'type("StandIn", (leaklint_runtime.stubs:Stub,), {})'
NOTHING = "leaklint_runtime.values:nothing"
Way = Tuple[Callable[[int], Any], str]
_SCALARS: dict[Any, Way] = {
    str: (lambda number: f"leaklint{number}", 'f"leaklint{number}"'),
    int: (lambda number: number + 1, "number + 1"),
    float: (lambda number: number + 1.0, "number + 1.0"),
    complex: (lambda number: complex(number, 1), "complex(number, 1)"),
    bool: (lambda number: False, "False"),
    bytes: (lambda number: b"leaklint%d" % number, 'b"leaklint%d" % number'),
    bytearray: (lambda number: bytearray(b"leaklint%d" % number), 'bytearray(b"leaklint%d" % number)'),
    type(None): (lambda number: None, "None"),
    list: (lambda number: [], "[]"),
    tuple: (lambda number: (), "()"),
    dict: (lambda number: {}, "{}"),
    set: (lambda number: set(), "set()"),
    frozenset: (lambda number: frozenset(), "frozenset()"),
}
_MADE: dict[Any, Way] = {
    pathlib.Path: (lambda number: pathlib.Path(f"leaklint{number}"), 'pathlib:Path(f"leaklint{number}")'),
    pathlib.PurePath: (lambda number: pathlib.PurePath(f"leaklint{number}"), 'pathlib:PurePath(f"leaklint{number}")'),
    os.PathLike: (lambda number: pathlib.Path(f"leaklint{number}"), 'pathlib:Path(f"leaklint{number}")'),
    datetime.datetime: (
        lambda number: datetime.datetime.fromordinal(737425 + number),
        "datetime:datetime.fromordinal(737425 + number)",
    ),
    datetime.date: (
        lambda number: datetime.date.fromordinal(737425 + number),
        "datetime:date.fromordinal(737425 + number)",
    ),
    datetime.timedelta: (datetime.timedelta, "datetime:timedelta(number)"),
    logging.Logger: (lambda number: logging.getLogger("leaklint"), 'logging:getLogger("leaklint")'),
    re.Pattern: (lambda number: re.compile(f"leaklint{number}"), 're:compile(f"leaklint{number}")'),
    io.StringIO: (lambda number: io.StringIO(), "io:StringIO()"),
    io.BytesIO: (lambda number: io.BytesIO(), "io:BytesIO()"),
    typing.TextIO: (lambda number: io.StringIO(), "io:StringIO()"),
    typing.BinaryIO: (lambda number: io.BytesIO(), "io:BytesIO()"),
    typing.IO: (lambda number: io.StringIO(), "io:StringIO()"),
    collections.abc.Callable: (lambda number: nothing, NOTHING),
}
_ABSTRACT: tuple[tuple[Any, Any], ...] = (
    (collections.abc.MutableMapping, dict),
    (collections.abc.Mapping, dict),
    (collections.abc.Set, frozenset),
    (collections.abc.Sequence, list),
    (collections.abc.Iterator, list),
    (collections.abc.Iterable, list),
    (collections.abc.Hashable, str),
    (collections.abc.Sized, list),
)
_NAMES: tuple[tuple[str, Any], ...] = (
    (
        r"(^|_)(callback|callable|func|function|fn|handler|hook|factory|target|cb|predicate|listener|receiver|subscriber|observer)$",
        "callable",
    ),
    (r"(^|_)(uri|url|endpoint|base_url|address)$", "http://localhost/"),
    (r"(^|_)(host|hostname|server)$", "localhost"),
    (r"(^|_)port$", "port"),
    (
        (
            r"(^|_)(name|title|label|key|id|text|message|msg|prefix|suffix|user|username|password|token|tag|path|file|filename|"
            r"filepath|dir|directory|folder|string|s|description|query|mode|method|kind|format|encoding|version|domain)$"
        ),
        str,
    ),
    (
        (
            r"(^|_)(size|count|n|num|number|length|len|width|height|depth|limit|max|min|index|i|j|k|x|y|z|seed|level|line|"
            r"lineno|column|offset|capacity|maxsize|max_size|start|end|stop|step|order|degree|dim|rows|cols|year|bits)$"
        ),
        int,
    ),
    (r"(^|_)(timeout|delay|interval|seconds|ratio|rate|scale|alpha|beta|sigma|mu|weight|threshold|ttl|radius)$", float),
    (r"^(is|has|use|allow|enable|no|should|with)_|(^|_)(flag|verbose|debug|strict|enabled)$", bool),
    (
        r"(^|_)(args|items|values|list|names|keys|children|elements|fields|columns|nodes|entries|tokens|parts|lines)$",
        list,
    ),
    (r"(^|_)(kwargs|mapping|dict|params|attrs|attributes|headers|env|environ|opts|metadata|meta|kw|extra)$", dict),
    (r"(^|_)(data|content|buf|buffer|raw|payload)$", bytes),
    (r"(^|_)(logger|log)$", logging.Logger),
    (r"(^|_)(cls|klass|type|class_?)$|[a-z]Class$", "class"),
    (r"(^|_)(stream|fp|fileobj|file_obj|fh|output|out)$", io.StringIO),
)


_FILLED: dict[Any, Way] = {
    list: (lambda number: [f"leaklint{number}"], '[f"leaklint{number}"]'),
    dict: (lambda number: {f"leaklint{number}": number}, '{f"leaklint{number}": number}'),
}


def by_annotation(hint: Any, number: int, build: Build, depth: int, full: bool = False) -> BuiltValue | None:
    """Return a value of the annotated type, or None if the annotation says nothing that can be made.

    With ``full``, containers have an element and what may be None is something.
    """
    if isinstance(hint, OneOf):
        return hint.options[number % len(hint.options)]
    if isinstance(hint, Fitting):
        return _fitting(hint, number, build, depth) if depth < DEPTH else None
    if isinstance(hint, (typing.ForwardRef, str)):
        return None
    origin = typing.get_origin(hint) if hasattr(typing, "get_origin") else None
    if hint is Any or hint is object or hint is None:
        return literal(None) if hint is None else stub()
    if origin is not None:
        return _by_generic(hint, origin, number, build, depth, full)
    if isinstance(hint, typing.TypeVar):
        bound = hint.__bound__ or (hint.__constraints__ or (None,))[0]
        return by_annotation(bound, number, build, depth, full) if bound else stub()
    if isinstance(getattr(hint, "__supertype__", None), type):
        return by_annotation(hint.__supertype__, number, build, depth)
    return by_type(hint, number, build, depth) if isinstance(hint, type) else None


def _fitting(hint: Fitting, number: int, build: Build, depth: int) -> BuiltValue | None:
    """Return an object of the first of some classes that can be made, another one for each number as far as it takes values."""
    for kind in hint.kinds:
        with suppress(Exception):
            return build(Fitting((kind,)), number, depth + 1)._replace(sure=False, origin="a class that fits")
    return None


def turned(hint: Any) -> Any:
    """Return a hint of several types with the last of them first; any other hint as it is."""
    arguments = [option for option in getattr(hint, "__args__", ()) if option is not type(None)]
    is_union = getattr(hint, "__origin__", None) is typing.Union or type(hint).__name__ == "UnionType"
    return typing.Union[tuple(arguments[::-1])] if is_union and len(arguments) > 1 else hint


def _by_generic(hint: Any, origin: Any, number: int, build: Build, depth: int, full: bool) -> BuiltValue | None:
    arguments = typing.get_args(hint)
    if origin is typing.Union or type(hint).__name__ == "UnionType":
        if type(None) in arguments and not full:
            return literal(None)
        options = [option for option in arguments if option is not type(None)]
        found = (by_annotation(option, number, build, depth, full) for option in options)
        return next((made for made in found if made is not None), None)
    if str(origin).endswith("Literal"):
        return literal(arguments[number % len(arguments)])
    if full:
        filled = _filled(origin, arguments, number, build, depth)
        if filled is not None:
            return filled
    if origin is type:
        chosen = arguments[0] if arguments and isinstance(arguments[0], type) else object
        return BuiltValue(chosen, f"{chosen.__module__}:{chosen.__qualname__}", True)
    if str(origin).endswith(("Annotated", "ClassVar", "Final")):
        return by_annotation(arguments[0], number, build, depth, full)
    return by_type(origin, number, build, depth) if isinstance(origin, type) else None


def _filled(origin: Any, arguments: tuple[Any, ...], number: int, build: Build, depth: int) -> BuiltValue | None:
    """Return a container of the annotated kind with one element, or None where that cannot be made."""
    concrete = next((kind for abstract, kind in _ABSTRACT if origin is abstract), origin)
    if concrete not in (list, tuple, set, frozenset, dict) or not arguments:
        return None
    if concrete is dict and isinstance(arguments[0], type) and issubclass(arguments[0], enum.Enum) and depth < DEPTH:
        return _of_members(arguments, number, build, depth)
    parts = arguments if concrete in (dict, tuple) and arguments[-1] is not Ellipsis else arguments[:1]
    made = [by_annotation(part, number, build, depth + 1, full=True) for part in parts]
    if depth >= DEPTH or any(item is None for item in made):
        return None
    values, sources = [item.value for item in made if item], ", ".join([item.source for item in made if item])
    if concrete is dict:
        return BuiltValue({values[0]: values[1]}, f"dict([({sources})])", True) if len(values) == 2 else None
    text = f"[{sources}]" if concrete is list else f"{concrete.__name__}([{sources}])"
    return BuiltValue(concrete(values), text, True)


def _of_members(arguments: tuple[Any, ...], number: int, build: Build, depth: int) -> BuiltValue | None:
    """Return a dictionary with a value for each member of an enumeration, or None where none can be made."""
    kind = arguments[0]
    pairs = [(member, by_annotation(arguments[1], number, build, depth + 1, full=True)) for member in kind]
    home = f"{kind.__module__}:{kind.__qualname__}"
    texts = [f"({home}.{member.name}, {made.source})" for member, made in pairs if made]
    if not pairs or len(texts) < len(pairs):
        return None
    return BuiltValue({member: made.value for member, made in pairs if made}, f"dict([{', '.join(texts)}])", True)


def by_type(kind: Any, number: int, build: Build, depth: int) -> BuiltValue | None:
    """Return an instance of the type; other classes are built, to a depth of ``DEPTH``. None where that fails."""
    if kind in _SCALARS:
        return _way(_SCALARS[kind], number)
    if kind in _MADE:
        return _way(_MADE[kind], number)
    if issubclass(kind, enum.Enum):
        members: list[Any] = list(kind)
        if not members:
            return None
        member = members[number % len(members)]
        return BuiltValue(member, f"{kind.__module__}:{kind.__qualname__}.{member.name}", True)
    if issubclass(kind, dict) and hasattr(kind, "__required_keys__"):
        return _typed_dictionary(kind, number, build, depth)
    if kind is type:
        return BuiltValue(type("StandIn", (StandIn,), {}), NEW_CLASS, True)
    if issubclass(kind, type):
        return BuiltValue(object, "object", True)
    for abstract, concrete in _ABSTRACT:
        if kind is abstract:
            return _way(_SCALARS[concrete], number)
    if depth >= DEPTH:
        return None
    try:
        return build(kind, number, depth + 1)
    except Exception:
        return None


def _typed_dictionary(kind: Any, number: int, build: Build, depth: int) -> BuiltValue | None:
    """Return a dictionary with the keys that a typed one requires, or None where a value for one of them is not known."""
    try:
        hints = {name: hint for name, hint in typing.get_type_hints(kind).items() if name in kind.__required_keys__}
    except Exception:
        return None
    made = (
        {name: by_annotation(hint, number, build, depth + 1) for name, hint in hints.items()} if depth < DEPTH else {}
    )
    if len(made) < len(kind.__required_keys__) or None in made.values():
        return None
    pairs = [(name, item) for name, item in made.items() if item is not None]
    text = ", ".join([f"({quoted(name)}, {item.source})" for name, item in pairs])
    return BuiltValue(
        {name: item.value for name, item in pairs}, f"dict([{text}])", all(item.sure for _, item in pairs)
    )


def _way(way: Way, number: int) -> BuiltValue:
    make, source = way
    return BuiltValue(make(number), source, True)


def by_name(name: str, number: int, full: bool = False) -> BuiltValue | None:
    """Return what parameters of this name usually take, or None. With ``full``, lists and dictionaries have an element."""
    for pattern, chosen in _NAMES:
        if re.search(pattern, name):
            if chosen == "callable":
                return BuiltValue(nothing, NOTHING, False, "name")
            if chosen == "port":  # another one for each, for one that listens there may live on
                return BuiltValue(FIRST_PORT + number, f"{FIRST_PORT} + number", False, "name")
            if chosen == "class":
                return BuiltValue(type("StandIn", (Stub,), {}), NEW_STUB, False)
            if full and chosen in _FILLED:
                return _way(_FILLED[chosen], number)._replace(sure=False)
            if isinstance(chosen, type):
                made = by_type(chosen, number, _never, DEPTH)
                return made._replace(sure=False) if made else None
            return literal(chosen, sure=False)
    return None


def _never(kind: type, number: int, depth: int) -> BuiltValue:
    raise TypeError(kind)
