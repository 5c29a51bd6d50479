"""``leaklint check`` as a user runs it: real files, real analysis, output and status."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest

from leaklint.cli import main
from leaklint.reports import FORMATS
from tests.samples import LEAKY

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "report.schema.json").read_text())

MEMO = """\
from functools import lru_cache


class Shape:
    @lru_cache(maxsize=None)
    def area(self, scale):
        return scale
"""
CLEAN = "def name(path):\n    return path\n"

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    Path("src").mkdir()
    Path("src/leaky.py").write_text(LEAKY)
    Path("src/clean.py").write_text(CLEAN)
    return tmp_path


def check(capsys: Capture, *words: str) -> SimpleNamespace:
    """Run the command and return its status, output and errors."""
    capsys.readouterr()
    status = main(["check", *words])
    captured = capsys.readouterr()
    return SimpleNamespace(status=status, out=captured.out, err=captured.err)


def codes(capsys: Capture, *words: str) -> list[tuple[str, str]]:
    """Run the command for JSON and return path and code of each finding."""
    result = check(capsys, "--output-format", "json", *words)
    return [(item["path"], item["code"]) for item in json.loads(result.out)["findings"]]


def test_a_leak_is_found(capsys: Capture) -> None:
    result = check(capsys, "src")
    assert result.status == 1
    assert result.err == ""
    assert result.out.startswith("src/leaky.py:2:5: LK101 ")
    assert "  2 |     instance_map = {}\n    |     ^^^^^^^^^^^^^^^^^\n" in result.out
    assert "  = kept by: " in result.out
    assert "WeakValueDictionary" in result.out
    assert result.out.splitlines()[-1].startswith("1 finding in 2 files (")


def test_json_is_the_contract(capsys: Capture, project: Path) -> None:
    result = check(capsys, "--output-format", "json", str(project / "src"))
    document = json.loads(result.out)
    jsonschema.validate(document, SCHEMA)
    (finding,) = document["findings"]
    assert (finding["path"], finding["line"], finding["column"]) == ("src/leaky.py", 2, 5)
    assert (finding["end_line"], finding["end_column"]) == (2, 22)
    assert finding["symbol"].endswith("leaky:Processor.instance_map")
    assert [(item["path"], item["line"]) for item in finding["related"]] == [("src/leaky.py", 6)]
    assert document["summary"]["files"] == 2
    assert document["summary"]["findings"] == 1


def test_a_clean_run(capsys: Capture) -> None:
    result = check(capsys, "src/clean.py")
    assert (result.status, result.err) == (0, "")
    assert re.fullmatch(r"no leak-prone pattern found in 1 file \(\d+\.\d s\)\n", result.out)
    assert check(capsys, "--quiet", "src/clean.py").out == ""


def test_the_working_directory_is_the_default(capsys: Capture) -> None:
    assert codes(capsys) == [("src/leaky.py", "LK101")]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_the_finding_and_the_status(name: str, capsys: Capture) -> None:
    result = check(capsys, "--output-format", name, "src")
    assert result.status == 1
    assert "LK101" in result.out
    assert result.err == ""


def test_what_cannot_be_read_is_told_and_hides_nothing(capsys: Capture) -> None:
    Path("src/broken.py").write_text("x = 1\ndef f(:\n")
    Path("src/coded.py").write_bytes(b"# coding: nonsense\n")
    Path("src/latin.py").write_bytes(b"x = '\xe9'\n")
    os.mkfifo("src/pipe.py")
    Path("src/gone.py").symlink_to("nowhere")
    result = check(capsys, "--output-format", "concise", "src")
    assert result.status == 1
    assert result.out.startswith("src/leaky.py:2:5: LK101 ")
    lines = result.err.splitlines()
    assert [line.split(": ")[0].split(":")[0] for line in lines] == [
        "src/broken.py",
        "src/coded.py",
        "src/gone.py",
        "src/latin.py",
        "src/pipe.py",
    ]
    assert lines[0].startswith("src/broken.py:2: ")
    result = check(capsys, "--output-format", "json", "src")
    assert result.err == ""
    assert len(json.loads(result.out)["problems"]) == 5


def test_a_problem_without_a_finding_is_not_clean(capsys: Capture) -> None:
    Path("src/leaky.py").write_text("def f(:\n")
    assert check(capsys, "src").status == 1
    assert check(capsys, "--exit-zero", "src").status == 0


@pytest.mark.skipif(hasattr(os, "getuid") and os.getuid() == 0, reason="permissions do not bind this user")
def test_an_unreadable_file(capsys: Capture) -> None:
    Path("src/clean.py").chmod(0)
    result = check(capsys, "--output-format", "concise", "src")
    assert result.status == 1
    assert "LK101" in result.out
    assert result.err.startswith("src/clean.py: ")


def test_missing_paths_and_empty_folders(capsys: Capture) -> None:
    Path("empty").mkdir()
    result = check(capsys, "nope.py", "src")
    assert (result.status, result.err) == (2, "nope.py: no such file or folder\n")
    assert "LK101" in result.out
    assert check(capsys, "--exit-zero", "nope.py", "src").status == 2
    result = check(capsys, "empty")
    assert (result.status, result.err) == (2, "empty: no Python files found under empty\n")
    result = check(capsys, "empty", "src/clean.py")
    assert (result.status, result.err) == (1, "empty: no Python files found under empty\n")


def test_selection(capsys: Capture) -> None:
    Path("src/memo.py").write_text(MEMO)
    both = [("src/leaky.py", "LK101"), ("src/memo.py", "LK301")]
    assert codes(capsys, "src") == both
    assert codes(capsys, "src", "--select", "LK3") == both[1:]
    assert codes(capsys, "src", "--select", "LK1,LK3") == both
    assert codes(capsys, "src", "--select", "LK1", "--extend-select", "LK301") == both
    assert codes(capsys, "src", "--ignore", "LK1") == both[1:]
    assert codes(capsys, "src", "--ignore", "LK1", "--select", "LK101") == both[:1]
    assert codes(capsys, "src", "--exclude", "memo.py") == both[:1]
    assert codes(capsys, "src", "--extend-exclude", "src/m*") == both[:1]
    assert codes(capsys, "src/memo.py", "--extend-exclude", "memo.py") == both[1:]
    assert codes(capsys, "src/memo.py", "--extend-exclude", "memo.py", "--force-exclude") == []


def test_unknown_codes(capsys: Capture) -> None:
    result = check(capsys, "--select", "LK110", "src")
    assert (result.status, result.out) == (2, "")
    assert re.match(
        r"leaklint: unknown code LK110 \(did you mean LK\d0\d\?\); 'leaklint rules' lists them\n", result.err
    )
    Path("pyproject.toml").write_text('[tool.leaklint]\nignore = ["LK999"]\n')
    result = check(capsys, "src")
    assert result.status == 2
    assert "pyproject.toml: unknown code LK999" in result.err


def test_the_configuration_of_the_checked_paths_is_used(
    capsys: Capture, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("pyproject.toml").write_text('[tool.leaklint]\nper-file-ignores = { "src/leaky.py" = ["LK1"] }\n')
    assert codes(capsys, "src") == []
    assert codes(capsys, "src", "--isolated") == [("src/leaky.py", "LK101")]
    Path("other.toml").write_text("[tool.leaklint]\n")
    assert codes(capsys, "src", "--config", "other.toml") == [("src/leaky.py", "LK101")]
    monkeypatch.chdir("/")
    assert codes(capsys, str(project / "src")) == []


def test_noqa(capsys: Capture) -> None:
    Path("src/leaky.py").write_text(LEAKY.replace("{}", "{}  # noqa: LK101 -- never more than three"))
    assert codes(capsys, "src") == []
    assert codes(capsys, "src", "--disable-noqa") == [("src/leaky.py", "LK101")]


def test_form_feeds_end_no_line(capsys: Capture) -> None:
    Path("src/leaky.py").write_text("x = 1\n\x0c\n'\x1c\u2028'\n" + LEAKY.replace("{}", "{}  # noqa: LK101"))
    assert codes(capsys, "src") == []
    Path("src/leaky.py").write_text("x = 1\n\x0c\n'\x1c\u2028'\n" + LEAKY)
    assert "\n  5 |     instance_map = {}\n" in check(capsys, "src").out


def test_unused_suppressions(capsys: Capture) -> None:
    Path("src/leaky.py").write_text(LEAKY.replace("{}", "{}  # noqa: LK101, LK202"))
    Path("src/clean.py").write_text("x = 1  # noqa: LK1\ny = 2  # noqa: E501\nz = '# noqa: LK1'\n")
    result = check(capsys, "--unused-noqa", "--quiet", "src")
    assert (result.status, result.out) == (1, "")
    assert result.err.splitlines() == [
        "src/clean.py:1: unused suppression: nothing here for LK1 to hide; remove it from the comment",
        "src/leaky.py:2: unused suppression: nothing here for LK202 to hide; remove it from the comment",
    ]
    narrow = check(capsys, "--unused-noqa", "--quiet", "--select", "LK1", "src/leaky.py")
    assert (narrow.status, narrow.err) == (0, "")


def test_standard_input(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def given(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))

    given(LEAKY.encode())
    result = check(capsys, "--stdin-filename", "src/new.py")
    assert result.status == 1
    assert result.out.startswith("src/new.py:2:5: LK101 ")
    assert "  2 |     instance_map = {}\n" in result.out
    given(CLEAN.encode())
    assert check(capsys, "-").status == 0
    given(b"x = '\xff'\n")
    result = check(capsys, "-")
    assert result.status == 1
    assert result.err.startswith("stdin.py:1: ")
    given(LEAKY.encode())
    assert check(capsys, "--stdin-filename", "build/x.py", "--force-exclude").status == 0


def test_output_file(capsys: Capture) -> None:
    result = check(capsys, "--output-format", "concise", "--color", "always", "--output-file", "report.txt", "src")
    assert (result.status, result.out) == (1, "")
    assert Path("report.txt").read_text().startswith("src/leaky.py:2:5: LK101 ")
    result = check(capsys, "--output-file", "no/such/folder/report.txt", "src")
    assert result.status == 2
    assert result.err == "leaklint: cannot write no/such/folder/report.txt: No such file or directory\n"


def test_colour(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in check(capsys, "src").out
    assert "\x1b[" in check(capsys, "--color", "always", "src").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in check(capsys, "src").out
    assert "\x1b" not in check(capsys, "--color", "never", "src").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in check(capsys, "src").out
    assert "\x1b[" in check(capsys, "--color", "always", "src").out


def test_statistics(capsys: Capture) -> None:
    Path("src/memo.py").write_text(MEMO)
    out = check(capsys, "--statistics", "--output-format", "concise", "src").out.splitlines()
    assert [line.split()[:2] for line in out[2:]] == [["1", "LK101"], ["1", "LK301"]]


def test_names_cannot_act_on_the_terminal(capsys: Capture) -> None:
    Path("src/\x1b[31m\nred.py").write_text(LEAKY)
    result = check(capsys, "--output-format", "concise", "src")
    assert "\x1b" not in result.out
    assert "src/\\x1b[31m\\nred.py:2:5: LK101" in result.out


def test_a_baseline_leaves_only_what_is_new(capsys: Capture) -> None:
    assert main(["baseline", "src"]) == 0
    told = capsys.readouterr().out
    assert told.splitlines() == [
        "recorded 1 finding in leaklint-baseline.json",
        "use it with: leaklint check --baseline leaklint-baseline.json",
        'or for good, in [tool.leaklint] of pyproject.toml: baseline = "leaklint-baseline.json"',
    ]
    base = ("--baseline", "leaklint-baseline.json")
    result = check(capsys, *base, "src")
    assert result.status == 0
    assert result.out.startswith("nothing new in 2 files (")
    Path("src/leaky.py").write_text("# moved\n\n" + LEAKY)
    assert check(capsys, *base, "src").status == 0
    Path("src/leaky.py").rename("src/renamed.py")
    assert check(capsys, *base, "src").status == 0
    Path("src/memo.py").write_text(MEMO)
    assert codes(capsys, *base, "src") == [("src/memo.py", "LK301")]
    Path("src/renamed.py").unlink()
    assert "1 recorded finding is gone" in check(capsys, *base, "src").err
    Path("pyproject.toml").write_text('[tool.leaklint]\nbaseline = "leaklint-baseline.json"\n')
    Path("src/memo.py").rename("src/other.py")
    assert main(["baseline", "src"]) == 0
    assert codes(capsys, "src") == []
    assert codes(capsys, "--no-baseline", "src") == [("src/other.py", "LK301")]


def git(*words: str) -> None:
    identity = {
        f"GIT_{who}_{what}": "tester@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    subprocess.run(["git", *words], check=True, capture_output=True, env={**os.environ, **identity})


def test_only_what_changed_since_a_revision(capsys: Capture) -> None:
    git("init", "--quiet", "--initial-branch=main")
    git("add", ".")
    git("commit", "--quiet", "-m", "old")
    assert codes(capsys, "--diff-base", "main", "src") == []
    git("switch", "--quiet", "-c", "feature")
    Path("src/memo.py").write_text(MEMO)
    assert codes(capsys, "--diff-base", "main", "src") == [("src/memo.py", "LK301")]
    git("add", ".")
    git("commit", "--quiet", "-m", "new")
    assert codes(capsys, "--diff-base", "main", "src") == [("src/memo.py", "LK301")]
    Path("src/leaky.py").write_text(LEAKY + "\n\nx = 1\n")
    assert ("src/leaky.py", "LK101") in codes(capsys, "--diff-base", "main", "src")


def test_revisions_that_are_none(capsys: Capture) -> None:
    assert "--diff-base: fatal: not a git repository" in check(capsys, "--diff-base", "main", "src").err
    git("init", "--quiet")
    for name in ("no-such", "--output=x"):
        result = check(capsys, f"--diff-base={name}", "src")
        assert result.status == 2
        assert result.err.count("\n") == 1


def test_rules_and_pages(capsys: Capture) -> None:
    assert main(["rules"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert any(line.startswith("LK101 ") for line in listed)
    assert main(["rules", "--output-format", "json"]) == 0
    rules = json.loads(capsys.readouterr().out)
    assert len(rules) == len(listed)
    for rule in rules:
        assert main(["explain", rule["name"]]) == 0
        page = capsys.readouterr().out
        assert page.startswith(f"{rule['code']} {rule['name']}\n\n")
        assert len(page.splitlines()) > 5
    assert main(["explain", "LK110"]) == 2
    assert "unknown code LK110 (did you mean " in capsys.readouterr().err
