"""A short slice of ``benchmarks/faults/inputs.py``, and the odd files of every kind, each told in one line or read."""

from __future__ import annotations

import os
import random
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.fixing import FixOptions, plan
from leaklint.model import Report
from leaklint.writing import write
from tests.rooms import imported

FOLDER = Path(__file__).parents[1] / "benchmarks" / "faults"
LEAK = "class C:\n    reg = []\n    # {}\n    def __init__(self):\n        C.reg.append(self)\n"

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the harness forks")


@pytest.fixture(scope="module")
def rooms() -> Iterator[dict[str, Any]]:
    """Import the campaign's modules as its command does, from their own folder."""
    with imported(FOLDER, ("judging", "making", "inputs")) as modules:
        yield modules


def problems(folder: Path) -> dict[str, str]:
    """Check a folder; return the message of each problem by the file's name."""
    report = checked(folder)
    assert all("\n" not in problem.message for problem in report.problems)
    return {os.path.basename(problem.path): problem.message for problem in report.problems}


def checked(folder: Path) -> Report:
    return check([str(folder)], Settings(root=str(folder)))


@pytest.mark.parametrize("kind", ["mutant", "program"])
def test_a_slice_of_the_campaign(kind: str, rooms: dict[str, ModuleType]) -> None:
    make = getattr(rooms["making"], kind)
    tried, result = rooms["inputs"].campaign([make(random.Random(f"slice {number}")) for number in range(20)])
    assert (tried, result.complaints) == (20, ())
    assert result.findings
    assert result.problems


def test_encodings_that_nobody_uses(rooms: dict[str, ModuleType]) -> None:
    files = rooms["inputs"].declared(rooms["making"].COOKIES, ("+AB-xn--é-~{",))
    _, result = rooms["inputs"].campaign(files)
    assert result.complaints == ()
    assert result.findings > 4
    assert result.problems > 4


def test_what_cannot_be_written_back_is_left_alone(tmp_path: Path) -> None:
    text = f"# coding: idna\n{LEAK.format('xn--a')}".encode()
    (tmp_path / "odd.py").write_bytes(text)
    done = plan(checked(tmp_path), Settings(root=str(tmp_path)), FixOptions((str(tmp_path),), unsafe=True))
    told = write(done.changes, [str(tmp_path)])
    assert (tmp_path / "odd.py").read_bytes() == text
    assert len(told) == len(done.changes)


def test_what_a_harness_must_see(rooms: dict[str, ModuleType]) -> None:
    value, ending = rooms["judging"].in_child(os.abort, 5)
    assert (value, ending) == (None, "was killed by SIGABRT")
    assert rooms["judging"].in_child(lambda: 1 / 0, 5) == (None, "failed")
    assert rooms["judging"].in_child(_spin, 1)[1] == "took more than 1 s of processor time"
    assert rooms["judging"].in_child(lambda: [1], 5) == ([1], "")


def _spin() -> None:
    while True:
        pass


BYTES = {
    "nulls": b"x = 1\0\n",
    "only_nulls": b"\0" * 10_000,
    "surrogates": b"x = '\xed\xa0\x80'\n",
    "python2": b"print 'x'\nexec 'y'\n",
    "python2_except": b"try: pass\nexcept A, e: pass\n",
    "newer": b"type X[T = int] = list[T]\n???\n",
    "brackets": b"x = " + b"(" * 250 + b")" * 250 + b"\n",
    "dedent": b"if x:\n        y\n    z\n",
    "utf16": "x = 1\n".encode("utf-16"),
    "told_in_lines": b"# coding: punycode\nx = 1\n-\n",
    "two_boms": b"\xef\xbb\xbf\xef\xbb\xbfx = 1\n",
    "bom_and_cookie": b"\xef\xbb\xbf# coding: latin-1\nx = 1\n",
    "open_string": b"x = '''\n" + b"y\n" * 1000,
    "huge": b"#" * 20_000_001,
}
READ = {
    "form_feeds": b"\x0c\n\x0cclass C:\n\x0c    reg = []\n    def __init__(self): C.reg.append(self)\n",
    "mixed_ends": b"class C:\r\n    reg = []\r    def __init__(self):\n        C.reg.append(self)\r\n",
    "no_last_end": LEAK.encode().rstrip(),
    "bom": b"\xef\xbb\xbf" + LEAK.encode(),
    "nested": LEAK.encode() + b"x = " + b"[" * 100 + b"]" * 100 + b"\n",
    "chain": LEAK.encode() + b"x = a" + b".a" * 900 + b"\n",
    "continued": LEAK.encode() + b"x = 1" + b" + \\\n1" * 500 + b"\n",
    "wide_line": LEAK.encode() + b"x = '" + b"y" * 10_000_000 + b"'\n",
}


def test_odd_bytes_are_told_in_one_line(tmp_path: Path) -> None:
    for name, data in BYTES.items():
        (tmp_path / f"{name}.py").write_bytes(data)
    (tmp_path / "good.py").write_text(LEAK)
    assert set(problems(tmp_path)) == {f"{name}.py" for name in BYTES}
    assert [finding.code for finding in checked(tmp_path).findings] == ["LK101"]


@pytest.mark.parametrize("name", READ)
def test_odd_bytes_that_are_programs_are_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_bytes(READ[name])
    report = checked(tmp_path)
    assert [finding.code for finding in report.findings] == ["LK101"]
    assert report.problems == ()


def test_what_is_no_file_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "round").symlink_to(".")
    (tmp_path / "device.py").symlink_to(os.devnull)
    (tmp_path / "nothing.py").symlink_to("gone.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "new\nline\x1b[2J.py").write_text(LEAK)
    with socket.socket(socket.AF_UNIX) as server:
        monkeypatch.chdir(tmp_path)
        server.bind("door.py")
        told = problems(tmp_path)
    assert told.keys() == {"pipe.py", "loop.py", "device.py", "nothing.py", "door.py"}
    assert len(checked(tmp_path).findings) == 1


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "shut", tmp_path / "shut.py"):
        path.mkdir() if not path.suffix else path.write_text(LEAK)
        path.chmod(0)
    try:
        assert set(problems(tmp_path)) == {"shut", "shut.py"}
    finally:
        (tmp_path / "shut").chmod(stat.S_IRWXU)


@pytest.mark.parametrize(
    "setting",
    [
        'from defaults import TRACING\nTRACING = os.environ.get("TRACING", TRACING)',
        'TRACING = os.environ.get("TRACING", ...)',
        'TRACING = os.environ.get("TRACING", 1e999)',
        'TRACING = os.environ.get("A", ALSO)\nALSO = os.environ.get("B", TRACING)',
    ],
)
def test_a_setting_of_the_environment_may_be_anything(setting: str, tmp_path: Path) -> None:
    program = "class Job:\n    def __init__(self):\n        JOBS.append(self)\n\n    def done(self):\n"
    program += "        if TRACING == 1:\n            JOBS.remove(self)\n"
    (tmp_path / "jobs.py").write_text(f"import os\n{setting}\nJOBS = []\n\n\n{program}")
    report = check([str(tmp_path)], Settings(root=str(tmp_path)))
    assert not report.problems
