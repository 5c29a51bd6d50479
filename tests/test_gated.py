"""What the gate said of texts, remembered in a file that may be cut, mixed up, full, foreign or gone."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaklint.cache.folder import Folder
from leaklint.cache.gated import Gated

LEAK = "class Part:\n    every = []\n\n    def __init__(self):\n        Part.every.append(self)\n"
PLAIN = "def name(x):\n    return str(x)\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(str(tmp_path / "cache"))


def marks(folder: Folder) -> Path:
    (file,) = Path(folder.path).glob("v-*/gated")
    return file


def test_another_run_knows_what_this_one_kept(folder: Folder) -> None:
    first = Gated(folder)
    assert first.admits(PLAIN) is None
    first.keep(PLAIN, admits=False)
    first.keep(LEAK, admits=True)
    first.keep("\udcff", admits=False)
    again = Gated(folder)
    assert [again.admits(text) for text in (PLAIN, LEAK, "\udcff", "x = 1\n")] == [False, True, False, None]
    assert Folder(folder.path).clear()
    assert Gated(folder).admits(PLAIN) is None


def test_another_leaklint_knows_nothing(folder: Folder) -> None:
    Gated(folder).keep(PLAIN, admits=False)
    file = marks(folder)
    digits = file.read_bytes()[:32]
    file.write_bytes(bytes(digits[::-1]) + b"-\n")
    assert Gated(folder).admits(PLAIN) is None


@given(
    st.lists(st.tuples(st.sampled_from([PLAIN, LEAK, "x = 1\n"]), st.integers(0, 34)), max_size=12),
    st.binary(max_size=80),
)
def test_lines_that_were_cut_short_are_of_no_text(written: list[tuple[str, int]], rubbish: bytes) -> None:
    verdicts = {PLAIN: False, LEAK: True, "x = 1\n": False}
    with tempfile.TemporaryDirectory() as top:
        folder = Folder(top)
        lines = {}
        for text, admits in verdicts.items():
            Gated(folder).keep(text, admits)
            lines[text] = marks(folder).read_bytes()
            marks(folder).unlink()
        content = b"".join(lines[text][:length] for text, length in written) + rubbish
        marks_file = Path(top, next(name for name in os.listdir(top) if name.startswith("v-")), "gated")
        marks_file.write_bytes(content)
        known = Gated(folder)
        assert all(known.admits(text) in (None, admits) for text, admits in verdicts.items())
        for text, admits in verdicts.items():
            known.keep(text, admits)
        assert [Gated(folder).admits(text) for text in (LEAK, "x = 1\n")] == [True, False]  # the first may be joined on


def test_a_file_that_has_grown_is_begun_anew(folder: Folder) -> None:
    for number in range(3):
        Gated(folder, most_bytes=100).keep(f"x = {number}\n", admits=False)
    assert marks(folder).stat().st_size > 100
    Gated(folder, most_bytes=100).keep(PLAIN, admits=False)
    assert marks(folder).stat().st_size == 34
    assert Gated(folder, most_bytes=100).admits(PLAIN) is False


def test_a_folder_that_cannot_be_written_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    for place in ("file/cache", "home"):
        known = Gated(Folder(str(tmp_path / place)))
        known.keep(PLAIN, admits=False)
        assert Gated(Folder(str(tmp_path / place))).admits(PLAIN) is None
    assert os.listdir(tmp_path / "home") == ["letter.txt"]


def test_what_lies_in_its_place_is_not_written_to(folder: Folder, tmp_path: Path) -> None:
    Gated(folder).keep(PLAIN, admits=False)
    file, letter = marks(folder), tmp_path / "letter.txt"
    letter.write_text("dear")
    file.unlink()
    file.symlink_to(letter)
    Gated(folder).keep(PLAIN, admits=False)
    assert letter.read_text() == "dear"
    file.unlink()
    file.mkdir()
    Gated(folder).keep(PLAIN, admits=False)
    assert Gated(folder).admits(PLAIN) is None


def _write(path: str, name: int) -> None:
    known = Gated(Folder(path))
    for number in range(300):
        known.keep(f"{name} {number}", number % 2 == 0)


@pytest.mark.skipif(sys.platform == "win32", reason="flake8 has no processes there")
def test_processes_may_write_at_once(folder: Folder) -> None:
    context = multiprocessing.get_context("fork")  # as flake8 makes its own
    started = [context.Process(target=_write, args=(folder.path, name)) for name in range(3)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    known = Gated(folder)
    assert all(known.admits(f"{name} {number}") is (number % 2 == 0) for name in range(3) for number in range(300))


def test_a_full_disk_is_tried_once(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def full(*args: object) -> int:
        tried.append(args)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    known = Gated(folder)
    known.keep(PLAIN, admits=False)
    known.keep(LEAK, admits=True)
    assert len(tried) == 1
    assert Gated(folder).admits(PLAIN) is None
