"""A ring buffer that doubles when it is full."""

# holder: RING\.places
# kind: places of a list that are filled, and doubled
# alone: yes

from __future__ import annotations


class Event:
    def __init__(self, number):
        self.number = number


class Ring:
    def __init__(self):
        self.places, self.used = [None] * 16, 0  # holder here

    def put(self, event):
        if self.used == len(self.places):
            self.places.extend([None] * self.used)
        self.places[self.used] = event  # stores
        self.used += 1


RING = Ring()


def work() -> None:
    RING.put(Event(RING.used))  # stores
