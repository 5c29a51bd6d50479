"""What is found about a holder: the stores into it, what they keep, what releases it, and how sure that is."""

from __future__ import annotations

from typing import NamedTuple

from leaklint.heap.certainty import Certainty, Level
from leaklint.heap.domains import Domain
from leaklint.heap.effects import Effect
from leaklint.heap.heap_place import HeapPlace
from leaklint.heap.release import Release
from leaklint.heap.retained_objects import Retained


class Store(NamedTuple):
    """What one store keeps: the effect, the object, on which side, how many keys there are, and how sure that is."""

    effect: Effect
    retained: Retained
    side: str
    domain: Domain
    certainty: Certainty


class Retention(NamedTuple):
    """A holder and what it keeps. ``stores`` start with the most telling one; ``reasons`` say what lowers the level."""

    location: HeapPlace
    kind: str
    stores: tuple[Store, ...]
    release: Release
    level: Level
    reasons: tuple[str, ...]

    @property
    def first(self) -> Store:
        """Return the store that a finding is told by."""
        return self.stores[0]
