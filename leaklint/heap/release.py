"""How well the entries of a holder are released."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from leaklint.heap.effects import Effect

ON_THAT_WAY = "remove it on that way, too"


class Quality(IntEnum):
    """How well a removal releases: not at all, doubtfully, or well."""

    NONE = 0
    DOUBTFUL = 1
    GOOD = 2


class Missed(NamedTuple):
    """A way on which the entry of a store stays although the program takes such entries out: why, and what to do.

    ``meant`` where the program shows for entries of any sort that they are meant to go, so that they are more than a few;
    ``shown`` where nothing was assumed.
    """

    store: Effect
    why: str
    advice: str = ON_THAT_WAY
    meant: bool = False
    shown: bool = False


class Release(NamedTuple):
    """The best removal of a holder's entries, and why it is what it is."""

    quality: Quality
    why: str
    effect: Effect | None = None
    bounded: bool = False
    finalizer: bool = False
    doubt: str = ""  # what has to be assumed for it not to release
    aimed: bool = False  # the program looks for what it has put in: by something else, or where that never runs
    missed: Missed | None = None  # the way on which it does not release
