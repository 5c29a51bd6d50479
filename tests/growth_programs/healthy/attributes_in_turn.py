"""Sets the options of an object, of which there are nine, in turn."""

# kind: instance __dict__ with few names

from __future__ import annotations

import itertools


class Setting:
    pass


SETTING = Setting()
_numbers = itertools.count()


def work() -> None:
    number = next(_numbers)
    setattr(SETTING, f"option_{number % 9}", [number])
