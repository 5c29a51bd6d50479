"""Facts that a project declares in its settings: each turns one finding on or off, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from leaklint.config import Settings
from leaklint.engine import check

HOLDS = """\
class Table(dict):
    pass


class Wide(Table):
    pass


class Part:
    parts = {maker}()

    def __init__(self):
        Part.parts[id(self)] = self


class Other:
    parts = {{}}

    def __init__(self):
        Other.parts[id(self)] = self
"""
REGISTERS = """\
from {module} import subscribe


class Part:
    def __init__(self, name):
        self.name = name
        subscribe(self.on_event)

    def on_event(self, event):
        return self.name, event
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(**facts: tuple[str, ...]) -> list[str]:
    """Check the folder with some facts declared and return code and symbol of each finding."""
    settings = Settings(**facts)  # type: ignore[arg-type]
    return [f"{finding.code} {finding.symbol}" for finding in check(["."], settings).findings]


@pytest.mark.parametrize("fact", ["bounded_classes", "weak_containers"])
@pytest.mark.parametrize("maker", ["Table", "Wide"])
def test_containers_that_give_back(fact: str, maker: str) -> None:
    Path("part.py").write_text(HOLDS.format(maker=maker))
    both = ["LK101 part:Part.parts", "LK101 part:Other.parts"]
    assert found() == both
    assert found(**{fact: ("part.Table",)}) == both[1:]
    assert found(**{fact: ("elsewhere.Table",)}) == both


def test_singletons() -> None:
    Path("part.py").write_text(HOLDS.format(maker="dict"))
    assert found(singletons=("part.Part",)) == ["LK101 part:Other.parts"]
    assert found(singletons=("part.Part", "part.Other")) == []


@pytest.mark.parametrize("module", ["events", "elsewhere.events"])
def test_registrars(module: str) -> None:
    Path("events.py").write_text("def subscribe(callback):\n    return callback\n")
    Path("part.py").write_text(REGISTERS.format(module=module))
    assert found() == []
    assert found(registrars=(f"{module}.subscribe",)) == ["LK401 part:Part.__init__"]
    assert found(registrars=("elsewhere.other",)) == []
