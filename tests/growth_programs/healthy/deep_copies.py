"""Copies a template of settings and changes the copy."""

# kind: copy.deepcopy

from __future__ import annotations

import copy

TEMPLATE = {"sizes": [1, 2, 3], "colours": {"front": "red"}}


def work() -> None:
    settings = copy.deepcopy(TEMPLATE)
    settings["sizes"].append(4)
    assert TEMPLATE["sizes"] == [1, 2, 3]
