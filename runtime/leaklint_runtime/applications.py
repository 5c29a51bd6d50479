"""The application object without which a toolkit ends the process: Qt makes no widget before there is one."""

from __future__ import annotations

import sys
from typing import Any

from .early import ModuleType, contents, is_a

_WIDGETS = ("PyQt6.QtWidgets", "PySide6.QtWidgets", "PyQt5.QtWidgets", "PySide2.QtWidgets")
_made: list[Any] = []


def start() -> None:
    """Make the one application object of each toolkit that the program has loaded and that has none yet.

    It needs no screen (see ``sandbox``). What users make by a factory of their own is left to them.
    """
    for name in _WIDGETS:
        module = sys.modules.get(name)
        kind: Any = contents(module).get("QApplication") if is_a(module, ModuleType) else None
        if kind is not None and kind.instance() is None:
            _made.append(kind(["leaklint"]))
