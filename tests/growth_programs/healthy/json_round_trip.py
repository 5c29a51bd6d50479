"""Writes a record as JSON and reads it back."""

# kind: json

from __future__ import annotations

import itertools
import json

_numbers = itertools.count()


def work() -> None:
    record = {"number": next(_numbers), "tags": ["a", "b"], "price": 1.5}
    assert json.loads(json.dumps(record, sort_keys=True)) == record
