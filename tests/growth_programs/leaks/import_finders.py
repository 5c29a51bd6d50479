"""Runs scripts, each of which may import modules from a table of texts."""

# holder: sys\.meta_path
# kind: sys.meta_path
# what: TextFinder

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Sequence
from types import ModuleType


class TextFinder(importlib.abc.MetaPathFinder):
    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.machinery.ModuleSpec(name, None) if name in self.texts else None


def run(script: str, modules: dict[str, str]) -> None:
    sys.meta_path.append(TextFinder(modules))  # stores
    exec(compile(script, "<script>", "exec"), {})


def work() -> None:
    run("total = sum([1, 2, 3])", {"helpers_of_script": "answer = 42"})
