"""Sends a job to itself as bytes."""

# kind: pickle

from __future__ import annotations

import pickle
from fractions import Fraction


def work() -> None:
    job = {"share": Fraction(1, 3), "words": ["a"] * 10}
    assert pickle.loads(pickle.dumps(job)) == job
