"""Several processes: the same results in the same order, whatever becomes of a worker; nothing is left behind."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import resource_tracker
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from leaklint.cli.progress import Progress
from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import Report
from leaklint.pool import cpus, each
from leaklint.running import Running

psutil = pytest.importorskip("psutil")

LEAK = "class Part{0}:\n    every = []\n\n    def __init__(self):\n        Part{0}.every.append(self)\n"


def double(number: int) -> int:
    return 2 * number


def fail_at_seven(number: int) -> int:
    if number == 7:
        raise ValueError("seven")
    return number


def die_in_a_worker(number: int) -> int:
    if number == 3 and os.getpid() != int(os.environ["LEAKLINT_TEST_PARENT"]):
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def stay_in_a_worker(number: int) -> int:
    """Leave a worker that does not end when it is asked to."""
    if os.getpid() != int(os.environ["LEAKLINT_TEST_PARENT"]):
        threading.Thread(target=time.sleep, args=(600,)).start()
    return number


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True)}


@pytest.fixture
def nothing_left() -> Iterator[None]:
    """No process is left that was not there before; the resource tracker, of which a process has one, may be."""
    resource_tracker.ensure_running()
    before = children()
    yield
    assert children() <= before


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("jobs", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_results_come_in_order(jobs: int, count: int) -> None:
    seen: list[int] = []
    assert each(double, range(count), jobs, seen.append) == [2 * number for number in range(count)]
    assert sum(seen) == count


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("jobs", [1, 3])
def test_a_failure_is_raised(jobs: int) -> None:
    with pytest.raises(ValueError, match="seven"):
        each(fail_at_seven, range(20), jobs)


@pytest.mark.usefixtures("nothing_left")
def test_a_worker_that_dies_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAKLINT_TEST_PARENT", str(os.getpid()))
    assert each(die_in_a_worker, range(40), 2) == list(range(40))


@pytest.mark.usefixtures("nothing_left")
def test_a_worker_that_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAKLINT_TEST_PARENT", str(os.getpid()))
    assert each(stay_in_a_worker, range(40), 3) == list(range(40))


def test_no_process_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(BaseProcess, "start", refuse)
    assert each(double, range(9), 2) == [2 * number for number in range(9)]


@pytest.mark.usefixtures("nothing_left")
def test_an_interrupt_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        each(double, range(100), 2, interrupted)


def test_pre_commit_runs_several_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT", "1")
    assert cpus() == 1
    monkeypatch.delenv("PRE_COMMIT")
    assert cpus() >= 1


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for number in range(30):
        text = LEAK.format(number) if number % 3 else "def (:\n"
        (tmp_path / f"part_{number}.py").write_text(text + "# " + "x" * 30_000 + "\n")
    (tmp_path / "user.py").write_text("from part_1 import Part1\n\n\ndef drop(one):\n    Part1.every.remove(one)\n")
    return tmp_path


def timeless(report: Report) -> Report:
    return replace(report, summary=replace(report.summary, seconds=0.0))


@pytest.mark.usefixtures("project")
def test_several_processes_find_the_same() -> None:
    serial = timeless(check(["."], Settings()))
    assert (len(serial.findings), len(serial.problems)) == (19, 10)
    stages: set[str] = set()
    running = Running(2, lambda stage, done, total: stages.add(stage))
    assert timeless(check(["."], Settings(), running=running)) == serial
    assert stages == {"reading"}


def test_few_files_start_no_process(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BaseProcess, "start", lambda self: pytest.fail("a process was started"))
    report = check(["user.py", "part_1.py"], Settings(), running=Running(4))
    assert report.summary.files == 2


def test_jobs_of_the_command_line(project: Path) -> None:
    outputs = set()
    for jobs in ("1", "2", "0"):
        words = ["check", "--no-cache", "--jobs", jobs, "--output-format", "concise"]
        done = subprocess.run([sys.executable, "-m", "leaklint", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 1
        outputs.add((done.stdout, done.stderr))
    assert len(outputs) == 1
    bad = subprocess.run([sys.executable, "-m", "leaklint", "check", "--jobs", "-1"], capture_output=True, check=False)
    assert bad.returncode == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_is_stopped_leaves_no_process(project: Path, number: int) -> None:
    """Ctrl-C reaches the whole group, as a terminal sends it; the other two reach the run alone."""
    for extra in range(400):
        (project / f"extra_{extra}.py").write_text(LEAK.format(extra) * 40)
    words = [sys.executable, "-m", "leaklint", "check", "--jobs", "2", "--cache-dir", "cache"]
    run = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    workers: list[psutil.Process] = []
    until = time.monotonic() + 60
    while not workers and run.poll() is None and time.monotonic() < until:
        workers = psutil.Process(run.pid).children(recursive=True)
    assert workers
    if number == signal.SIGINT:
        os.killpg(run.pid, number)
    else:
        run.send_signal(number)
    _, told = run.communicate()
    assert run.returncode == (130 if number == signal.SIGINT else -number)
    assert told.decode() == ("leaklint: interrupted\n" if number == signal.SIGINT else "")
    assert psutil.wait_procs(workers, timeout=60)[1] == []
    again = subprocess.run(
        [*words[:4], "part_1.py", "user.py", "--cache-dir", "cache"], capture_output=True, text=True, check=False
    )
    assert (again.returncode, again.stderr) == (0, "")


def test_progress_is_for_long_runs_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    soon = Progress()
    soon.tick("reading", 1, 10)
    soon.wipe()
    assert capsys.readouterr().err == ""
    late = Progress(patience=0.0)
    late.tick("reading", 5, 10)
    late.wipe()
    told = capsys.readouterr().err
    assert "reading 5/10 files" in told
    assert told.endswith("\r")


def test_no_progress_without_a_terminal(project: Path) -> None:
    words = [sys.executable, "-m", "leaklint", "check", "--no-cache", "user.py"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    main_end, other_end = pty.openpty()
    try:
        on_terminal = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=other_end, check=False)
    finally:
        os.close(other_end)
        os.close(main_end)
    assert on_terminal.returncode == 0
