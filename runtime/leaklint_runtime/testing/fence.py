"""A fence between what was there before and what a test has made.

``gc.freeze()`` moves all objects out of the collector's sight. What it still lists afterwards is younger than the fence:
no constructor has to be watched, and a collection costs what the test made, not what the process holds. While the fence
stands, garbage of before is not collected, so it is taken down and put up again whenever a quarter has come on top.
"""

from __future__ import annotations

from typing import Any

from ..early import collect, freeze, get_freeze_count, get_objects, unfreeze

SHARE = 4
LEAST = 50_000
# there is one collector for all fences: taking one down takes down the others
_taken_down = [0]


class Fence:
    """``up`` tells whether it stands."""

    def __init__(self) -> None:
        self.up = False
        self._behind = 0
        self._since = 0
        self._mark = 0

    def put_up(self, collected: bool = False) -> None:
        """Collect all garbage, unless that was just done, then leave everything that is alive behind the fence."""
        self.take_down()
        if not collected:
            collect()
        freeze()
        self._mark = _taken_down[0]
        self.up, self._since, self._behind = True, 0, get_freeze_count()

    def move(self, count: int = 0) -> None:
        """Leave behind what has been made since; ``count`` is the number of objects, if that is known.

        Garbage among them has to be collected before.
        """
        self._since += count
        if not self.up or self._since > max(LEAST, self._behind // SHARE):
            self.put_up()
        else:
            freeze()

    def take_down(self) -> None:
        """Let the collector see everything again."""
        if self.up:
            unfreeze()
            _taken_down[0] += 1
        self.up = False

    def young(self, collected: bool = True) -> list[Any]:
        """Return what was made since the fence was put up or moved; nothing if someone tore it down.

        Garbage is collected before, unless ``collected`` is false.
        """
        if not self.up or self._mark != _taken_down[0]:
            self.up = False
            return []
        if collected:
            collect()
        found = get_objects()
        if len(found) > LEAST and not get_freeze_count():
            self.up = False
            del found[:]
        return found
