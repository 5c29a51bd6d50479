"""Makes a named tuple for the columns of each query's result."""

# holder: _ROW_TYPES
# kind: dict of named tuple classes
# what: type

from __future__ import annotations

import itertools
from collections import namedtuple

_ROW_TYPES: dict[tuple[str, ...], type] = {}  # holder here
_queries = itertools.count()


def row_type(columns: tuple[str, ...]) -> type:
    try:
        return _ROW_TYPES[columns]
    except KeyError:
        _ROW_TYPES[columns] = namedtuple("Row", columns)  # stores
        return _ROW_TYPES[columns]


def work() -> None:
    kind = row_type(("id", f"sum_{next(_queries)}"))
    assert kind(1, 2.5).id == 1
