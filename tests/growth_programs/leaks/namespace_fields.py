"""Sums amounts up in a namespace of totals."""

# holder: TOTALS
# kind: SimpleNamespace
# what: float

from __future__ import annotations

import itertools
from types import SimpleNamespace

TOTALS = SimpleNamespace()  # holder here
_accounts = itertools.count(1)


def add(account: str, amount: float) -> float:
    total = getattr(TOTALS, account, 0.0) + amount
    setattr(TOTALS, account, total)  # stores
    return total


def work() -> None:
    account = f"account_{next(_accounts)}"
    add(account, 10.5)
    add(account, 0.25)
