"""A pool of connections as large as the largest load so far."""

# kind: pool with a high-water mark
# rounds: 80

from __future__ import annotations

import random

_random = random.Random(2)
IDLE = []


class Connection:
    pass


def work() -> None:
    load = _random.randint(1, 9)
    taken = [IDLE.pop() if IDLE else Connection() for _ in range(load)]
    IDLE.extend(taken)
