"""Teaches pickle how to write the classes of a schema."""

# holder: dispatch_table
# kind: copyreg.dispatch_table
# what: type

from __future__ import annotations

import copyreg
import itertools

_numbers = itertools.count()


def reduce_record(record: object) -> tuple[type, tuple[object, ...]]:
    return dict, (sorted(vars(record).items()),)


def record_class(name: str) -> type:
    created = type(name, (), {})
    copyreg.pickle(created, reduce_record)  # stores
    return created


def work() -> None:
    record = record_class(f"Record{next(_numbers)}")()
    record.field = 1
    assert reduce_record(record)[0] is dict
