"""From paths to findings: what cannot be read is told and hides nothing, and the order is that of the files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leaklint.config import Settings
from leaklint.engine import check, check_one, module_name
from leaklint.model import Report

LEAK = """\
class Part:
    every = []

    def __init__(self):
        Part.every.append(self)
"""
SETTINGS = Settings(confidence="medium")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leak.py").write_text(LEAK)
    return tmp_path


def places(report: Report) -> list[tuple[str, int, int, str]]:
    return [finding.place for finding in report.findings]


def only_leak(report: Report) -> bool:
    return places(report) == [("leak.py", 2, 5, "LK101")]


def test_a_finding_tells_where_it_stands() -> None:
    (finding,) = check(["."], SETTINGS).findings
    assert (finding.path, finding.line, finding.column, finding.end_line, finding.end_column) == (
        "leak.py",
        2,
        5,
        2,
        15,
    )
    assert finding.symbol == "leak:Part.every"
    assert [(one.path, one.line) for one in finding.related] == [("leak.py", 5)]
    assert finding.probe is not None
    assert finding.probe.trigger == "construct"
    assert "Part.every" in finding.retention[0]


def test_a_syntax_error_hides_nothing(project: Path) -> None:
    (project / "bad.py").write_text("x = 1\ndef (:\n")
    report = check(["."], SETTINGS)
    assert only_leak(report)
    (problem,) = report.problems
    assert (problem.path, problem.line) == ("bad.py", 2)
    assert "syntax error" in problem.message
    assert report.summary.files == 2


@pytest.mark.parametrize(
    ("content", "line", "word"),
    [
        (b"x = 1\ny = '\xff'\n", 2, "not valid utf-8"),
        (b"# coding: no-such-codec\n", 1, "encoding"),
        (b"x = '\0'\n", 0, "null"),
        (b"x = " + b"(" * 3000 + b")" * 3000, 0, ""),
        (b"x = " + b"-" * 200_000 + b"1", 0, ""),
    ],
    ids=["bytes", "cookie", "null", "brackets", "depth"],
)
def test_what_cannot_be_decoded_or_parsed_is_a_problem(project: Path, content: bytes, line: int, word: str) -> None:
    (project / "bad.py").write_bytes(content)
    report = check(["."], SETTINGS)
    assert only_leak(report)
    (problem,) = report.problems
    assert problem.path == "bad.py"
    assert word in problem.message
    assert "\n" not in problem.message
    assert not line or problem.line == line


def test_a_missing_path_is_a_problem() -> None:
    report = check(["no_such.py", "leak.py"], SETTINGS)
    assert only_leak(report)
    assert [problem.path for problem in report.problems] == ["no_such.py"]


def test_a_folder_without_python_is_a_problem(project: Path) -> None:
    (project / "empty").mkdir()
    report = check(["empty", "leak.py"], SETTINGS)
    assert only_leak(report)
    assert [problem.path for problem in report.problems] == ["empty"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_a_problem(project: Path) -> None:
    (project / "bad.py").write_text("x = 1\n")
    (project / "bad.py").chmod(0)
    report = check(["."], SETTINGS)
    assert only_leak(report)
    assert [problem.path for problem in report.problems] == ["bad.py"]


def test_a_broken_link_is_a_problem(project: Path) -> None:
    (project / "bad.py").symlink_to("nowhere.py")
    report = check(["."], SETTINGS)
    assert only_leak(report)
    assert [problem.path for problem in report.problems] == ["bad.py"]


def test_nothing_to_read() -> None:
    report = check([], SETTINGS)
    assert (report.findings, report.summary.files) == ((), 0)


def test_findings_come_by_path_and_line(project: Path) -> None:
    (project / "a.py").write_text(LEAK + LEAK.replace("Part", "Other"))
    (project / "z.py").write_text(LEAK)
    found = places(check(["z.py", "leak.py", "a.py"], SETTINGS))
    assert found == sorted(found)
    assert [path for path, *_ in found] == ["a.py", "a.py", "leak.py", "z.py"]


def test_the_order_of_paths_changes_nothing(project: Path) -> None:
    (project / "a.py").write_text("from leak import Part\n" + LEAK.replace("Part", "Other"))
    assert check(["a.py", "leak.py"], SETTINGS).findings == check(["leak.py", ".", "a.py"], SETTINGS).findings


@pytest.mark.parametrize(
    ("comment", "shown"),
    [("# noqa", 0), ("# noqa: LK101", 0), ("# noqa: LK1", 0), ("# noqa: LK202", 1), ("# noqa: E501", 1)],
)
def test_noqa(project: Path, comment: str, shown: int) -> None:
    (project / "leak.py").write_text(LEAK.replace("every = []", f"every = []  {comment}"))
    assert len(check(["."], SETTINGS).findings) == shown
    assert len(check(["."], Settings(confidence="medium", noqa=False)).findings) == 1


def test_selection_and_confidence() -> None:
    assert check(["."], Settings(ignore=("LK101",))).findings == ()
    assert check(["."], Settings(select=("LK2",))).findings == ()
    assert check(["."], Settings(confidence="high")).findings == ()  # nothing here makes many
    assert only_leak(check(["."], Settings(confidence="medium")))


def test_one_text_sees_what_it_imports(project: Path) -> None:
    (project / "base.py").write_text("class Base:\n    every = []\n")
    text = (
        "from base import Base\nEVERY = []\n\nclass Part(Base):\n    def __init__(self):\n        EVERY.append(self)\n"
    )
    report = check_one(text, "part.py", SETTINGS)
    assert places(report) == [("part.py", 2, 1, "LK202")]
    hidden = check_one(text + "        self.every = []\n        self.every.append(self)\n", "part.py", SETTINGS)
    assert places(hidden) == places(report)


def test_one_text_that_does_not_parse() -> None:
    report = check_one("def (:\n", "part.py", SETTINGS)
    assert report.findings == ()
    assert [problem.line for problem in report.problems] == [1]


def test_two_files_of_one_name(project: Path) -> None:
    for folder in ("one", "two"):
        (project / folder).mkdir()
        (project / folder / "part.py").write_text(LEAK)
    (project / "leak.py").unlink()
    assert [path for path, *_ in places(check(["."], SETTINGS))] == ["one/part.py", "two/part.py"]


def test_texts_stand_in_for_files(project: Path) -> None:
    texts = {str(project / "leak.py"): LEAK.replace("[]", "__import__('weakref').WeakSet()").replace("append", "add")}
    assert check(["."], SETTINGS, texts).findings == ()
    assert only_leak(check(["."], SETTINGS))


def test_module_names_follow_packages(project: Path) -> None:
    (project / "app" / "sub").mkdir(parents=True)
    for folder in ("app", "app/sub"):
        (project / folder / "__init__.py").write_text("")
    assert module_name("app/sub/part.py") == (str(project), "app.sub.part")
    assert module_name("app/sub/__init__.py") == (str(project), "app.sub")
    assert module_name("leak.py") == (str(project), "leak")


def test_many_empty_files_are_counted_and_not_read_in_full(project: Path) -> None:
    for number in range(20):
        (project / f"plain_{number}.py").write_text(f"def f{number}(x):\n    return x + {number}\n")
    summary = check(["."], SETTINGS).summary
    assert (summary.files, summary.gated, summary.findings) == (21, 1, 1)


VERSIONS = """\
import atexit
import sys
from collections import deque

if sys.version_info >= (3, 13):

    class Worker:
        def stop(self):
            pass

elif sys.version_info >= (3, 12):

    class Worker:
        def stop(self):
            pass

else:

    class Worker:
        def stop(self):
            pass


def stop_all(workers):
    for worker in workers:
        worker.stop()


def run():
    workers = deque()
    workers.append(Worker())
    atexit.register(stop_all, workers)
    return workers
"""


def test_every_process_words_a_finding_alike(project: Path) -> None:
    """The order of sets differs from process to process; reports do not. A class is called as the code calls it."""
    (project / "leak.py").write_text(VERSIONS)
    found = set()
    for seed in range(6):
        run = subprocess.run(
            [sys.executable, "-m", "leaklint", "check", "--no-cache", "--output-format", "concise", "leak.py"],
            check=False,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        )
        found.add(run.stdout)
    assert len(found) == 1, found
    (text,) = found
    assert "every Worker stays" in text


def test_the_container_of_a_decorator_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cubes"
    folder.mkdir()
    (folder / "keep.py").write_text(
        "def remembered(function):\n    known = {}\n    def wrapper(*args):\n        if args not in known:\n"
        "            known[args] = function(*args)\n        return known[args]\n    return wrapper\n"
    )
    (folder / "cube.py").write_text(
        "from keep import remembered\nclass Cube:\n    @remembered\n    def cells(self):\n        return [self]\n"
    )
    monkeypatch.chdir(folder)
    (finding,) = check(["."], SETTINGS).findings
    assert (finding.code, finding.path, finding.line) == ("LK301", "cube.py", 3)
    assert ("keep.py", 2) in [(one.path, one.line) for one in finding.related]


def test_what_is_a_test_does_not_hang_on_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "work" / "project"
    helper = project / "package" / "testing" / "helper.py"
    helper.parent.mkdir(parents=True)
    (project / "pyproject.toml").touch()
    helper.write_text("class Page:\n    seen = []\n\n    def __init__(self):\n        self.seen.append(self)\n")
    found = []
    for folder in (project, tmp_path, tmp_path / "elsewhere", helper.parent.parent):
        folder.mkdir(exist_ok=True)
        monkeypatch.chdir(folder)
        found.append(len(check([str(project)], Settings()).findings))
    assert found == [0, 0, 0, 0]
    monkeypatch.chdir(helper.parent)  # who works in the suite is told of it
    assert len(check([str(project)], Settings()).findings) == 1
