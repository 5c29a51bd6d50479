"""Reads status codes, of which a peer may send some that nobody listed."""

# holder: _value2member_map_|Status
# kind: enum members made by _missing_
# what: Status

from __future__ import annotations

import enum
import itertools


class Status(enum.Enum):
    OK = 0
    FAILED = 1

    @classmethod
    def _missing_(cls, value: object) -> Status:
        member = object.__new__(cls)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        cls._value2member_map_[value] = member  # stores
        return member


_codes = itertools.count(100)


def work() -> None:
    code = next(_codes)
    assert Status(code) is Status(code)
