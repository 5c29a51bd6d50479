"""States of files and folders: whatever helps to ask for them, each change is told, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from remembering import LEAK, PLAIN, said

from leaklint.cache import answers, runs, states

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one process asks for all")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    monkeypatch.chdir(tmp_path)
    for number in range(11):
        (tmp_path / f"{number}.py").write_text(f"x = {number}\n")
    yield [*(f"{number}.py".encode() for number in range(11)), b"missing.py", b"folder"]


@pytest.fixture(params=[False, True], ids=["alone", "shared"])
def shared(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Let one process ask, or two."""
    if request.param and sys.platform != "linux":
        pytest.skip("elsewhere one process asks for all")
    monkeypatch.setattr(states, "_PAYS", 0 if request.param else 10**9)
    monkeypatch.setattr(states, "_may_fork", lambda: True)
    return bool(request.param)


@pytest.fixture(autouse=True)
def children(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the processes that are forked from this one."""
    forked: list[int] = []
    fork = getattr(os, "fork", None)

    def noting() -> int:
        assert fork is not None
        forked.append(child := fork())
        return child

    if fork is not None:
        monkeypatch.setattr(os, "fork", noting)
    return forked


def gone(children: list[int]) -> bool:
    """Tell whether there is no process any more that has not been waited for."""
    for child in children:
        with pytest.raises(ChildProcessError):
            os.waitpid(child, os.WNOHANG)
    return bool(children)


@pytest.mark.usefixtures("shared")
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


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_few_files_are_shared_as_well(files: list[bytes], count: int) -> None:
    assert len(states.differing(files[:count], states.UNSURE * count)) == count


@LINUX
@pytest.mark.parametrize("fate", ["killed", "failing", "cut short", "no process"])
def test_whatever_becomes_of_the_second_process_the_result_is_the_same(
    files: list[bytes], monkeypatch: pytest.MonkeyPatch, fate: str, children: list[int]
) -> None:
    monkeypatch.setattr(states, "_PAYS", 0)
    monkeypatch.setattr(states, "_may_fork", lambda: True)
    expected = states.differing(files, states.UNSURE * len(files))

    def tell(line: int, found: dict[int, bytes]) -> None:
        if fate == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        elif fate == "cut short":
            os.write(line, b"x" * 48)
        else:
            raise MemoryError

    def refuse() -> int:
        raise BlockingIOError

    if fate == "no process":
        monkeypatch.setattr(os, "fork", refuse)
    else:
        monkeypatch.setattr(states, "_tell", tell)
    assert states.differing(files, states.UNSURE * len(files)) == expected
    assert gone(children)


@LINUX
def test_an_interrupted_run_leaves_no_process(
    files: list[bytes], monkeypatch: pytest.MonkeyPatch, children: list[int]
) -> None:
    monkeypatch.setattr(states, "_PAYS", 0)
    monkeypatch.setattr(states, "_may_fork", lambda: True)
    parent = os.getpid()

    def interrupted(*given: object) -> dict[int, bytes]:
        if os.getpid() == parent:
            raise KeyboardInterrupt
        time.sleep(60)
        return {}

    monkeypatch.setattr(states, "_differing", interrupted)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        states.differing(files, b"")
    assert time.monotonic() - began < 30
    assert gone(children)


@LINUX
def test_ctrl_c_reaches_both_and_is_told_once(tmp_path: Path) -> None:
    script = """
import os, time
from leaklint.cache import states
states._PAYS, states._may_fork = 0, lambda: True
def slow(*given):
    os.write(1, b"here\\n")
    time.sleep(60)
states._differing = slow
try:
    states.differing([b"a", b"b"], b"")
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["here\n"] * 2
    os.killpg(process.pid, signal.SIGINT)
    out, told = process.communicate(timeout=30)
    assert (out, told) == ("interrupted\n", "")


@LINUX
def test_processes_are_shared_out_only_where_that_is_safe_and_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    ask = "from leaklint.cache import states; print(states._may_fork())"
    with_thread = f"import threading, time; threading.Thread(target=time.sleep, args=(9,), daemon=True).start(); {ask}"

    def asked(script: str, **variables: str) -> str:
        words = [sys.executable, "-c", script]
        environment = {name: value for name, value in os.environ.items() if name != "PRE_COMMIT"} | variables
        return subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout.strip()

    assert asked(ask) == str(len(os.sched_getaffinity(0)) > 1)
    assert asked(with_thread) == "False"
    assert asked(ask, PRE_COMMIT="1") == "False"


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


def test_an_answer_is_the_same_whoever_asks_for_the_states(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    children: list[int],
    shared: bool,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(answers, "_GRAIN", -(10**18))
    monkeypatch.setattr(runs, "settled", lambda times, now: True)
    for number in range(6):
        (tmp_path / f"{number}.py").write_text(LEAK.replace("Part", f"Part{number}") if number % 2 else PLAIN)
    first = said(capsys)
    assert said(capsys) == first
    (tmp_path / "4.py").write_text(PLAIN + "# more\n")
    assert said(capsys) == first
    (tmp_path / "5.py").unlink()
    assert said(capsys) == said(capsys, "--no-cache") != first
    assert gone(children) == shared
