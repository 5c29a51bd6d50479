"""Four programs that occupy some 100 MB each, every one for another reason. Each is one function of no arguments.

They are what the ledger is measured with, alone and as tasks of a Dask cluster.
"""

import gc

#: What the other programs need to keep alive, so that the memory is in the state they are about.
PINS = []


class Session:
    """A live leak: the class keeps every session that was ever made."""

    sessions = {}

    def __init__(self, number):
        self.number = number
        self.payload = [number] * 40
        Session.sessions[number] = self


class Node:
    """One half of a reference cycle, with some text."""

    def __init__(self, number):
        self.text = f"node {number} " * 20
        self.other = None


def live():
    """Make sessions that a class keeps."""
    start = len(Session.sessions)
    for number in range(start, start + 200_000):
        Session(number)


def cycles():
    """Leave cycles that had grown old before they became garbage: only a full collection finds them."""
    enabled = gc.isenabled()
    gc.disable()
    nodes = [Node(number) for number in range(200_000)]
    for left, right in zip(nodes[::2], nodes[1::2], strict=False):
        left.other, right.other = right, left
    gc.collect()
    del nodes, left, right
    if enabled:
        gc.enable()


def hoard():
    """Free all of many medium allocations but the last, which keeps the C library from giving the rest back."""
    buffers = [bytearray(b"x") * 60_000 for _ in range(1_700)]
    PINS.append(buffers.pop())


def fragmented():
    """Free all but every fiftieth of many small objects: hardly an arena is without one that lives."""
    texts = [b"%d " % number * 8 for number in range(1_200_000)]
    PINS.append([texts[place] for place in range(0, len(texts), 50)])


PROGRAMS = {"live": live, "cycles": cycles, "hoard": hoard, "fragmented": fragmented}
#: What the ledger has to name for each.
NAMED = {"live": "programs:Session.sessions", "cycles": "gc-lag", "hoard": "hoard", "fragmented": "fragmented"}
