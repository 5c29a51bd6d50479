"""Loads modules as requests first need them."""

# kind: modules imported lazily

from __future__ import annotations

import importlib
import itertools

FORMATS = ["csv", "quopri", "colorsys", "textwrap", "shlex", "fileinput", "stringprep", "netrc", "filecmp", "getopt"]
_turn = itertools.count()


def work() -> None:
    name = FORMATS[min(next(_turn), len(FORMATS) - 1)]
    assert importlib.import_module(name).__name__ == name
