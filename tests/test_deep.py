"""Deeply nested code is read, or is one clear problem; it never ends a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from leaklint.config import Settings
from leaklint.engine import check

LEAK = """\
class Part:
    every = []

    def __init__(self, size):
        if size > {test}:
            Part.every.append(self)
"""


@pytest.mark.parametrize("terms", [10, 2_000, 30_000])
def test_long_sums_hide_no_finding_of_another_file(terms: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deep.py").write_text(LEAK.format(test=" + ".join(["1"] * terms)))
    (tmp_path / "plain.py").write_text(LEAK.format(test="1"))
    report = check(["."], Settings(root=str(tmp_path)))
    told = {finding.path for finding in report.findings} | {problem.path for problem in report.problems}
    assert told == {"deep.py", "plain.py"}
    assert "plain.py" in {finding.path for finding in report.findings}
    assert all("nested too deeply" in problem.message for problem in report.problems)


def test_an_attribute_that_a_method_makes_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mod.py").write_text(
        "class A:\n    every = []\n\n    def load(self):\n        return self.x\n\n"
        "    def keep(self):\n        self.x = (self.load(), [self.load()])\n        A.every.append(self.x)\n"
    )
    report = check(["mod.py"], Settings(confidence="low"))
    assert [finding.code for finding in report.findings] == ["LK102"]


def test_a_long_chain_of_attributes_is_no_obstacle_to_a_repair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    chain = "key" + ".part" * 500
    (tmp_path / "mod.py").write_text(
        f"NODES = {{}}\n\n\nclass Node:\n    def __init__(self, key):\n        NODES[{chain}] = self\n\n\n"
        f"def get(key):\n    nodes = {chain}\n    nodes = NODES\n    return nodes.get(key)\n"
    )
    (finding,) = check(["mod.py"], Settings(confidence="low")).findings
    assert finding.fix.safety == "unsafe" and finding.fix.edits
