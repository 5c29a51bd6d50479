"""Sets options on an object by name, as options come in."""

# holder: OPTIONS
# kind: instance __dict__
# what: tuple

from __future__ import annotations

import itertools


class OptionSet:
    def __init__(self) -> None:
        self.verbose = False


OPTIONS = OptionSet()  # holder here
_numbers = itertools.count()


def set_option(name: str, value: object) -> None:
    setattr(OPTIONS, name, (value, "command line"))  # stores


def work() -> None:
    set_option("verbose", True)
    set_option(f"plugin_{next(_numbers)}", 1.5)
