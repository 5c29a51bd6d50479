"""Makes random sources that seed themselves anew in a child process."""

# holder: fork
# kind: os.register_at_fork
# what: RandomSource|method

from __future__ import annotations

import os
import random


class RandomSource:
    def __init__(self) -> None:
        self.random = random.Random(1)
        os.register_at_fork(after_in_child=self.reseed)  # stores

    def reseed(self) -> None:
        self.random.seed()


def work() -> None:
    assert 0 <= RandomSource().random.random() < 1
