"""Publishes feature flags as attributes of a class."""

# holder: Flags
# kind: class __dict__
# what: Flag

from __future__ import annotations

import itertools


class Flag:
    def __init__(self, default: bool) -> None:
        self.default = default


class Flags:  # holder here
    dark_mode = Flag(False)

    @classmethod
    def enable(cls, name: str) -> bool:
        if name not in cls.__dict__:
            setattr(cls, name, Flag(True))  # stores
        return getattr(cls, name).default


_trials = itertools.count()


def work() -> None:
    assert Flags.enable(f"trial_{next(_trials)}")
    assert not Flags.enable("dark_mode")
