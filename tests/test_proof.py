"""Findings go in, findings with verdicts come out, whatever the code under test does."""

from __future__ import annotations

from pathlib import Path

import pytest
from probes import finding, interpreters

from leaklint import proof

LEAK = """
class Processor:
    instance_map = {}

    def __init__(self, path: str = "app"):
        self.path = path
        Processor.instance_map[id(self)] = self
"""
REPAIRED = LEAK.replace("{}", "__import__('weakref').WeakValueDictionary()")


@pytest.mark.parametrize("python", list(interpreters()), ids=lambda path: Path(path).resolve().name)
def test_a_leak_is_confirmed_and_its_repair_refuted(tmp_path: Path, python: str) -> None:
    (tmp_path / "leak.py").write_text(LEAK)
    (tmp_path / "repaired.py").write_text(REPAIRED)
    findings = [finding(tmp_path, name, "Processor.instance_map", subject="Processor") for name in ("leak", "repaired")]
    leak, repaired = proof.verify(findings, proof.VerifyOptions(python=python))
    assert leak.verdict is not None
    assert repaired.verdict is not None
    assert leak.verdict.status == "confirmed"
    assert leak.verdict.survivors == leak.verdict.created >= 8
    assert leak.verdict.container_growth == 1.0
    assert leak.verdict.path[:5] == ("module leak", ".Processor", "class Processor", ".instance_map", "dict")
    assert leak.verdict.path[-1] == "Processor"
    assert leak.verdict.path[leak.verdict.suspect] == ".instance_map"
    assert leak.verdict.refcount.after > leak.verdict.refcount.control
    assert repaired.verdict.status == "refuted"
    assert repaired.verdict.survivors == 0
    assert repaired.verdict.refcount.after is None


def test_a_finding_without_a_probe_is_unreached(tmp_path: Path) -> None:
    from dataclasses import replace

    (tmp_path / "leak.py").write_text(LEAK)
    with_probe = finding(tmp_path, "leak", "Processor.instance_map", subject="Processor")
    first, second = proof.verify([replace(with_probe, probe=None), with_probe], proof.VerifyOptions())
    assert first.verdict == proof.unproven()
    assert second.verdict.status == "confirmed"


def test_an_interpreter_that_cannot_run_is_told() -> None:
    item = finding(Path("."), "leak", "Processor.instance_map", subject="Processor")
    with pytest.raises(proof.InterpreterError, match="no-such-python"):
        proof.verify([item], proof.VerifyOptions(python="/no-such-python"))
