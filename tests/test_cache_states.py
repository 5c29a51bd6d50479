"""States of files and folders: each change is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from leaklint.cache import states


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    monkeypatch.chdir(tmp_path)
    for number in range(11):
        (tmp_path / f"{number}.py").write_text(f"x = {number}\n")
    yield [*(f"{number}.py".encode() for number in range(11)), b"missing.py", b"folder"]


def test_what_differs_is_told_by_its_number(files: list[bytes], tmp_path: Path) -> None:
    before = bytes(states.states_of(files))
    assert states.differing(files, before) == {}
    (tmp_path / "1.py").write_text("other\n")
    (tmp_path / "9.py").unlink()
    (tmp_path / "missing.py").write_text("")
    (tmp_path / "folder").mkdir()
    now = bytes(states.states_of(files))
    expected = {number: now[number * states.SIZE :][: states.SIZE] for number in (1, 9, 11, 12)}
    assert states.differing(files, before) == expected
    assert expected[9] == states.ABSENT
    assert len(states.differing(files, states.UNSURE * len(files))) == len(files)


def test_times_beyond_64_bits_are_states_too(files: list[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.stat(files[0])

    class Far:
        st_mode, st_size = real.st_mode, real.st_size
        st_mtime_ns, st_ctime_ns, st_ino = 2**70 + 1, 2**70 + 2, 2**100 + 3

    before = bytes(states.states_of(files[:1]))
    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", lambda path: Far)
        far = bytes(states.states_of(files[:1]))
    assert far not in (before, states.ABSENT, states.UNSURE)
    assert states.kind_of(far) == states.kind_of(before)


def test_names_that_no_search_looks_at_are_no_change(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    before = states.names_of(folder)
    for name in ("notes.txt", ".x.py.swp", "x.pyc"):
        (tmp_path / name).write_text("")
    assert states.names_of(folder) == before
    (tmp_path / "x.py").write_text("")
    with_file = states.names_of(folder)
    (tmp_path / "x.py").unlink()
    (tmp_path / "x.py").mkdir()
    with_folder = states.names_of(folder)
    assert len({before, with_file, with_folder, states.names_of(folder + b"/missing")}) == 4


def test_a_folder_shows_by_its_time_that_names_come_and_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert states.showing(str(tmp_path)) == tmp_path.stat().st_dev
    assert states.showing(str(tmp_path / "missing")) is None
    assert os.listdir(tmp_path) == []
    with monkeypatch.context() as patched:  # a file system that does not keep what it is told
        patched.setattr(os, "utime", lambda path, times: None)
        assert states.showing(str(tmp_path)) is None
    real = os.stat
    with monkeypatch.context() as patched:  # and one on which the times of folders never change

        def still(path: str) -> os.stat_result:
            os.utime(path, (0, 0))
            return real(path)

        patched.setattr(os, "stat", still)
        assert states.showing(str(tmp_path)) is None
