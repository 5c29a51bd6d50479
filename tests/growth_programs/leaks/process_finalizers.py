"""Makes shared areas that are released when the process ends."""

# holder: _finalizer_registry|multiprocessing|Finalize
# kind: multiprocessing.util.Finalize
# what: Finalize|Area

from __future__ import annotations

import multiprocessing.util


class Area:
    def __init__(self, size: int) -> None:
        self.view = bytearray(size)
        multiprocessing.util.Finalize(None, self.release, exitpriority=10)  # stores

    def release(self) -> None:
        self.view.clear()


def work() -> None:
    Area(128).view[0] = 1
