"""Searches a log for each of some words."""

# kind: cache of the re module, few patterns

from __future__ import annotations

import itertools
import re

_words = itertools.cycle(["error", "warning", "notice", "failed", "timeout"])


def work() -> None:
    re.findall(rf"^.*\b{next(_words)}\b.*$", "an error\na warning\n" * 20, re.MULTILINE)
