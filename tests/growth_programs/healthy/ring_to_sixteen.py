"""A ring that doubles up to sixteen places."""

# kind: ring that is large enough one day
# rounds: 60

from __future__ import annotations

import itertools

_calls = itertools.count()
PLACES = [None] * 2


class Event:
    pass


def work() -> None:
    number = next(_calls)
    if number == len(PLACES) < 16:
        PLACES.extend([None] * len(PLACES))
    PLACES[number % len(PLACES)] = Event()
