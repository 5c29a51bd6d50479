"""Which safety a rule gives to the repair it asks for."""

from __future__ import annotations

from pathlib import Path

import pytest

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import Finding

REGISTRY = """\
class Part:
    every = {}

    def __init__(self):
        Part.every[id(self)] = self
"""
CACHE = """\
class Model:
    def __init__(self, size):
        self.size = size


_MODELS = {}


def load(size):
    model = _MODELS.get(size)
    if model is None:
        model = _MODELS[size] = Model(size)
    return model


class User:
    def __init__(self, size):
        self.model = load(size)
"""


def only(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Finding:
    monkeypatch.chdir(folder)
    (folder / "mod.py").write_text(text)
    (finding,) = check(["mod.py"], Settings(root=str(folder))).findings
    return finding


def test_a_registry_of_self_is_repaired_safely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fix = only(REGISTRY, tmp_path, monkeypatch).fix
    assert (fix.safety, fix.replacement) == ("safe", "weakref.WeakValueDictionary")


def test_a_cache_of_what_it_makes_is_never_repaired_safely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fix = only(CACHE, tmp_path, monkeypatch).fix
    assert fix.safety == "unsafe"
    assert fix.reason.startswith("assumes ")


@pytest.mark.parametrize(("key", "safety"), [("id(source)", "unsafe"), ("id(self)", "safe"), ("kind", "safe")])
def test_what_is_filed_under_another_object_may_be_meant_to_live_with_it(
    key: str, safety: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "from collections import defaultdict\n\n\nclass Stream:\n    registry = defaultdict(list)\n\n"
    text += f"    def __init__(self, source, kind):\n        self.registry[{key}].append(self)\n"
    fix = only(text, tmp_path, monkeypatch).fix
    assert fix.safety == safety, fix.reason
    assert ("only as long as the source" in fix.reason) == (key == "id(source)")


def test_a_local_that_is_got_out_of_the_container_is_no_other_container(tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text(
        "from collections import defaultdict\n\n\nclass Stream:\n    registry = defaultdict(list)\n\n"
        "    def __init__(self, source):\n        self.registry[id(source)].append(self)\n\n\n"
        "def linked(source):\n    streams = Stream.registry.get(id(source), [])\n"
        "    return {stream.name for stream in streams}\n"
    )
    [finding] = check([tmp_path], Settings()).findings
    assert (finding.fix.safety, finding.fix.replacement) == ("unsafe", "weakref.WeakSet"), finding.fix.reason
