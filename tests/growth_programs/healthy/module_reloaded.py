"""Reads the tables of a module anew."""

# kind: importlib.reload

from __future__ import annotations

import colorsys
import importlib


def work() -> None:
    assert importlib.reload(colorsys).ONE_SIXTH
