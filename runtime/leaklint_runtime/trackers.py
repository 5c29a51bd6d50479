"""Who of the objects made is still alive, told without holding them where that can be avoided.

Three ways, surest first: a weak reference; for classes without weak references a count of objects of exactly that type
among those the collector tracks; for values the collector does not track (which cannot be part of a cycle) a strong
reference and the count of references beyond it.
"""

from __future__ import annotations

from typing import Any, Union

from .early import get_objects, getrefcount, is_a, is_tracked, ref

IMMORTAL = 1 << 28


class ByReference:
    """Weak references to the objects; equal objects are told apart, the same object twice counts once."""

    how = "weak reference"

    def __init__(self) -> None:
        self._refs: dict[int, Any] = {}

    def add(self, obj: Any) -> None:
        """Watch one more object. The same live object has the same weak reference, so identities stay apart."""
        made = ref(obj)
        self._refs[id(made)] = made

    @property
    def created(self) -> int:
        """Return the number of distinct objects seen."""
        return len(self._refs)

    def alive(self) -> int:
        """Return how many are alive now."""
        return sum([made() is not None for made in self._refs.values()])

    def survivors(self, limit: int) -> list[Any]:
        """Return up to ``limit`` living objects, oldest first; the caller holds them from then on."""
        found: list[Any] = []
        for made in self._refs.values():
            obj = made()
            if obj is not None:
                found.append(obj)
                if len(found) == limit:
                    break
        return found


class ByCount:
    """Objects of exactly one type, counted among everything that the collector tracks."""

    how = "count of exact type"

    def __init__(self, kind: type) -> None:
        self._kind = kind
        # Held, so that no newcomer can take the identity of an old one.
        self._old = {id(obj): obj for obj in get_objects() if type(obj) is kind}
        self.created = 0
        self.again = 0

    def add(self, obj: Any) -> None:
        """Count one more made object; one that was there before is no new one."""
        if id(obj) in self._old:
            self.again += 1
        else:
            self.created += 1

    def alive(self) -> int:
        """Return how many there are beside those from before."""
        return min(self.created, len(self.survivors(self.created)))

    def survivors(self, limit: int) -> list[Any]:
        """Return up to ``limit`` living objects of the type."""
        kind, old = self._kind, self._old
        return [obj for obj in get_objects() if type(obj) is kind and id(obj) not in old][:limit]


class ByResidue:
    """Values the collector does not track: held here, and alive if anybody else holds them too."""

    how = "references beyond our own"

    def __init__(self) -> None:
        self._things: dict[int, Any] = {}

    def add(self, obj: Any) -> None:
        """Hold one more value."""
        self._things[id(obj)] = obj

    @property
    def created(self) -> int:
        """Return the number of distinct values seen."""
        return len(self._things)

    def alive(self) -> int:
        """Return how many have a reference beyond the one here."""
        return len(self._held())

    def _held(self) -> list[int]:
        control = _ours({0: object()}, 0)
        return [place for place in self._things if control < _ours(self._things, place) < IMMORTAL]

    def survivors(self, limit: int) -> list[Any]:
        """Return up to ``limit`` values that somebody else holds."""
        return [self._things[place] for place in self._held()[:limit]]


def _ours(objects: dict[int, Any], place: int) -> int:
    return getrefcount(objects[place])


Tracker = Union[ByReference, ByCount, ByResidue]


def tracker_for(obj: Any) -> Tracker | None:
    """Return the surest tracker for objects like this one, or None for values that the interpreter shares or keeps."""
    try:
        ref(obj)
    except TypeError:
        pass
    else:
        return ByReference()
    if is_tracked(obj) and type(obj).__module__ != "builtins":
        return ByCount(type(obj))
    if obj is None or is_a(obj, (bool, int, type(Ellipsis))) or _ours({0: obj}, 0) >= IMMORTAL:
        return None
    return ByResidue()
