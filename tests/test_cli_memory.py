"""``leaklint memory`` on real processes: a function, a command with children, a process that listens, one that does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leaklint.cli import main

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="clones and smaps are Linux's")

APP = """\
class Processor:
    instance_map = {}

    def __init__(self):
        self.data = [None] * 20_000
        Processor.instance_map[id(self)] = self


def load():
    for _ in range(50):
        Processor()


def fail():
    raise ValueError("no such thing")


if __name__ == "__main__":
    globals()["load"]()  # whoever calls it: here it is about memory, not about who can be seen to call
"""
SYMBOL = "app:Processor.instance_map"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert main(["memory", *words, "--output-format", "json"]) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    assert all(sum(part["size"] for part in item["parts"]) == pytest.approx(item["total"], rel=0.02) for item in found)
    return found


def held(item: dict[str, Any]) -> list[tuple[str, int]]:
    return [(one["symbol"], one["entries"]) for one in item["held"]]


def sizes(item: dict[str, Any]) -> dict[str, int]:
    return {part["name"]: part["size"] for part in item["parts"]}


@linux
def test_a_function(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = told(capsys, "app:load", "--rounds", "3")
    assert held(found) == [(SYMBOL, 150)]
    assert sizes(found)["managed"] == pytest.approx(found["held"][0]["size"], rel=0.05)
    assert sizes(found)["managed"] > 150 * 20_000 * 8


@linux
def test_a_command_and_what_it_forks(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "parent.py").write_text(
        "import importlib, multiprocessing\n"
        "app = importlib.import_module('app')\n"
        "app.load()\n"
        "child = multiprocessing.get_context('fork').Process(target=app.load)\n"
        "child.start()\n"
        "child.join()\n"
    )
    command = ["--", sys.executable, "-W", "ignore", "parent.py"]
    assert main(["memory", "--no-baseline", "--output-format", "json", *command]) == 0
    found = json.loads(capsys.readouterr().out)
    assert sorted(held(item) for item in found) == [[(SYMBOL, 50)], [(SYMBOL, 100)]]
    assert len({item["pid"] for item in found}) == 2


@linux
def test_a_script_is_known_by_its_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory", "--no-baseline", "--", "app.py"]) == 0
    text = capsys.readouterr().out
    assert f"{SYMBOL}: 50 entries" in text
    assert "unmanaged" in text


@pytest.fixture
def listening(project: Path) -> Iterator[subprocess.Popen[str]]:
    script = "import app, sys\nfrom leaklint_runtime import memory\napp.load()\nprint(memory.listen(), flush=True)\ninput()\n"
    process = subprocess.Popen([sys.executable, "-c", script], text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@linux
def test_a_process_that_listens(
    project: Path, listening: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert listening.stdout is not None
    door = Path(listening.stdout.readline().strip())
    assert door.stat().st_mode & 0o77 == 0 or door.parent.stat().st_mode & 0o77 == 0
    (found,) = told(capsys, str(listening.pid))
    assert held(found) == [(SYMBOL, 50)]
    assert found["pid"] == listening.pid
    assert found["old"] + found["recent"] == found["total"] - sum(
        sizes(found)[name] for name in ("shared", "baseline", "managed")
    )
    listening.communicate("\n")
    assert not door.exists()


@linux
def test_from_outside_it_says_what_it_cannot_see(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = told(capsys, str(os.getppid()), "--no-check")
    assert sizes(found)["unknown"] > 0
    assert "memory.listen()" in found["notes"][0]
    assert main(["memory", str(os.getppid()), "--no-check", "--intervene"]) == 2


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["nomodule:f"], "target 'nomodule:f': ModuleNotFoundError: No module named 'nomodule'"),
        (["app:nothing"], "target 'app:nothing': AttributeError: module 'app' has no attribute 'nothing'"),
        (["app:fail"], "app:fail failed in call 1: ValueError: no such thing"),
        (["999999999"], "no process 999999999"),
        ([], "name one PID, one module:function, or one command after --"),
        (["app"], "app is neither a PID nor a module:function; a command goes after --"),
        (["app:load", "--", "app.py"], "name one PID, one module:function, or one command after --"),
        (["app:load", "--intervene"], "--intervene is for a PID"),
        (["app:load", "--no-check", "--check", "."], "--findings, --check and --no-check exclude each other"),
        (["app:load", "--plot", "a.gif"], "argument --plot: must end in .svg or .png, not a.gif"),
        (["--", "no-such-command-at-all"], "cannot start no-such-command-at-all: No such file or directory"),
        (["--no-check", "--", "false"], "false ended with status 1, and no Python process of it could tell its memory"),
    ],
)
@linux
def test_mistakes(words: list[str], text: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"leaklint: {text}")
    assert error.count("\n") == 1


@linux
def test_limits_hold(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "big.py").write_text(
        "def grow():\n    return bytearray(900_000_000)\n\n\ndef hang():\n    while True: pass\n"
    )
    assert main(["memory", "big:grow", "--memory-limit", "300"]) == 2
    assert "big:grow failed in call 1: MemoryError" in capsys.readouterr().err
    assert main(["memory", "big:hang", "--timeout", "2"]) == 2
    assert "big:hang: not done within 2 s" in capsys.readouterr().err
