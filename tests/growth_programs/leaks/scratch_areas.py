"""Makes scratch areas that are cleaned up when nobody uses them any longer."""

# holder: finalize
# kind: weakref.finalize
# what: Scratch|_Info

from __future__ import annotations

import weakref


class Scratch:
    def __init__(self, size: int) -> None:
        self.area = bytearray(size)
        self.finalizer = weakref.finalize(self, self.wipe)  # stores

    def wipe(self) -> None:
        self.area.clear()


def work() -> None:
    Scratch(256).area[0] = 1
