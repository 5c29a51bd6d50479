"""Writes objects as JSON by a converter that json calls."""

# holder: NAMES
# kind: dict, stored by a callback of the standard library
# what: JsonShape|str

from __future__ import annotations

import itertools
import json


class JsonShape:
    def __init__(self, sides: int) -> None:
        self.sides = sides


NAMES = {}  # holder here
_numbers = itertools.count(1)


def convert(value: object) -> object:
    assert isinstance(value, JsonShape)
    NAMES[next(_numbers)] = value  # stores
    return {"sides": value.sides}


def work() -> None:
    assert json.dumps([JsonShape(3)], default=convert) == '[{"sides": 3}]'
