"""Reads settings of which requests may override some."""

# holder: SETTINGS
# kind: ChainMap
# what: str

from __future__ import annotations

import uuid
from collections import ChainMap

DEFAULTS = {"theme": "light", "language": "en"}
SETTINGS = ChainMap({}, DEFAULTS)  # holder here


def choose(visitor: str, theme: str) -> str:
    SETTINGS[f"{visitor}.theme"] = theme  # stores
    return SETTINGS.get(f"{visitor}.theme", SETTINGS["theme"])


def work() -> None:
    assert choose(uuid.uuid4().hex, "dark") == "dark"
