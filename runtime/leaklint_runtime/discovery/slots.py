"""Values that are replaced by longer ones, and buffers that grow in place: what lengths of containers do not show.

``X = [*X, item]`` makes a new list each time, ``X += "text"`` a new text. So at a few moments the size of each value is noted
that a module, a class or an object with a name has as an attribute.
"""

from __future__ import annotations

import contextvars
import sys
from types import CellType, FunctionType, MemberDescriptorType
from typing import Any, Iterator, NamedTuple, Tuple

from .. import roots
from ..early import ModuleType, contents, is_a, is_tracked
from ..holder import ABSENT, lookup, mro_of
from .candidates import BUFFERS, SIZED, is_item, item_step, slot_value, value_size
from .measures import kind_of
from .storing import MANAGED_DICT

VALUES = frozenset(map(id, (*SIZED, *BUFFERS, int)))  # by identity: a metaclass may define what equal means
LEAST, DEPTH = (
    3,
    4,
)  # moments at which a value was longer than before; steps from a module or class to what has the value
MOST = 60_000  # objects whose attributes are looked at, the nearest ones
FEW = 32  # entries: in a container of so many each may be a variable of its own
LARGE = 64  # bytes, characters: shorter numbers, and texts as entries, are passed over until they have become longer
SECOND = 3  # the moment of the second full look: growth that is slow has happened by then
_OWN = __name__.partition(".")[0]
_ENTERED = (dict, list, tuple)
_flags: Any = type.__dict__["__flags__"].__get__
Path = Tuple[str, ...]
Row = Tuple[int, int]  # what tells whether the value was replaced, and its size


class Slot(NamedTuple):
    """The value at an attribute path from ``owner`` that was larger each time; ``points`` are (x, size)."""

    owner: Any
    path: Path
    points: tuple[tuple[float, float], ...]


class SlotHistory:
    """Take it at several moments, then ask for those that grew.

    All values with a name are looked at twice; from then on only those that had grown by the second time.
    """

    def __init__(self) -> None:
        self.moments = 0
        self._first: dict[tuple[int, Path], Row] = {}
        self._rows: dict[tuple[int, Path], tuple[Any, list[tuple[float, Row]]]] = {}
        self._start = 0.0

    def containers(self) -> list[Any]:
        """Return the containers that this object is made of."""
        return [vars(self), self._first, self._rows, *[rows for _, rows in self._rows.values()]]

    def take(self, x: float) -> None:
        """Note the sizes of the values."""
        self.moments += 1
        if self.moments == 1:
            self._start = x
            self._first = {(id(owner), path): row for owner, path, row in _named_values()}
        elif self.moments == SECOND:
            for owner, path, row in _named_values():
                before = self._first.get((id(owner), path))
                if before is None and _may_be_short(slot_value(owner, path), path):
                    before = _SHORT
                if before is not None and _is_larger(row, before):
                    self._rows[id(owner), path] = (owner, [(self._start, before), (x, row)])
            self._first = {}
        elif self.moments > SECOND:
            for (_, path), (owner, points) in self._rows.items():
                points.append((x, _row(slot_value(owner, path))))

    def grown(self) -> list[Slot]:
        """Return the slots whose value was replaced by a larger one, or grew in place, at each of the moments."""
        found = []
        for (_, path), (owner, rows) in self._rows.items():
            if len(rows) > LEAST and all(_is_larger(now[1], before[1]) for before, now in zip(rows, rows[1:])):
                found.append(Slot(owner, path, tuple((x, float(row[1])) for x, row in rows)))
        return found


_SHORT: Row = (0, 0)


def _may_be_short(value: Any, path: Path) -> bool:
    """Tell whether a value is passed over while it is short: a number, or a text among the entries of a container."""
    return type(value) is int or (type(value) in (str, bytes) and is_item(path[-1]))


def _row(value: Any) -> Row:
    seen_elsewhere = is_a(value, (list, dict, set)) and is_tracked(value)
    return (id(value) if seen_elsewhere else 0, value_size(value))


def _is_larger(now: Row, before: Row) -> bool:
    """Tell whether a value is larger, and is no container that grew in place, whose length the population notes."""
    return now[1] > before[1] and (now[0] != before[0] or not now[0])


def _named_values() -> Iterator[tuple[Any, Path, Row]]:
    """Yield (owner, path, row) for the values of modules, classes, closures, and the objects that these have as attributes.

    The entries of a container that has few of them are looked at as attributes are. Of an object that shows no attributes the
    plain values are counted that it refers to.
    """
    owners: list[Any] = [module for module in list(sys.modules.values()) if is_a(module, ModuleType)]
    owners = [module for module in owners if str(contents(module).get("__name__")).partition(".")[0] != _OWN]
    owners += list(roots.classes())
    seen: set[int] = set()
    pending: list[tuple[Any, Path, Any]] = [(owner, (), owner) for owner in owners]
    for owner, path, obj in pending:
        if len(seen) > MOST:
            break
        if id(obj) in seen:
            continue
        seen.add(id(obj))
        for name, value in _attributes(obj):
            if id(type(value)) in VALUES:
                row = _row(value)
                if row[1] >= LARGE or not _may_be_short(value, (name,)):
                    yield owner, (*path, name), row
                if type(value) in _ENTERED and 0 < row[1] <= FEW and len(path) < DEPTH and name != "__dict__":
                    pending.append((owner, (*path, name), value))
            elif not is_a(value, (ModuleType, type)) and len(path) < DEPTH:
                if is_a(value, FunctionType) and not value.__closure__:
                    continue
                pending.append((owner, (*path, name), value))
                if not _has_namespace(value) and kind_of(value) == "other":
                    yield owner, (*path, name), _row(value)
    for variable, value in contextvars.copy_context().items():
        if id(type(value)) in VALUES:
            yield variable, (variable.name,), _row(value)


def _has_namespace(obj: Any) -> bool:
    return is_a(obj, (FunctionType, CellType)) or _shows_attributes(obj)


def _shows_attributes(obj: Any) -> bool:
    """Tell whether an object is a module, a class, or an object of a class written in Python.

    Objects of C code may behave in another way once they have been asked for their dict, which makes one.
    """
    if is_a(obj, (ModuleType, type)):
        return True
    kind = type(obj)
    if sys.version_info >= (3, 11) and _flags(kind) & MANAGED_DICT:
        return True
    bases = (mro_of(kind) or ())[:-1]  # of a type that was never made ready there are none
    return any(is_a(item, FunctionType) for base in bases for item in (contents(base) or {}).values())


def _attributes(owner: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of an owner by name; of a function the cells of its closure, of a cell what it contains.

    Of a dict these are its values under texts, of a list or tuple its elements.
    """
    if is_a(owner, FunctionType):
        yield from ((name, cell) for name, cell in zip(owner.__code__.co_freevars, owner.__closure__ or ()))
        return
    if is_a(owner, CellType):
        value = lookup(owner, "cell_contents")
        if value is not ABSENT:
            yield "cell_contents", value
        return
    if type(owner) is dict:
        yield from [(item_step(name), value) for name, value in list(owner.items()) if type(name) is str]
        return
    if type(owner) in (list, tuple):
        yield from [(item_step(place), value) for place, value in enumerate(owner)]
        return
    if not _shows_attributes(owner):
        return
    if not is_a(owner, (ModuleType, type)):
        yield from _in_slots(owner)
    try:
        found = contents(owner)
    except (AttributeError, TypeError):
        return
    if is_a(found, dict) and not is_a(owner, ModuleType) and not is_tracked(found):
        yield "__dict__", found
    if is_a(owner, type) or is_a(found, dict):
        yield from [(name, value) for name, value in list(found.items()) if type(name) is str and not is_item(name)]


def _in_slots(owner: Any) -> Iterator[tuple[str, Any]]:
    """Yield what an object has in the slots that its classes name."""
    for base in mro_of(type(owner)) or ():
        for name in _slots_of(base):
            value = lookup(owner, name)
            if value is not ABSENT:
                yield name, value


def _slots_of(base: Any) -> list[str]:
    if "__slots__" not in contents(base):
        return []
    return [
        name
        for name, member in list(contents(base).items())
        if is_a(member, MemberDescriptorType) and type(name) is str
    ]
