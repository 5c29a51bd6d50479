"""What discovery tells of a holder, as plain data that crosses the process boundary as JSON."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple

from ..growth import FILLING, Trend
from ..wire import known_fields, to_json

__all__ = [
    "ASSUMED",
    "FILLING",
    "SHOWN",
    "CodeLine",
    "Freed",
    "GrowingHolder",
    "KeptType",
    "StoringLine",
    "from_json",
    "to_json",
]
SHOWN, ASSUMED = "shown", "assumed"


class CodeLine(NamedTuple):
    """A line that was executed, in the function of this qualified name."""

    path: str
    line: int
    function: str


class StoringLine(NamedTuple):
    """A line outside of the standard library at which the holder grew, ``times`` times in the rounds that were traced.

    ``how`` is ``stored``, or ``allocated`` where no store could be seen and it is the line that made what is kept.
    ``callers`` are the lines that were being executed above it, innermost first, up to the first one in the user's own code.
    """

    path: str
    line: int
    function: str
    times: int
    callers: tuple[CodeLine, ...] = ()
    how: str = "stored"


class KeptType(NamedTuple):
    """``number`` objects of one type that the holder keeps, with ``size`` bytes (shallow), which is ``share`` of all."""

    type: str
    number: int
    size: int
    share: float


class Freed(NamedTuple):
    """Emptying the holder in a forked copy freed ``objects`` and ``size`` bytes; ``of`` objects were reached through it."""

    objects: int
    size: int
    of: int


class GrowingHolder(NamedTuple):
    """A holder of process lifetime whose entries rose.

    ``symbol`` is ``module:path``; ``container`` the attribute path inside ``module`` that leads to it, empty where no
    expression does; ``container_kind`` is ``dict``, ``list``, ``set``, ``deque``, ``memo``, ``atexit``, ``finalize``,
    ``fork``, ``thread``, ``signal``, ``logger``, ``closure``, ``default``, ``chain``, ``value``, ``hidden`` or ``other``;
    ``scope`` is ``module``, ``class``, ``object``, ``function``, ``closure``, ``default``, ``frame`` (of a
    suspended generator or coroutine), ``thread`` or ``interpreter``;
    ``owner`` the class or function that the container belongs to, as ``module:Qualified.Name``. ``path`` and ``line`` are
    its definition (empty and 0 where that is not known). ``kind`` is ``linear``, ``bounded``, ``constant`` or ``filling``;
    ``entries`` the trend of its length, ``bytes_per_unit`` what emptying it frees, for each unit of x; ``bound`` the
    number of entries that it declares as its largest. ``role`` tells how an entry keeps what it keeps (``key``,
    ``value``, ``element``, ``reference``), ``keys`` the most frequent type of the keys of a mapping. ``retained`` are the bytes
    of all young objects reached through it. ``retention`` alternates nodes and edges from the root to something kept.
    ``certainty`` is ``shown`` or ``assumed``; ``reason`` says why.
    """

    symbol: str
    module: str
    container: str
    container_kind: str
    scope: str
    owner: str
    path: str
    line: int
    kind: str
    entries: Trend
    bytes_per_unit: float | None = None
    bound: int | None = None
    keeps: tuple[KeptType, ...] = ()
    role: str = ""
    keys: str = ""
    retained: int = 0
    retention: tuple[str, ...] = ()
    stores: tuple[StoringLine, ...] = ()
    freed: Freed | None = None
    certainty: str = ASSUMED
    reason: str = ""
    pid: int = 0


def from_json(value: Mapping[str, Any]) -> GrowingHolder:
    """Build a holder from its JSON form; unknown keys are ignored. Raises ``KeyError`` or ``TypeError`` if it is none."""
    given = known_fields(GrowingHolder, value)
    given["entries"] = Trend(**known_fields(Trend, value["entries"]))
    given["keeps"] = tuple(KeptType(**known_fields(KeptType, item)) for item in value.get("keeps", ()))
    given["retention"] = tuple(value.get("retention", ()))
    given["stores"] = tuple(_store(item) for item in value.get("stores", ()))
    given["freed"] = Freed(**known_fields(Freed, value["freed"])) if value.get("freed") else None
    return GrowingHolder(**given)


def _store(value: Mapping[str, Any]) -> StoringLine:
    callers = tuple(CodeLine(**known_fields(CodeLine, caller)) for caller in value.get("callers", ()))
    return StoringLine(**{**known_fields(StoringLine, value), "callers": callers})
