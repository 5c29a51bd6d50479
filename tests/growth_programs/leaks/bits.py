"""Marks numbers as seen in one large integer."""

# holder: Seen.bits
# kind: integer that grows

from __future__ import annotations

import itertools

_calls = itertools.count()


class Seen:
    bits = 0  # holder here

    @classmethod
    def mark(cls, number):
        cls.bits |= 1 << number * 2000  # stores


def work() -> None:
    Seen.mark(next(_calls))
