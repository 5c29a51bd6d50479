"""The ledger: each kind of memory under its own name, on real processes."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import weakref
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from probes import ends

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import to_json
from leaklint_runtime import census, clone, footprint, ledger, libc, memory, pymalloc, tables, units, wire

ROOT = Path(__file__).parents[1]
PROGRAMS = ROOT / "benchmarks" / "memory"
MEGABYTE = 1_000_000
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="clones and smaps are Linux's")

PROGRAM = """\
import json, sys
sys.path[:0] = sys.argv[1:3]
import programs
from leaklint_runtime import ledger, memory, wire

findings = json.loads(sys.argv[4])
empty = memory.ledger(findings)
programs.PROGRAMS[sys.argv[3]]()
print(wire.dumps([ledger.to_json(empty), ledger.to_json(memory.ledger(findings))]))
"""


def findings() -> list[Any]:
    """Return what ``check`` finds in the four programs, in its JSON form."""
    return [to_json(item) for item in check([str(PROGRAMS / "programs.py")], Settings(root=str(PROGRAMS))).findings]


@cache
def measured(program: str) -> tuple[ledger.Ledger, ledger.Ledger]:
    """Return the ledgers of a fresh process before and after it ran one of the four programs."""
    words = [sys.executable, "-c", PROGRAM, str(ROOT / "runtime"), str(PROGRAMS), program, json.dumps(findings())]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, after = json.loads(done.stdout)
    return ledger.from_json(before), ledger.from_json(after)


@linux
@pytest.mark.parametrize(
    ("program", "part", "least"),
    [("live", "managed", 70), ("cycles", "gc-lag", 50), ("hoard", "hoard", 90), ("fragmented", "fragmented", 70)],
)
def test_each_program_is_named(program: str, part: str, least: int) -> None:
    before, after = measured(program)
    assert after.leading == {"live": "programs:Session.sessions"}.get(program, part), tables.ledger(after)
    assert abs(after.sum - after.total) <= 0.02 * after.total
    assert after.size(part) >= least * MEGABYTE
    # What was measured by an intervention explains the process; hardly anything is left for the rest.
    assert after.size("native") <= 0.04 * after.total, tables.ledger(after)
    assert before.size(part) < 3 * MEGABYTE
    grown = after.total - before.total
    assert after.size(part) - before.size(part) == pytest.approx(grown, rel=0.15)
    assert after.notes == ()


@linux
def test_what_a_finding_holds_is_what_emptying_it_frees() -> None:
    _, after = measured("live")
    (held,) = [item for item in after.held if item.symbol == "programs:Session.sessions"]
    assert held.entries == 200_000
    assert held.size == pytest.approx(after.size("managed"), rel=0.05)
    assert held.returned is not None and held.returned > 0.8 * held.size


ELSEWHERE = """\
import json, sys, threading, time
sys.path[:0] = sys.argv[1:2]
from leaklint_runtime import ledger, memory, wire

class Part:
    parts = []
    def __init__(self):
        self.data = [None] * 4000
        Part.parts.append(self)

def churn():
    while not done:
        for _ in range(20):
            bytearray(100_000)
        time.sleep(0.001)

done = []
threads = [threading.Thread(target=churn) for _ in range(2)]
for thread in threads:
    thread.start()
for _ in range(1000):
    Part()
probe = dict(code="LK101", symbol="m:Part.parts", fingerprint="", root="", module="__main__", file="",
             container="Part.parts", container_kind="list", subject="", trigger="construct", track="subject")
found = memory.ledger([probe])
done.append(1)
print(wire.dumps(ledger.to_json(found)))
"""


def ledger_elsewhere(python: str, *options: str, **environment: str) -> ledger.Ledger:
    """Return the ledger of a process of another interpreter that has threads and a live leak of 32 MB."""
    words = [python, *options, "-c", ELSEWHERE, str(ROOT / "runtime")]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return ledger.from_json(json.loads(done.stdout))


@linux
@pytest.mark.parametrize("python", [sys.executable, *ends()], ids=lambda path: Path(path).resolve().name)
def test_every_interpreter_is_split_with_its_threads_running(python: str) -> None:
    found = ledger_elsewhere(python, "-W", "error")
    assert found.leading == "m:Part.parts"
    assert found.held[0].entries == 1000
    assert found.held[0].size == pytest.approx(1000 * 4000 * 8, rel=0.05)
    assert found.sum == pytest.approx(found.total, rel=0.02)
    assert found.size("managed") == pytest.approx(found.held[0].size, rel=0.1)


@linux
def test_without_pymalloc_its_holes_are_not_claimed() -> None:
    found = ledger_elsewhere(sys.executable, PYTHONMALLOC="malloc")
    assert found.size("fragmented") == 0
    assert any("does not use pymalloc" in note for note in found.notes)
    assert found.held[0].size == pytest.approx(1000 * 4000 * 8, rel=0.05)
    assert found.sum == pytest.approx(found.total, rel=0.02)


def test_where_the_kernel_says_less_the_ledger_says_less(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psutil")
    told = footprint._from_psutil(None)
    assert told.rss == pytest.approx(footprint.footprint().rss, rel=0.1)
    monkeypatch.setattr(memory, "footprint", lambda pid=None: told._replace(anonymous=None, shared=None))
    found = memory.ledger(baseline="none")
    assert [part.name for part in found.parts] == ["unknown"]
    assert found.sum == found.total
    monkeypatch.setitem(sys.modules, "psutil", None)
    with pytest.raises(footprint.FootprintError, match="needs psutil"):
        footprint._from_psutil(None)


FULL = [bytearray(b"x") * 20_000 for _ in range(300)]
EMPTY: list[int] = []


class Kept:
    """Something whose finalizer would be seen outside."""

    def __init__(self, path: Path) -> None:
        self.path, self.itself = path, self

    def __del__(self) -> None:
        self.path.unlink()


@linux
def test_a_ledger_changes_nothing_here(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    mark.write_text("")
    gc.collect()
    gc.disable()
    try:
        kept = Kept(mark)
        reference = weakref.ref(kept)
        del kept
        found = memory.ledger(baseline="none")
        assert reference() is not None, "the garbage was collected here"
        assert mark.exists(), "a finalizer ran and was felt outside of the clone"
        assert found.garbage
    finally:
        gc.enable()
    gc.collect()
    assert not mark.exists()


@linux
def test_intervening_collects_here() -> None:
    gc.collect()
    gc.disable()
    try:
        loop: list[Any] = []
        loop.append(loop)
        del loop
        assert memory.ledger(intervene=True, baseline="none").garbage
        assert gc.collect() == 0
    finally:
        gc.enable()


@linux
def test_only_containers_with_entries_are_emptied() -> None:
    probes = [
        {
            **dict.fromkeys(wire.WireProbe.__dataclass_fields__, ""),
            "symbol": f"test_memory:{name}",
            "module": __name__,
            "container": name,
            "container_kind": "list",
        }
        for name in ("FULL", "EMPTY", "NOWHERE")
    ]
    found = memory.ledger(probes, baseline="none")
    assert [(item.symbol, item.entries) for item in found.held] == [("test_memory:FULL", 300), ("test_memory:EMPTY", 0)]
    assert found.held[0].size == pytest.approx(300 * 20_000, rel=0.05)
    assert found.held[1].size == 0
    assert found.held_together == found.held[0].size
    assert len(FULL) == 300


@linux
def test_the_clone_is_cut_off(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_text("before")
    reading, writing = os.pipe()

    def harm() -> dict[str, Any]:
        os.write(writing, b"x")
        os.write(1, b"to standard output")
        told = ""
        try:
            target.unlink()
        except PermissionError as error:
            told = str(error)
        return {"told": told}

    outcome = clone.run(harm)
    os.close(writing)
    assert os.read(reading, 10) == b""
    os.close(reading)
    assert "os.remove" in outcome.value["told"]
    assert target.read_text() == "before"


@linux
def test_a_clone_that_fails_or_hangs_says_so() -> None:
    assert (
        clone.run(lambda: {"a": 1 // 0}).failure == "ZeroDivisionError in the clone: integer division or modulo by zero"
    )
    assert "not done within" in clone.run(_wait, 0.2).failure
    assert "signal 9" in clone.run(_die).failure


def _wait() -> dict[str, Any]:
    import time

    time.sleep(60)
    return {}


def _die() -> dict[str, Any]:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (0, 0))
    while True:
        pass


@linux
def test_the_footprint_is_the_kernels() -> None:
    psutil = pytest.importorskip("psutil")
    code = "x = bytearray(b'1') * 40_000_000; print(flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline()  # from here on nothing grows
        ours = footprint.footprint(child.pid)
        theirs = psutil.Process(child.pid).memory_full_info()
        assert ours.rss == pytest.approx(theirs.rss, rel=0.05)
        assert ours.uss == pytest.approx(theirs.uss, rel=0.05)
        assert ours.pss == pytest.approx(theirs.pss, rel=0.05)
        assert ours.shared is not None and ours.files is not None and ours.anonymous is not None
        assert ours.shared + ours.files + ours.anonymous == ours.rss
        told = memory.outside(child.pid)
        assert told.sum == told.total
    finally:
        child.communicate(b"\n")
    with pytest.raises(footprint.FootprintError, match="no process"):
        footprint.footprint(child.pid)


def test_pymalloc_is_read() -> None:
    found = pymalloc.arenas()
    assert found is not None
    assert 0 < found.used < found.mapped
    kept = [bytes(100) for _ in range(50_000)]
    more = pymalloc.arenas()
    assert more is not None
    assert more.used - found.used == pytest.approx(50_000 * 144, rel=0.1)
    del kept
    assert pymalloc.parse("# nothing of arenas here\n") is None


def test_a_census_counts_by_type() -> None:
    kept = {number: bytearray(2_000) for number in range(3_000)}
    script = """
import sys
sys.path[:0] = [sys.argv[1]]
from leaklint_runtime import census
before = census.take(5)
kept = {number: bytearray(2_000) for number in range(3_000)}
after = census.take(5)
print(after.large - before.large, [kind.number for kind in after.kinds if kind.name == "bytearray"])
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(ROOT / "runtime")], capture_output=True, text=True, check=True
    )
    large, counts = done.stdout.split(" ", 1)
    assert int(large) == pytest.approx(3_000 * 2_017 + sys.getsizeof(kept), rel=0.02)
    assert counts.strip() == "[3000]"


PARTS = st.builds(
    ledger.Part, st.sampled_from(ledger.PARTS), st.integers(0, 2**45), st.integers(0, 2**30), st.text(), st.none()
)
LEDGERS = st.builds(
    ledger.Ledger,
    pid=st.integers(1, 2**22),
    total=st.integers(0, 2**45),
    parts=st.lists(PARTS, max_size=8).map(tuple),
    held=st.lists(
        st.builds(ledger.Held, st.text(), st.none() | st.integers(0, 9), st.none() | st.integers(0, 2**40)), max_size=3
    ).map(tuple),
    kinds=st.lists(st.builds(census.Kind, st.text(), st.integers(0), st.integers(0)), max_size=3).map(tuple),
    old=st.none() | st.integers(0, 2**40),
    recent=st.none() | st.integers(0, 2**40),
    notes=st.lists(st.text(), max_size=2).map(tuple),
    seconds=st.floats(0, 1e6),
    window=st.floats(0, 1e6),
)


@given(LEDGERS)
def test_a_ledger_survives_json(found: ledger.Ledger) -> None:
    assert ledger.from_json(json.loads(wire.dumps(ledger.to_json(found)))) == found


@given(LEDGERS)
def test_any_ledger_can_be_printed(found: ledger.Ledger) -> None:
    text = tables.ledger(found)
    assert all(part.name in "\n".join(text) for part in found.parts)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 10**12)), min_size=1, max_size=60))
def test_old_and_recent_are_dasks(steps: list[tuple[int, int]]) -> None:
    history, now, samples = ledger.History(30.0), 0, []
    for wait, size in steps:
        now += wait
        samples.append((now, size))
        old, recent = history.add(now, size)
        assert old + recent == size
        assert old == min(item for at, item in samples if at >= now - 30)


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (41_984, "41.0 KiB"), (1_342_177_280, "1.25 GiB"), (-2048, "-2.00 KiB")],
)
def test_sizes_have_three_digits(count: int | None, text: str) -> None:
    assert units.size(count) == text


@linux
def test_a_trim_gives_back_what_the_library_hoards() -> None:
    if not libc.can_trim():
        pytest.skip("this C library has no malloc_trim")
    kept = [bytearray(b"x") * 50_000 for _ in range(400)][-1]
    before = footprint.anonymous()
    libc.trim()
    assert before - footprint.anonymous() > 15 * MEGABYTE
    assert len(kept) == 50_000
