"""Gives areas back when the objects that use them die."""

# kind: weakref.finalize without the object

from __future__ import annotations

import weakref

FREE: list[int] = list(range(100))


class Tenant:
    def __init__(self) -> None:
        self.place = FREE.pop()
        self.me = self
        weakref.finalize(self, FREE.append, self.place)


def work() -> None:
    assert Tenant().place >= 0
