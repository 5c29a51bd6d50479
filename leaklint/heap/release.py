"""How well the entries of a holder are released."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from leaklint.heap.effects import Effect


class Quality(IntEnum):
    """How well a removal releases: not at all, doubtfully, or well."""

    NONE = 0
    DOUBTFUL = 1
    GOOD = 2


class Release(NamedTuple):
    """The best removal of a holder's entries, and why it is what it is."""

    quality: Quality
    why: str
    effect: Effect | None = None
    bounded: bool = False
    finalizer: bool = False
    doubt: str = ""  # what has to be assumed for it not to release
