"""Toolkits that need an application object before anything else can be made."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import pytest
from probes import finding

from leaklint.proof import VerifyOptions, verify
from leaklint_runtime import applications

TOOLKIT = """
class QApplication:
    made = None

    def __init__(self, words):
        QApplication.made = self

    @classmethod
    def instance(cls):
        return cls.made
"""
PROGRAM = """
import os

import PyQt5.QtWidgets as widgets

_made = []


class Window:
    def __init__(self):
        if widgets.QApplication.instance() is None:
            os.abort()
        _made.append(self)
"""


def test_an_application_is_made_for_a_toolkit_that_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("PyQt5.QtWidgets")
    exec(TOOLKIT, vars(module))
    monkeypatch.setitem(sys.modules, "PyQt5.QtWidgets", module)
    monkeypatch.setattr(applications, "_made", [])
    applications.start()
    first = module.QApplication.instance()
    applications.start()
    assert first is not None
    assert module.QApplication.instance() is first


def test_a_window_is_made_and_watched(tmp_path: Path) -> None:
    (tmp_path / "PyQt5").mkdir()
    (tmp_path / "PyQt5" / "__init__.py").write_text("")
    (tmp_path / "PyQt5" / "QtWidgets.py").write_text(TOOLKIT)
    (tmp_path / "program.py").write_text(PROGRAM)
    (proven,) = verify([finding(tmp_path, "program", "_made", "list", subject="Window")], VerifyOptions())
    assert proven.verdict is not None
    assert proven.verdict.status == "confirmed"
