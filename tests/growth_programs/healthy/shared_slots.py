"""Stores what devices last reported, for sixteen devices that report at random."""

# rounds: 100
# kind: dict of fixed keys, values replaced

from __future__ import annotations

import random

LATEST: dict[str, dict[str, float]] = {}
_random = random.Random(6)


def work() -> None:
    device = f"device {_random.randrange(16)}"
    LATEST[device] = {"temperature": _random.random(), "humidity": _random.random()}
