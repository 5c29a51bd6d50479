"""A heap of a million live containers, a quarter each of dicts, lists, tuples and instances, and an idle ``work()``."""

import gc

QUARTER = 250_000


class Instance:
    """An object with two attributes."""

    def __init__(self, number, entry):
        self.number = number
        self.entry = entry


def built(quarter=QUARTER):
    """Return the lists of objects, each of which the collector tracks."""
    lists = [[number] for number in range(quarter)]
    dicts = [{"number": number, "entry": entry} for number, entry in enumerate(lists)]
    tuples = [(number, entry) for number, entry in enumerate(dicts)]
    instances = [Instance(number, entry) for number, entry in enumerate(lists)]
    gc.collect()
    return [lists, dicts, tuples, instances]


objects = built()


def work():
    """Do nothing."""
