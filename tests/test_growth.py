"""Growth: the slope and its bounds, the verdict in words, and ``leaklint profile`` on real programs."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaklint.cli import main
from leaklint_runtime import growth, profiling, wire
from leaklint_runtime.discovery.model import GrowingHolder
from leaklint_runtime.growth import Container, Trend, trend

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="clones and smaps are Linux's")
MEGABYTE = 1 << 20


@given(
    slope=st.floats(0.5, 1e6),
    start=st.floats(0, 1e9),
    noise=st.floats(0, 3.0),
    count=st.integers(25, 120),
    seed=st.integers(0, 99),
)
def test_a_line_with_noise_is_linear_within_its_bounds(
    slope: float, start: float, noise: float, count: int, seed: int
) -> None:
    dice = random.Random(seed)
    points = [(x, start + slope * (x + dice.uniform(-noise, noise))) for x in range(count)]
    found = trend(points)
    assert found.kind == "linear"
    assert found.low <= found.slope <= found.high
    assert found.slope == pytest.approx(slope, rel=0.25)


@given(level=st.floats(0, 1e9), noise=st.integers(0, 1000), count=st.integers(0, 80), seed=st.integers(0, 99))
def test_noise_around_a_level_is_constant(level: float, noise: int, count: int, seed: int) -> None:
    dice = random.Random(seed)
    found = trend([(x, level + dice.randint(-noise, noise)) for x in range(count)], floor=2 * noise)
    assert found.kind == "constant"


@given(full=st.integers(8, 60), pace=st.integers(1, 50), count=st.integers(80, 200))
def test_what_fills_and_stops_is_no_leak(full: int, pace: int, count: int) -> None:
    assert trend([(x, min(x, full) * pace) for x in range(count)]).kind in ("bounded", "constant")


def test_a_cache_that_fills_in_sight_is_bounded() -> None:
    assert trend([(x, float(min(x, 40))) for x in range(80)]).kind == "bounded"


@given(step=st.integers(2, 6), count=st.integers(60, 120))
def test_steps_of_arenas_are_a_slope(step: int, count: int) -> None:
    found = trend([(x, MEGABYTE * (x // step)) for x in range(count)], growth.MEMORY_FLOOR)
    assert found.kind == "linear"
    assert found.slope == pytest.approx(MEGABYTE / step, rel=0.25)


def test_few_points_tell_nothing() -> None:
    assert trend([]).kind == trend([(0, 1.0), (1, 9.0)]).kind == "constant"
    assert trend([(0, 1.0), (1, 9.0)]).high == float("inf")


LINEAR = Trend("linear", 41 * 1024, 40 * 1024, 42 * 1024, 0, 1e6)


@pytest.mark.parametrize(
    ("container", "limit", "text"),
    [
        (
            Container("pkg.mod:Processor.instance_map", Trend("linear", 3.0, 3.0, 3.0, 0, 90), 41 * 1024.0),
            2 << 30,
            (
                "pkg.mod:Processor.instance_map grows 3.0 entries and 41.0 KiB a call: "
                "out of memory after about 50,000 calls at the limit of 2.00 GiB"
            ),
        ),
        (Container("m:C.x", Trend("linear", 0.25, 0.2, 0.3, 0, 9)), None, "m:C.x grows 0.25 entries a call"),
        (
            Container("m:C.x", Trend("bounded", 0.1, 0, 0.3, 0, 128)),
            None,
            "m:C.x is bounded: it levels off at 128 entries",
        ),
        (Container("m:C.x", Trend("constant", 0, 0, 0, 4, 4)), None, "m:C.x stays at 4 entries"),
    ],
)
def test_the_verdict_in_words(container: Container, limit: int | None, text: str) -> None:
    assert growth.sentence(container, "call", 100 * MEGABYTE / 2, limit, LINEAR) == text


@given(pace=st.floats(1e-3, 1e9), resident=st.floats(0, 1e12), limit=st.integers(1, 2**45))
def test_exhaustion_is_told_for_any_figures(pace: float, resident: float, limit: int) -> None:
    told = growth.exhausted(pace, "call", resident, limit)
    assert told == "" if limit <= resident else "calls at the limit of" in told


PROGRAMS = """\
import time

from leaklint_runtime import memory


class Processor:
    instance_map = {}

    def __init__(self):
        self.data = [None] * 5_000
        Processor.instance_map[id(self)] = self


class Ring:
    slots = {}

    def __init__(self, number):
        Ring.slots[number % 16] = self


numbers = iter(range(10**9))


def load():
    for _ in range(3):
        Processor()


def ring():
    for _ in range(2):
        Ring(next(numbers))


def flat():
    return [bytearray(1000) for _ in range(1000)]


if __name__ == "__main__":
    for step in range(40):
        if step == 20:
            memory.note("half way")
        globals()["load"]()  # whoever calls it: here it is about memory, not about who can be seen to call
        time.sleep(0.05)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "app.py").write_text(PROGRAMS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def profiled(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    status = main(["profile", "--output-format", "json", *words])
    return status, json.loads(capsys.readouterr().out)


@linux
def test_a_function_that_leaks(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = profiled(capsys, "app:load", "--plot", "plot.svg")
    assert status == 1
    first, memory = found["verdict"]["sentences"][0], found["verdict"]["sentences"][-1]
    assert first.startswith("app:Processor.instance_map grows 3.0 entries and 11")
    assert "KiB a call: out of memory after about 1" in first
    assert memory.startswith("memory grows 11")
    assert found["verdict"]["memory"]["slope"] == pytest.approx(3 * (5_000 * 8 + 200), rel=0.03)
    assert "Processor.instance_map" in (project / "plot.svg").read_text()


@linux
@pytest.mark.parametrize(("name", "told"), [("flat", "stays"), ("ring", "")])
def test_a_function_that_does_not(name: str, told: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = profiled(capsys, f"app:{name}", "--no-ledger")
    assert status == 0
    assert not [item for item in found["verdict"]["containers"] if item["entries"]["kind"] == "linear"]
    assert f"memory {told}" in found["verdict"]["sentences"][-1]


@linux
def test_a_command_over_time(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = profiled(capsys, "--interval", "0.05", "--", "app.py")
    assert status == 1
    assert found["verdict"]["sentences"][0].startswith("app:Processor.instance_map grows ")
    assert "entries and" in found["verdict"]["sentences"][0]
    (lengths,) = [item for item in found["lengths"] if item["symbol"] == "app:Processor.instance_map"]
    assert lengths["points"][-1][1] == 120
    assert [text for _, text in found["marks"]] == ["half way"]


@linux
def test_progress_is_shown_on_a_terminal_alone(project: Path) -> None:
    import pty

    reading, writing = pty.openpty()
    words = [sys.executable, "-m", "leaklint", "profile", "app:load", "--rounds", "5", "--no-ledger"]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=writing, text=True, check=False)
    os.close(writing)
    shown = os.read(reading, 1 << 16).decode()
    os.close(reading)
    assert "[3/5]" in shown
    assert "app:Processor.instance_map 9" in shown
    assert shown.endswith("\x1b[K")
    assert done.stdout.startswith("app:Processor.instance_map grows 3.0 entries")
    quiet = subprocess.run([*words], capture_output=True, text=True, check=False)
    assert quiet.stderr == ""


@linux
def test_before_and_after_on_one_sheet(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--output-format", "json", "--output-file", "findings.json", "app.py"]) == 1
    given = ["app:load", "--no-ledger", "--findings", "findings.json", "--rounds", "12"]
    _, before = profiled(capsys, *given)
    (project / "before.json").write_text(json.dumps(before))
    leaking = (project / "app.py").read_text()
    repaired = leaking.replace("instance_map = {}", "instance_map = weakref.WeakValueDictionary()")
    (project / "app.py").write_text(f"import weakref\n{repaired}")
    status, after = profiled(capsys, *given, "--compare", "before.json", "--plot", "both.svg")
    assert (status, before["verdict"]["leaks"]) == (0, True)
    assert "app:Processor.instance_map stays at 0 entries" in after["verdict"]["sentences"]
    drawn = (project / "both.svg").read_text()
    assert "Processor.instance_map before" in drawn
    assert "Processor.instance_map after" in drawn


@linux
def test_a_profile_survives_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, found = profiled(capsys, "app:load", "--rounds", "6")
    revived = profiling.revived(found)
    assert found.pop("findings")  # made of the holders and of the program's source, as the fingerprints are
    for holder in found["holders"]:
        assert holder.pop("fingerprint")
    assert json.loads(wire.dumps(profiling.plain(revived))) == found


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["123"], "a running process cannot be profiled from its start"),
        (["app:load", "--compare", "none.json"], "none.json: No such file or directory"),
        (["app:load", "--compare", "app.py"], "app.py: not a profile of 'leaklint profile --output-format json'"),
        (["app:load", "--rounds", "0"], "argument --rounds: must be a whole number above 0, not 0"),
        (["app:nothing"], "target 'app:nothing': AttributeError"),
    ],
)
@linux
def test_mistakes(words: list[str], text: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"leaklint: {text}")
    assert error.count("\n") == 1


def calls(alive: Callable[[int], int], holders: tuple[GrowingHolder, ...] = ()) -> profiling.Profile:
    samples = tuple(profiling.Sample(float(x), 50_000_000, None, 10_000_000 + alive(x), 30_000) for x in range(201))
    return profiling.Profile("app:work", profiling.CALL, samples, holders=holders)


def test_a_slow_leak_is_growth_and_no_noise() -> None:
    slow = calls(lambda x: 381 * x + 4 * (x % 3))
    assert slow.leaks
    assert any(text.startswith("memory grows 381 B") for text in slow.sentences())


def test_an_entry_a_call_is_growth_where_no_holder_is_seen() -> None:
    assert calls(lambda x: 104 * x).leaks  # a list's place and a text: 8 and 81 bytes, and what is allotted ahead


def test_what_an_empty_function_gains_is_noise() -> None:
    assert not calls(lambda x: 80 * x).leaks


def test_memory_does_not_level_off_while_a_holder_grows() -> None:
    points = [(float(x), float(x)) for x in range(201)]
    entries = growth.count_trend(points)
    assert entries.kind == "linear"
    holder = GrowingHolder("app:SEEN", "app", "SEEN", "set", "module", "", "", 0, entries.kind, entries, 85.0)
    tables = calls(lambda x: 8_000 if x > 40 else 200 * x, (holder,))  # a table that grew once, early
    assert tables.leaks
    assert not any("levels off" in text for text in tables.sentences())


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "constant"),
        (list(range(20)), "linear"),
        ([x // 5 for x in range(40)], "linear"),
        ([min(x, 12) for x in range(40)], "bounded"),
        ([x % 7 for x in range(40)], "bounded"),
        ([x % 7 + x // 7 for x in range(60)], "linear"),
        ([min(x, 165) - (x % 17 if x > 165 else 0) for x in range(200)], "bounded"),
        ([0] * 20 + [1] * 20, "bounded"),
    ],
)
def test_counts_are_judged_by_how_they_end(values: list[int], kind: str) -> None:
    assert growth.count_trend([(float(x), float(y)) for x, y in enumerate(values)]).kind == kind
