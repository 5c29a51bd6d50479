"""What the tests showed about one holder so far."""

from __future__ import annotations

import threading
from typing import Any, Dict, Tuple

from ..discovery.candidates import CONTAINER, Candidate, entries
from ..discovery.measures import MEMO, length_of
from ..discovery.model import StoringLine
from ..early import getrefcount, is_a, ref
from ..growth import count_trend
from .instances import by_identity, equal_by_value, names

#: by identity, by value, again and again: how sure it is that one more run of the same test leaves one more
IDENTITY, VALUE, AGAIN = "identity", "value", "again"
REFERENCES, POINTS, SORTED = 6, 4000, 40
#: tests, and entries of theirs, that have to leave objects where an entry could serve another test that needs the same
LEAST_BY_VALUE, ENTRIES_BY_VALUE = 5, 16
Left = Tuple[str, int, Dict[str, int], str]


class Suspect:
    """A container that keeps instances which a test had made.

    ``left`` are test, number, classes, and sort of evidence; ``rose`` tells whether it was ever seen to become longer.
    """

    def __init__(self, container: Any) -> None:
        self.container = container
        self.last = length_of(container)
        self.points: list[tuple[float, float]] = []
        self.left: list[Left] = []
        self.files: set[str] = set()
        self.references: list[Any] = []
        self.sort = VALUE
        self.traced = 0
        self.rose = False
        self.stores: tuple[StoringLine, ...] = ()

    @property
    def grew(self) -> bool:
        """Tell whether it is longer than at the last look."""
        return length_of(self.container) > self.last

    def begin(self) -> None:
        """From here on growth is the next test's."""
        self.last = length_of(self.container)

    def note(self, test: str, number: int, kept: list[Any], again: bool = False) -> None:
        """Note what a test, the ``number``-th of the run, left in it."""
        self.rose = self.rose or again or self.grew
        self.last = length_of(self.container)
        if len(self.points) < POINTS:
            self.points.append((float(number), float(self.last)))
        if len(self.left) < SORTED:
            self.sort = AGAIN if again else sort_of(self.container, kept)
        self.left.append((test, len(kept), names(kept), self.sort))
        self.files.add(test.partition("::")[0])
        self.references += [item for item in map(reference, kept[:REFERENCES]) if item is not None]

    def recurs(self) -> bool:
        """Tell whether enough tests filled it to look for the line that stores."""
        return len(self.left) >= (2 if self.sort != VALUE else LEAST_BY_VALUE)

    def alive(self) -> tuple[int, int]:
        """Return how many of the objects that could be followed are still alive, and how many could be followed."""
        return sum(item() is not None for item in self.references), len(self.references)

    def lonely(self) -> bool:
        """Tell whether nothing but this suspect holds the container any more."""
        return getrefcount(self.container) <= _ALONE


def sort_of(container: Any, kept: list[Any]) -> str:
    """Say whether another run of the same test could have met with the entries that this one made."""
    if container is threading._active:  # type: ignore[attr-defined]
        return IDENTITY  # the number of a thread that runs is nobody else's
    if not is_a(container, (dict, MEMO)):
        return VALUE if is_a(container, set) and equal_by_value(kept) else IDENTITY
    keys, _ = entries(Candidate(CONTAINER, container, ((0.0, 0.0),), count_trend(())))
    return IDENTITY if by_identity(keys, kept) else VALUE


def _alone() -> int:
    """Return the reference count of an object that only one attribute of another holds."""

    class Owner:
        def __init__(self) -> None:
            self.container: Any = []

        def count(self) -> int:
            return getrefcount(self.container)

    return Owner().count()


_ALONE = _alone()


def reference(obj: Any) -> Any:
    """Return a weak reference, or None for what takes none."""
    try:
        return ref(obj)
    except TypeError:
        return None


class Crowd:
    """Instances of one class that tests left where no container was seen to grow."""

    def __init__(self) -> None:
        self._left: list[tuple[str, Any]] = []

    def note(self, test: str, members: list[Any]) -> None:
        """Note what a test left."""
        if len(self._left) < POINTS:
            pairs = [(test, reference(obj)) for obj in members[:REFERENCES]]
            self._left += [pair for pair in pairs if pair[1] is not None]

    def alive(self, most: int) -> list[tuple[str, Any]]:
        """Return tests with what they left and is still alive, at most so many, spread evenly over the run."""
        found = [(test, obj) for test, obj in [(test, item()) for test, item in self._left] if obj is not None]
        step = max(1, -(-len(found) // most))
        return found[::step]
