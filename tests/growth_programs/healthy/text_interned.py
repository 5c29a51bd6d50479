"""Interns the tags of documents, which are let go with the documents."""

# kind: sys.intern of varying text
# not-python: 3.12

from __future__ import annotations

import itertools
import sys

_numbers = itertools.count()


def work() -> None:
    number = next(_numbers)
    tags = [sys.intern(f"tag {number} {part}") for part in range(10)]
    assert sys.intern(f"tag {number} 3") is tags[3]
