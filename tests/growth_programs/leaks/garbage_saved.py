"""Garbage is saved for a look at it, as somebody set it up once."""

# holder: garbage$
# kind: gc.garbage
# alone: yes

from __future__ import annotations

import gc

gc.set_debug(gc.DEBUG_SAVEALL)


class Node:
    def __init__(self):
        self.me = self


def work() -> None:
    Node()  # stores
