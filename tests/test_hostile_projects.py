"""A project may bring any file, name and configuration: static commands run none of its code and print none of its controls."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from leaklint.reports import FORMATS

ROOT = Path(__file__).parents[1]
LEAK = "class C:\n    reg = []\n\n    def __init__(self):\n        C.reg.append(self)  # {}\n"
TRAP = "open({!r}, 'a').write(__name__ + chr(10))\n"
CONFIG = """\
[tool.leaklint.verify]
factory = "trap:make"
scenarios = ["trap.py"]
"""
#: Names that a project may give to its files, in the hope that a tool run in its folder loads them.
SHADOWS = ("json", "ast", "libcst", "flake8", "sitecustomize", "usercustomize", "conftest", "leaklint", "setup", "trap")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of traps that write to ``ran`` beside it, with one leak."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in SHADOWS:
        (folder / f"{name}.py").write_text(TRAP.format(str(tmp_path / "ran")))
    (folder / "leak.py").write_text(TRAP.format(str(tmp_path / "ran")) + LEAK.format(""))
    (folder / "pyproject.toml").write_text(CONFIG)
    monkeypatch.chdir(folder)
    return folder


def leaklint(*words: str) -> subprocess.CompletedProcess[str]:
    script = Path(sys.executable).parent / "leaklint"
    return subprocess.run([script, *words], capture_output=True, text=True, errors="surrogateescape", check=False)


@pytest.mark.parametrize(
    "words",
    [
        ["check", "--no-cache", "--jobs", "2", "."],
        ["check", "--no-cache", "--output-format", "sarif", "leak.py"],
        ["fix", "--diff", "--unsafe-fixes", "."],
        ["fix", "."],
        ["baseline", "--output-file", os.devnull, "."],
        ["rules"],
    ],
    ids=" ".join,
)
def test_static_commands_run_nothing_of_the_project(words: list[str], project: Path) -> None:
    done = leaklint(*words)
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert not (project.parent / "ran").exists()


def test_a_factory_runs_when_verify_is_asked_for_and_only_then(project: Path) -> None:
    (project / "trap.py").write_text(TRAP.format(str(project.parent / "ran")) + "from leak import C\nmake = C\n")
    assert leaklint("check", "--no-cache", "leak.py").returncode == 1
    assert not (project.parent / "ran").exists()
    leaklint("verify", "--output-format", "json", "leak.py")
    assert "trap" in (project.parent / "ran").read_text()


@pytest.mark.parametrize("name", FORMATS)
def test_names_and_sources_do_not_reach_the_terminal_raw(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("\x1b[2J\n::error::x<script>\u202e.py").write_text(LEAK.format("\x1b]0;owned\x07 </script> \u202e"))
    Path("bad\r\x9b.py").write_text("def")
    done = leaklint("check", "--no-cache", "--output-format", name, ".")
    assert done.returncode == 1, done.stderr
    for text in (done.stdout, done.stderr):
        assert not set(text) & set("\x1b\x07\r\x9b\u202e"), text
    assert not any(line.startswith("::error::") for line in done.stdout.splitlines())
    if name in ("json", "sarif", "gitlab"):
        json.loads(done.stdout)


@pytest.mark.skipif(sys.platform == "win32", reason="terminals are made otherwise there")
def test_a_diff_on_a_terminal_shows_nothing_that_acts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Piped it is the file's own text, for ``git apply``."""
    import pty

    monkeypatch.chdir(tmp_path)
    evil = "\x1b]0;owned\x07\t\u202e"
    Path("leak.py").write_text(LEAK.format(evil))
    words = [Path(sys.executable).parent / "leaklint", "fix", "--diff", "--unsafe-fixes", "leak.py"]
    near, far = pty.openpty()
    with open(near, "rb", buffering=0) as terminal:
        done = subprocess.run(words, stdout=far, stderr=subprocess.DEVNULL, timeout=60, check=False)
        shown = terminal.read(1 << 16).decode()
        os.close(far)
    assert done.returncode == 1
    assert "owned" in shown
    assert not set(re.sub(r"\x1b\[[0-9;]*m", "", shown)) & set("\x1b\x07\u202e")
    assert evil in subprocess.run(words, capture_output=True, text=True, check=False).stdout


def test_nothing_that_can_run_code_is_loaded_from_disk() -> None:
    loaders = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "yaml"}
    for path in [*(ROOT / "leaklint").rglob("*.py"), *(ROOT / "runtime").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & loaders, path
