"""What doing an act once or twice shows before the rounds: did the flagged statement run, is every object another one?"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

from . import observe, reached
from .holder import Holder
from .returning import returns

Make = Callable[[int], Any]


class Tried(NamedTuple):
    """``ran`` tells whether a flagged line ran (None: not known), ``fresh`` whether the second act was another one.

    ``entered`` tells whether the holder had more entries after one of the acts than before it, ``missed`` that it had not,
    where nothing else tells whether the act leads to it.
    """

    ran: bool | None
    fresh: bool
    entered: bool = False
    missed: bool = False

    @property
    def rank(self) -> int:
        """Return how much it shows; 3 is all."""
        return 2 * (self.ran is not False and not self.missed) + self.fresh


class Trial(NamedTuple):
    """The lines that the finding is about, its holder, and how many entries that had before anything was tried.

    ``counts`` tells that only the holder's growth is looked at.
    """

    lines: reached.Lines
    holder: Holder | None
    empty: int = 0
    counts: bool = False

    def tried(self, make: Make) -> Tried:
        """Do the act twice. What the first act raises is passed on."""
        kept: list[Any] = []
        before = observe.size_of(self.holder)
        ran: bool | None = None
        if self.lines:
            ran = reached.runs(lambda: kept.append(returns(make, 0)), self.lines)
        else:
            kept.append(returns(make, 0))
        between = observe.size_of(self.holder)
        try:
            kept.append(returns(make, 1))
        except Exception:
            kept.clear()
            return Tried(ran, False, between > before)
        same = kept[0] is not None and kept[0] is kept[1]
        grows = observe.size_of(self.holder) > between
        least = before if self.counts else self.empty  # of what only grows, the same key again is no other object
        stays = self.holder is not None and between > least and not grows
        fresh = grows or (not same and not stays)  # what takes the place of the first was given the same key
        kept.clear()
        entered = grows or between > before
        countable = self.holder is not None and self.holder.kind == "memo"  # whose cache tells of every call
        return Tried(ran, fresh, entered, ran is None and countable and not entered)


UNKNOWN: Trial = Trial({}, None)
