"""Selects files by the patterns of a configuration."""

# kind: cache of fnmatch

from __future__ import annotations

import fnmatch
import itertools

_patterns = itertools.cycle(["*.py", "test_*", "[a-c]*.txt", "data/*.csv"])


def work() -> None:
    fnmatch.filter(["a.py", "test_a.py", "b.txt"], next(_patterns))
