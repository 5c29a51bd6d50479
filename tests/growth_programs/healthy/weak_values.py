"""Shares accounts while somebody uses them."""

# kind: WeakValueDictionary

from __future__ import annotations

import itertools
import random
import weakref


class Account:
    def __init__(self, number: int) -> None:
        self.number = number
        self.bookings: list[int] = []


ACCOUNTS: weakref.WeakValueDictionary[int, Account] = weakref.WeakValueDictionary()
_random = random.Random(5)
_numbers = itertools.count()


def account(number: int) -> Account:
    shared = ACCOUNTS.get(number)
    if shared is None:
        shared = ACCOUNTS[number] = Account(number)
    return shared


def work() -> None:
    mine = [account(next(_numbers)), account(_random.randrange(1000))]
    mine[0].bookings.append(5)
    assert account(mine[0].number).bookings == [5]
