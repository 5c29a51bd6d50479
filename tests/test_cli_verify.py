"""``leaklint verify``: verdicts, exit statuses, and the options that lead there."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import pytest

from leaklint.cli import main
from leaklint.model import Verdict, from_json

LEAK = '''
class Processor:
    """Keeps itself."""

    instance_map = {}

    def __init__(self, config):
        if config.ready != "yes":
            raise ValueError("not ready")
        self.config = config
        Processor.instance_map[id(self)] = self
'''
FACTORY = """
import leaklint_runtime
from app import Processor


class Config:
    ready = "yes"


def make():
    return Processor(Config())


@leaklint_runtime.scenario("app:Processor.instance_map")
def scenario():
    return Processor(Config())
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(name="verify")
def _verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    (tmp_path / "app.py").write_text(LEAK)
    (tmp_path / "factories.py").write_text(FACTORY)
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        status = main(["verify", "--color", "never", *words])
        out, err = capsys.readouterr()
        return status, out, err

    return run


def verdict(out: str) -> Verdict:
    (found,) = json.loads(out)["findings"]
    return from_json(Verdict, found["verdict"])


def test_what_cannot_be_reached_is_no_pass(verify: Run) -> None:
    status, out, _ = verify("app.py")
    assert status == 0
    assert (
        "LK101 UNREACHED app:Processor.instance_map: making Processor failed (ValueError: not ready); give a factory"
        in out
    )
    assert "1 finding tried: 1 unreached" in out
    assert verify("app.py", "--strict")[0] == 1


def test_what_would_get_further_is_told(verify: Run, tmp_path: Path) -> None:
    assert "hint: --factory file.py:function names a function of yours" in verify("app.py")[2]
    assert "hint" not in verify("app.py", "--quiet")[2]
    (tmp_path / "app.py").write_text(f"import a_module_that_is_not_here\n{LEAK}")
    assert "hint: this interpreter lacks what the project needs; name the project's own with --python" in verify()[2]


@pytest.mark.parametrize(
    "words",
    [
        ("--factory", "factories:make"),
        ("--factory", "factories.py:make"),
        ("--factory", "app:Processor.instance_map=factories:make"),
        ("--factory", "app:Processor=factories:make"),
        ("--scenario", "factories.py"),
    ],
    ids=" ".join,
)
def test_a_factory_leads_there(verify: Run, words: tuple[str, ...]) -> None:
    status, out, _ = verify("app.py", "--output-format", "json", *words)
    assert status == 1
    found = verdict(out)
    assert found.status == "confirmed"
    assert found.survivors == found.created
    assert found.made_by.startswith("user factory")
    assert found.path[0] == "module app"
    assert found.cause.startswith("emptying Processor.instance_map frees")


@pytest.mark.parametrize(
    "table",
    [
        'factory = "factories:make"',
        'factory = "factories.py:make"',
        'factories = { "app:Processor" = "factories:make" }',
        'scenarios = ["factories.py"]',
    ],
)
def test_the_configuration_names_factories(verify: Run, tmp_path: Path, table: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.leaklint.verify]\n{table}\nrounds = 3\n")
    status, out, _ = verify("app.py", "--output-format", "json")
    assert status == 1
    assert verdict(out).rounds == 3


def test_explain_prints_the_chain_and_the_cause(verify: Run) -> None:
    _, out, _ = verify("app.py", "--factory", "factories:make", "--explain")
    lines = [line.strip() for line in out.splitlines()]
    assert "┬ root: module app" in lines
    assert "│    ↓ .instance_map" in lines
    assert "╰→ Processor" in lines
    assert any(line.startswith("cause: emptying Processor.instance_map frees") for line in lines)
    assert any(line.startswith("made by: user factory make") for line in lines)


def test_after_the_repair_nothing_is_confirmed(verify: Run, tmp_path: Path) -> None:
    (tmp_path / "saved.json").write_text(_checked(tmp_path))
    (tmp_path / "app.py").write_text(LEAK.replace("{}", "__import__('weakref').WeakValueDictionary()"))
    words = ("--findings", "saved.json", "--factory", "factories:make")
    status, out, _ = verify(*words)
    assert status == 0
    assert "REFUTED" in out


def _checked(folder: Path) -> str:
    target = folder / "checked.json"
    assert main(["check", str(folder / "app.py"), "--output-format", "json", "--output-file", str(target)]) == 1
    return target.read_text()


def test_a_test_is_emitted_for_a_finding(verify: Run, tmp_path: Path) -> None:
    for name in ("LK101", "app:Processor.instance_map"):
        status, out, _ = verify("app.py", "--factory", "factories:make", "--emit-test", name)
        assert status == 0
        compile(out, "emitted", "exec")
        assert "made = factories.make()" in out
    status, out, err = verify("app.py", "--factory", "factories:make", "--emit-test", "LK999")
    assert (status, out) == (2, "")
    assert "no finding" in err
    status, _, err = verify("app.py", "--emit-test", "LK101")
    assert status == 2
    assert "not ready" in err


def test_chains_are_drawn(verify: Run, tmp_path: Path) -> None:
    words = ("app.py", "--factory", "factories:make", "--quiet")
    assert verify(*words, "--graph", "chains.svg")[0] == 1
    assert "instance_map" in "".join(ElementTree.parse(tmp_path / "chains.svg").getroot().itertext())
    verify(*words, "--graph", "chains.dot")
    assert (tmp_path / "chains.dot").read_text().startswith("digraph")


def test_the_report_goes_to_a_file(verify: Run, tmp_path: Path) -> None:
    _, out, _ = verify("app.py", "--output-format", "json", "--output-file", "report.json")
    assert out == ""
    assert verdict((tmp_path / "report.json").read_text()).status == "unreached"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--rounds", "0"), "above 0"),
        (("--timeout", "no"), "above 0"),
        (("--timeout", "inf"), "above 0"),
        (("--memory-limit", "-1"), "megabytes"),
        (("--jobs", "x"), "above 0"),
        (("--factory", "make"), "module:callable"),
        (("--factory", "=factories:make"), "module:callable"),
        (("--scenario", "missing.py"), "no such file"),
        (("--graph", "chains.png"), ".svg or .dot"),
        (("--python", "no-such-python"), "cannot start no-such-python"),
        (("--pyton", "python3"), "--python"),
        (("--package", "no_such_package"), "has no such package"),
    ],
)
def test_a_wrong_option_is_one_line_and_status_2(verify: Run, words: tuple[str, str], told: str) -> None:
    status, out, err = verify("app.py", *words)
    assert (status, out) == (2, "")
    assert told in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("factories:missing", "has no attribute 'missing'"),
        ("no_such_module:make", "No module named 'no_such_module'"),
        ("factories:FACTORY.x", "factory"),
        ("app:Processor.instance_map", "is not callable"),
    ],
)
def test_a_factory_that_cannot_be_used_is_told_in_the_verdict(verify: Run, spec: str, told: str) -> None:
    status, out, _ = verify("app.py", "--factory", spec, "--output-format", "json", "--strict")
    assert status == 1
    assert verdict(out).status == "unreached"
    assert told in verdict(out).reason


def test_a_missing_path_is_status_2(verify: Run) -> None:
    status, _, err = verify("missing.py")
    assert status == 2
    assert "missing.py" in err


def test_the_others_are_proven_though_one_file_is_broken(verify: Run, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def\n")
    status, out, err = verify(".", "--factory", "factories:make")
    assert status == 1
    assert "CONFIRMED" in out
    assert "broken.py" in err


def test_an_interpreter_that_is_no_python_is_told(verify: Run, tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho 'not a python' >&2\nexit 3\n")
    os.chmod(fake, 0o755)
    status, _, err = verify("app.py", "--python", str(fake))
    assert status == 2
    assert "not a python" in err
