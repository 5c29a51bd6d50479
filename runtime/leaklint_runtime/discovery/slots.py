"""Values that are replaced by longer ones, and buffers that grow in place: what lengths of containers do not show.

``X = [*X, item]`` makes a new list each time, ``X += "text"`` a new text. So at a few moments the size of each value is noted
that a module, a class or an object with a name has as an attribute.
"""

from __future__ import annotations

import array
import contextvars
import io
import sys
from types import CellType, FunctionType
from typing import Any, Iterator, NamedTuple, Tuple

from .. import roots
from ..early import ModuleType, contents, is_a
from ..holder import ABSENT, lookup
from .candidates import value_size

VALUES = (str, bytes, bytearray, tuple, frozenset, list, dict, set, array.array, io.BytesIO, io.StringIO)
IN_PLACE = (bytearray, array.array, io.BytesIO, io.StringIO)
LEAST = 3  # moments at which a value was longer than before
_OWN = __name__.partition(".")[0]
Key = Tuple[int, str]


class Slot(NamedTuple):
    """The attribute of ``owner`` whose value was larger each time; ``points`` are (x, size)."""

    owner: Any
    attribute: str
    points: tuple[tuple[float, float], ...]


class Slots:
    """Take it at several moments, then ask for those that grew."""

    def __init__(self) -> None:
        self.moments: list[tuple[float, dict[Key, tuple[int, int]]]] = []

    def take(self, x: float) -> None:
        """Note the sizes of all values that have a name."""
        sizes: dict[Key, tuple[int, int]] = {}
        for owner, attribute, value in _named_values():
            sizes[id(owner), attribute] = (0 if is_a(value, IN_PLACE) else id(value), value_size(value))
        if len(self.moments) > 1:  # only what grew so far can still grow at each moment
            first, before = self.moments[0][1], self.moments[-1][1]
            sizes = {key: row for key, row in sizes.items() if key in first and row[1] >= before.get(key, (0, 0))[1]}
        self.moments.append((x, sizes))

    def grown(self) -> list[Slot]:
        """Return the slots whose value was replaced by a larger one, or grew in place, at most of the moments."""
        if len(self.moments) <= LEAST:
            return []
        found = []
        for owner, attribute, _ in _named_values():
            rows = [sizes.get((id(owner), attribute)) for _, sizes in self.moments]
            known = [row for row in rows if row is not None]
            if len(known) < len(rows):
                continue
            steps = [
                now[1] > before[1] and (now[0] != before[0] or not now[0]) for before, now in zip(known, known[1:])
            ]
            if all(steps):
                points = tuple((x, float(row[1])) for (x, _), row in zip(self.moments, known))
                found.append(Slot(owner, attribute, points))
        return found


def _named_values() -> Iterator[tuple[Any, str, Any]]:
    """Yield (owner, attribute, value) for modules, classes, and the objects that these have as attributes."""
    seen = set()
    owners: list[Any] = [module for module in list(sys.modules.values()) if is_a(module, ModuleType)]
    owners = [module for module in owners if str(contents(module).get("__name__")).partition(".")[0] != _OWN]
    owners += list(roots.classes())
    for depth in range(3):
        following: list[Any] = []
        for owner in owners:
            if id(owner) in seen:
                continue
            seen.add(id(owner))
            for name, value in _attributes(owner):
                if type(value) in VALUES:
                    yield owner, name, value
                elif depth < 2 and not is_a(value, (ModuleType, type)):
                    following.append(value)
        owners = following
    for variable, value in contextvars.copy_context().items():
        if type(value) in VALUES:
            yield variable, variable.name, value


def _attributes(owner: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of an owner by name; of a function the cells of its closure, of a cell what it contains."""
    if is_a(owner, FunctionType):
        yield from [("__closure__", cell) for cell in owner.__closure__ or ()]
    elif is_a(owner, CellType):
        value = lookup(owner, "cell_contents")
        if value is not ABSENT:
            yield "cell_contents", value
        return
    try:
        found = contents(owner)
    except (AttributeError, TypeError):
        return
    if is_a(owner, type) or is_a(found, dict):
        yield from [(name, value) for name, value in list(found.items()) if type(name) is str]
