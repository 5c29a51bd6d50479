"""``leaklint verify --findings``: the experiment that found a leak, asked again after a repair made by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from leaklint.cli import main

LEAKY = """\
class Processor:
    instance_map = {}

    def __init__(self, name="x"):
        self.name = name
        Processor.instance_map[id(self)] = self
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("leaky.py").write_text(LEAKY)


def statuses(capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    main(["verify", "--findings", "before.json", "--output-format", "json"])
    document = json.loads(capsys.readouterr().out)
    return [finding["verdict"]["status"] for finding in document["findings"]]


def test_confirmed_before_and_refuted_after(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--output-format", "json", "--output-file", "before.json", "leaky.py"]) == 1
    assert statuses(capsys) == ["confirmed"]
    assert main(["verify", "--findings", "before.json"]) == 1
    Path("leaky.py").write_text("import weakref\n\n\n" + LEAKY.replace("{}", "weakref.WeakValueDictionary()"))
    assert statuses(capsys) == ["refuted"]
    assert main(["verify", "--findings", "before.json"]) == 0


def test_what_is_no_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--findings", "none.json"]) == 2
    assert capsys.readouterr().err == "leaklint: none.json: cannot read the report: No such file or directory\n"
    Path("before.json").write_text("{}")
    assert main(["verify", "--findings", "before.json"]) == 2
    assert "not a report of 'leaklint check" in capsys.readouterr().err
    assert main(["verify", "--findings", "before.json", "leaky.py"]) == 2
    assert "name no PATH beside it" in capsys.readouterr().err
