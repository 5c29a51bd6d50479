"""Closes connections that refer to themselves when they are collected."""

# kind: garbage cycles with __del__

from __future__ import annotations

OPEN = [0]


class Peer:
    def __init__(self) -> None:
        self.partner: Peer | None = None
        OPEN[0] += 1

    def __del__(self) -> None:
        OPEN[0] -= 1


def work() -> None:
    here, there = Peer(), Peer()
    here.partner, there.partner = there, here
    assert OPEN[0] >= 2
