"""Removals that are good as far as they go, and do not take every entry: other keys, other tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.heap.dropped import Dropped
from leaklint.heap.effects import Effect
from leaklint.heap.filing import Filing
from leaklint.heap.key_tests import KeyTests
from leaklint.heap.release import Quality, Release

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals


class Omissions:
    """Asks of a removal what it leaves."""

    def __init__(self, removals: Removals) -> None:
        """Take what is asked for everything else."""
        self.key_tests = KeyTests(removals)
        self.filing = Filing(removals)
        self.dropped = Dropped(removals)

    def of(self, release: Release, stores: list[Effect], every: list[Effect]) -> Release:
        """Return a release, or a doubtful one that says which entries its removal leaves.

        ``every`` are all the removals from the holder, of which several may together take out all of it.
        """
        removal = release.effect
        if removal is None or release.quality != Quality.GOOD or release.bounded:
            return release
        return (
            self.key_tests.left(removal, stores, every)
            or self.filing.left(removal, stores, every)
            or self.dropped.left(removal, stores, every)
            or release
        )
