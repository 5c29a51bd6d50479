"""How sure it is that something leaks: a level that is lowered step by step, with the reasons."""

from __future__ import annotations

from typing import Literal, NamedTuple

Level = Literal["low", "medium", "high"]
LEVELS: tuple[Level, ...] = ("low", "medium", "high")


class Certainty(NamedTuple):
    """How sure it is: 2 sure, 1 likely, 0 unlikely, below that not at all. ``reasons`` say what is assumed or in doubt."""

    level: int
    reasons: tuple[str, ...] = ()

    def lowered(self, to: int, reason: str = "") -> Certainty:
        """Return the same, no higher than a level, with a reason if there is one."""
        return Certainty(min(self.level, to), self.reasons).because(reason)

    def because(self, reason: str) -> Certainty:
        """Return the same with a reason more, if there is one."""
        return self._replace(reasons=(*self.reasons, reason)) if reason else self

    @property
    def word(self) -> Level:
        """Return the level as reports have it."""
        return LEVELS[max(0, min(2, self.level))]
