"""Did the act run one of the statements that the finding is about?"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, Callable, Dict, Sequence, Set

Lines = Dict[str, Set[int]]


def lines_of(stores: Sequence[str]) -> Lines:
    """Turn ``path:line`` texts into the lines of each file."""
    found: Lines = {}
    for place in stores:
        path, _, line = place.rpartition(":")
        if line.isdigit():
            found.setdefault(os.path.realpath(path), set()).add(int(line))
    return found


def runs(act: Callable[[], Any], lines: Lines) -> bool:
    """Do the act once and tell whether one of the lines was executed, by this thread or one that it starts.

    What the act raises is passed on.
    """
    hit: list[bool] = []
    paths: dict[str, set[int]] = {}

    def wanted(filename: str) -> set[int]:
        if filename not in paths:
            paths[filename] = lines.get(os.path.realpath(filename), set())
        return paths[filename]

    def enter(frame: Any, event: str, _: Any) -> Any:
        return line if wanted(frame.f_code.co_filename) else None

    def line(frame: Any, event: str, _: Any) -> Any:
        if event == "line" and frame.f_lineno in wanted(frame.f_code.co_filename):
            hit.append(True)
        return line

    before = sys.gettrace()
    sys.settrace(enter)
    threading.settrace(enter)
    try:
        act()
    finally:
        sys.settrace(before)
        threading.settrace(before)
    return bool(hit)
