"""Frozen dataclasses as JSON and back: what is kept on disk is read as plain data, so a file of the cache cannot run code.

How instances are written follows from the annotations of their class: every distinct one once, as a row of its fields,
and rows refer to earlier rows by number. What does not fit is an error, never a guess.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
_Writer = Callable[[Any, "_Writing"], Any]
_Maker = Callable[[Any, list[Any]], Any]
_Shape = tuple[_Writer | None, _Maker | None]


class UnreadableError(ValueError):
    """Data that no ``dump`` has written."""


class Codec(Generic[T]):
    """How instances of one class, and of the classes that its fields name, are written and read back."""

    def __init__(self, kind: type[T]) -> None:
        """Read the annotations of ``kind``. Raises ``TypeError`` for a field that has no form in JSON."""
        self.kind = kind
        self._classes: list[tuple[type, list[_Maker | None]]] = []
        self._known: dict[type, tuple[_Writer, _Maker]] = {}
        self._write, _ = self._record(kind)

    def dump(self, value: T) -> bytes:
        """Return ``value`` as JSON."""
        writing = _Writing()
        last = self._write(value, writing)
        return json.dumps([writing.rows, last], separators=(",", ":")).encode("ascii")

    def load(self, data: bytes) -> T:
        """Return what ``dump`` was given. Raises ``UnreadableError``."""
        try:
            rows, last = json.loads(data)
            made: list[Any] = []
            for number, *row in rows:
                kind, makers = self._classes[number]
                made.append(kind(*[make(item, made) if make else item for make, item in zip(makers, row, strict=True)]))
            value = made[last]
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
            raise UnreadableError(str(error)) from error
        if not isinstance(value, self.kind):
            raise UnreadableError(f"holds no {self.kind.__name__}")
        return value

    def _record(self, kind: type) -> tuple[_Writer, _Maker]:
        """Return how instances of a dataclass or named tuple become row numbers, and numbers instances."""
        if kind in self._known:
            return self._known[kind]
        number = len(self._classes)
        makers: list[_Maker | None] = []
        writers: list[tuple[str, _Writer | None]] = []
        self._classes.append((kind, makers))

        def write(value: Any, writing: _Writing) -> int:
            known = writing.same.get(id(value))
            if known is not None:
                return known
            row = [number]
            for name, writer in writers:
                item = getattr(value, name)
                row.append(item if writer is None else writer(item, writing))
            writing.alive.append(value)
            found = writing.same[id(value)] = writing.add(row)
            return found

        self._known[kind] = (write, _made)
        hints = get_type_hints(kind)
        for name in kind.__match_args__:  # type: ignore[attr-defined]  # dataclasses and named tuples have them
            writer, maker = self._shape(hints[name], kind)
            writers.append((name, writer))
            makers.append(maker)
        return self._known[kind]

    def _shape(self, hint: Any, kind: type) -> _Shape:
        """Return writer and maker for a field's type; None where JSON has the type itself."""
        origin, inside = get_origin(hint), get_args(hint)
        if isinstance(hint, type) and hasattr(hint, "__match_args__"):
            return self._record(hint)
        if hint in (str, int, bool, float, type(None)) or origin is Literal:
            return None, None
        if origin in (Union, types.UnionType):
            (other,) = (item for item in inside if item is not type(None))
            return _optional(*self._shape(other, kind))
        if origin in (tuple, frozenset):
            if origin is tuple and inside[-1] is not Ellipsis:
                return _fixed([self._shape(item, kind) for item in inside])
            return _many(origin, *self._shape(inside[0], kind))
        if origin is dict and inside[0] is str:
            return _table(*self._shape(inside[1], kind))
        raise TypeError(f"{kind.__name__} has a field of type {hint}, which cannot be written")


class _Writing:
    """The rows so far, each once, and where instances have gone; identities count only while their objects live."""

    def __init__(self) -> None:
        self.rows: list[list[Any]] = []
        self.same: dict[int, int] = {}
        self.alive: list[Any] = []
        self._known: dict[str, int] = {}

    def add(self, row: list[Any]) -> int:
        key = json.dumps(row)
        if key not in self._known:
            self._known[key] = len(self.rows)
            self.rows.append(row)
        return self._known[key]


def _made(number: Any, instances: list[Any]) -> Any:
    return instances[number]


def _optional(writer: _Writer | None, maker: _Maker | None) -> _Shape:
    if writer is None or maker is None:
        return None, None
    return (
        lambda value, writing: None if value is None else writer(value, writing),
        lambda value, made: None if value is None else maker(value, made),
    )


def _many(whole: type, writer: _Writer | None, maker: _Maker | None) -> tuple[_Writer, _Maker]:
    order: Callable[[Any], Any] = sorted if whole is frozenset else list
    if writer is None or maker is None:
        return (lambda value, writing: order(value)), (lambda value, made: whole(value))
    return (
        lambda value, writing: [writer(item, writing) for item in order(value)],
        lambda value, made: whole([maker(item, made) for item in value]),
    )


def _fixed(shapes: list[_Shape]) -> tuple[_Writer, _Maker]:
    def write(value: Any, writing: _Writing) -> Any:
        return [w(item, writing) if w else item for item, (w, _) in zip(value, shapes, strict=True)]

    def make(value: Any, instances: list[Any]) -> Any:
        return tuple([m(item, instances) if m else item for item, (_, m) in zip(value, shapes, strict=True)])

    return write, make


def _table(writer: _Writer | None, maker: _Maker | None) -> tuple[_Writer, _Maker]:
    if writer is None or maker is None:
        return (lambda value, writing: list(value.items())), (lambda value, made: dict(value))
    return (
        lambda value, writing: [[key, writer(item, writing)] for key, item in value.items()],
        lambda value, made: {key: maker(item, made) for key, item in value},
    )
