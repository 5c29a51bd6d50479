"""Warns of each record that has no name, by the record's number."""

# holder: __warningregistry__
# alone: yes
# kind: __warningregistry__
# what: tuple

from __future__ import annotations

import itertools
import logging
import warnings

logging.captureWarnings(True)
logging.getLogger("py.warnings").addHandler(logging.NullHandler())
logging.getLogger("py.warnings").propagate = False
_numbers = itertools.count(1)


def check(record: dict[str, object]) -> None:
    if not record.get("name"):
        warnings.warn(f"record {record['number']} has no name", UserWarning, stacklevel=1)  # stores


def work() -> None:
    check({"number": next(_numbers)})
