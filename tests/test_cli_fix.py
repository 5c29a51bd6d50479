"""``leaklint fix`` as users run it: what it writes, prints and returns; proofs; the codemod commands."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from libcst.tool import main as libcst_tool

from leaklint.cli import main

LEAK = "class A:\n    reg = {}\n\n    def __init__(self):\n        A.reg[id(self)] = self\n"
FIXED = "import weakref\n\n\n" + LEAK.replace("{}", "weakref.WeakValueDictionary()")
ORDERED = (
    "class B:\n    all = []\n\n    def __init__(self):\n        B.all.append(self)\n\n\n"
    "def go():\n    return list(B.all)\n"
)
KEPT = "class C:\n    reg = {}\n\n    def __init__(self):\n        C.reg[id(self)] = (self, 1)\n"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run ``leaklint fix`` in a folder of its own; return status, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    def fix(*words: str) -> tuple[int, str, str]:
        status = main(["fix", "--isolated", *words])
        done = capsys.readouterr()
        return status, done.out, done.err

    return fix


def test_the_safe_repairs_are_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text(LEAK + ORDERED)
    status, out, err = run("mod.py")
    assert (status, err) == (1, "")
    assert (tmp_path / "mod.py").read_text() == FIXED + ORDERED
    owner = "every use of the container works alike with weak references, and what it keeps has another owner"
    order = (
        "assumes that the order in which the container is walked at mod.py:14 does not matter and that whoever makes a B "
        "keeps it, and does not count on the container that is read at mod.py:14"
    )
    assert out.splitlines() == [
        f"mod.py:2:5: LK101 repaired: mod:A.reg -> weakref.WeakValueDictionary (safe: {owner})",
        f"mod.py:7:5: LK101 left: mod:B.all: unsafe: {order}; --unsafe-fixes repairs it",
        "1 repaired in 1 file, 1 left (1 with --unsafe-fixes)",
    ]
    assert run("mod.py")[0] == 0  # nothing is left to do without --unsafe-fixes


def test_unsafe_repairs_are_written_when_asked_for(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text(LEAK + ORDERED)
    assert run("--unsafe-fixes", "mod.py")[0] == 1
    assert "all = weakref.WeakSet()" in (tmp_path / "mod.py").read_text()
    assert run("--unsafe-fixes", "mod.py") == (0, "nothing to repair\n", "")


@pytest.mark.parametrize("option", ["--diff", "--check"])
def test_nothing_is_written_when_only_asked(run: Run, tmp_path: Path, option: str) -> None:
    (tmp_path / "mod.py").write_text(LEAK)
    status, out, err = run(option, "mod.py")
    assert status == 1 and (tmp_path / "mod.py").read_text() == LEAK
    assert "would be repaired" in (err if option == "--diff" else out)
    (tmp_path / "mod.py").write_text(FIXED)
    assert run(option, "mod.py")[0] == 0


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("final", [True, False])
def test_the_diff_is_one_that_git_applies(run: Run, tmp_path: Path, end: str, final: bool) -> None:
    text = (ORDERED + LEAK if final else (ORDERED + LEAK).rstrip("\n")).replace("\n", end)
    (tmp_path / "mod.py").write_bytes(text.encode())
    patch = run("--diff", "--unsafe-fixes", "mod.py")[1]
    (tmp_path / "fix.patch").write_bytes(patch.encode())
    subprocess.run(["git", "apply", "--whitespace=nowarn", "fix.patch"], check=True, cwd=tmp_path)
    patched = (tmp_path / "mod.py").read_bytes()
    (tmp_path / "mod.py").write_bytes(text.encode())
    run("--unsafe-fixes", "mod.py")
    assert (tmp_path / "mod.py").read_bytes() == patched


def test_json_holds_all_that_happened(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text(LEAK + ORDERED)
    (tmp_path / "bad.py").write_text("def (:\n")
    status, out, err = run("--check", "--output-format", "json", ".")
    whole = json.loads(out)
    assert (status, err, whole["version"], whole["tool"]["name"]) == (1, "", 1, "leaklint")
    assert [one["symbol"] for one in whole["repaired"]] == ["mod:A.reg"]
    assert [(one["finding"]["symbol"], one["way"]) for one in whole["left"]] == [("mod:B.all", "--unsafe-fixes")]
    assert [one["path"] for one in whole["changes"]] == ["mod.py"] and "+import weakref" in whole["changes"][0]["diff"]
    assert [(one["path"], one["line"]) for one in whole["problems"]] == [("bad.py", 1)]


def test_what_cannot_be_repaired_is_left_with_its_reason(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text(KEPT)
    status, out, _ = run("--unsafe-fixes", "mod.py")
    assert (status, (tmp_path / "mod.py").read_text()) == (0, KEPT)
    assert "LK101 left: mod:C.reg: what is stored at mod.py:5 is a tuple, which cannot be weakly referenced" in out


def test_only_selected_codes_are_repaired_and_noqa_is_honoured(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text(LEAK)
    assert run("--select", "LK301", "mod.py") == (0, "nothing to repair\n", "")
    (tmp_path / "mod.py").write_text(LEAK.replace("{}", "{}  # noqa: LK101"))
    assert run("mod.py") == (0, "nothing to repair\n", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("none.py",), "none.py: no such file or folder"),
        (("-",), "standard input cannot be repaired in place"),
        (("--test-command", "true", "."), "--test-command is for --prove"),
        (("--diff", "--check", "."), "not allowed with argument"),
        (("--unsafe", "."), "unknown option --unsafe (did you mean --unsafe-fixes?)"),
        (("--prove", "--python", "/nowhere/python", "mod.py"), "/nowhere/python"),
    ],
)
def test_wrong_usage_is_one_line(run: Run, tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    (tmp_path / "mod.py").write_text(LEAK)
    status, _, err = run(*words)
    assert (status, told in err, len(err.splitlines())) == (2, True, 1), err
    assert (tmp_path / "mod.py").read_text() == LEAK


def test_a_file_that_cannot_be_written_is_told(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "mod.py"
    file.write_text(LEAK)
    file.chmod(0o444)
    status, out, _ = run("mod.py")
    assert (status, file.read_text()) == (0, LEAK)
    assert "LK101 left: mod:A.reg: mod.py is read-only" in out


def test_quiet_prints_repairs_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text(LEAK + ORDERED)
    assert len(run("--quiet", "mod.py")[1].splitlines()) == 1


def test_colours_on_request(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text(LEAK)
    out = run("--diff", "--color", "always", "mod.py")[1]
    assert "\x1b[32m+import weakref\x1b[0m" in out and "\x1b[31m-    reg = {}\x1b[0m" in out


@pytest.mark.parametrize("checkout", [False, True])
def test_prove_keeps_what_the_experiment_confirms(run: Run, tmp_path: Path, checkout: bool) -> None:
    (tmp_path / "mod.py").write_text(LEAK)
    (tmp_path / "test_mod.py").write_text("import mod\n\ndef test_map():\n    assert type(mod.A.reg) is dict\n")
    if checkout:
        for words in (["init", "-q"], ["add", "."]):
            subprocess.run(["git", *words], check=True, cwd=tmp_path)
    before = sorted(os.listdir(tmp_path))
    status, out, err = run("--prove", "--output-format", "json", "mod.py")
    whole = json.loads(out)
    assert (status, err) == (1, "")
    assert [one["verdict"]["status"] for one in whole["repaired"]] == ["refuted"]
    assert (tmp_path / "mod.py").read_text() == FIXED
    assert [name for name in sorted(os.listdir(tmp_path)) if name != "__pycache__"] == before


def test_prove_leaves_what_changes_the_tests(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # the plugins that are installed take long to load
    (tmp_path / "mod.py").write_text(LEAK)
    (tmp_path / "test_mod.py").write_text("import mod\n\ndef test_map():\n    assert type(mod.A.reg) is dict\n")
    command = f"{sys.executable} -m pytest -q -p no:cacheprovider"
    status, out, _ = run("--prove", "--test-command", command, ".")
    assert (status, (tmp_path / "mod.py").read_text()) == (0, LEAK)
    assert "the test command ended with exit status 0 (1 passed) before and exit status 1 (1 failed) after" in out
    (tmp_path / "test_mod.py").write_text("import mod\n\ndef test_map():\n    assert mod.A.reg is not None\n")
    assert run("--prove", "--test-command", command, ".")[0] == 1
    assert (tmp_path / "mod.py").read_text() == FIXED


def test_prove_leaves_what_it_cannot_confirm(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text("NOTHING = 1 / 0\n\n\n" + LEAK)
    status, out, _ = run("--prove", "mod.py")
    assert status == 0 and "left: mod:A.reg: not confirmed before the repair (unreached:" in out
    assert "import weakref" not in (tmp_path / "mod.py").read_text()


def codemod(folder: Path, command: str, *words: str, process: bool = False) -> str:
    """Run a codemod command over ``mod.py`` and return what the file says then."""
    line = ["codemod", "-x", f"leaklint.codemods.{command}", "--no-format", "-j", "1", *words, "mod.py"]
    if process:
        done = subprocess.run(
            [sys.executable, "-m", "libcst.tool", *line], cwd=folder, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
    else:
        assert libcst_tool("libcst.tool", line) == 0
    return (folder / "mod.py").read_text()


def test_codemod_commands_make_the_same_repairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mod.py").write_text(LEAK)
    assert codemod(tmp_path, "CachedMethodsCommand") == LEAK
    assert codemod(tmp_path, "WeakContainersCommand") == FIXED
    assert codemod(tmp_path, "FixCommand") == FIXED
    (tmp_path / "mod.py").write_text(ORDERED)
    assert codemod(tmp_path, "FixCommand") == ORDERED
    assert "weakref.WeakSet()" in codemod(tmp_path, "FixCommand", "--unsafe-fixes")


def test_codemod_commands_see_the_other_files(tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text(LEAK)
    (tmp_path / "other.py").write_text("from mod import A\nimport json\n\n\ndef f():\n    return json.dumps(A.reg)\n")
    assert codemod(tmp_path, "FixCommand", "--unsafe-fixes", process=True) == LEAK


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_prove_in_a_checkout_ignores_what_git_ignores(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mod.py").write_text(LEAK)
    (tmp_path / ".gitignore").write_text("big/\n")
    (tmp_path / "big").mkdir()
    (tmp_path / "big" / "data.py").write_text("x = 1\n")
    subprocess.run(["git", "init", "-q"], check=True, cwd=tmp_path)
    listing = f"{sys.executable} -c \"import os; raise SystemExit(os.path.exists('big'))\""
    assert run("--prove", "--test-command", listing, "mod.py")[0] == 1
