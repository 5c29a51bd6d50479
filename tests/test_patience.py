"""Budgets are CPU time: what a run looks at does not depend on what else the machine does."""

from __future__ import annotations

import signal
import time

import pytest

from leaklint_runtime import lanes, patience, returning
from leaklint_runtime.testing import discover


class Clocks:
    """A processor's time and that of the clock, moved by hand."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.used = self.clock = 0.0
        monkeypatch.setattr(patience, "process_time", lambda: self.used)
        monkeypatch.setattr(patience, "perf_counter", lambda: self.clock)

    def move(self, used: float, clock: float) -> None:
        self.used += used
        self.clock += clock


@pytest.mark.parametrize(
    "moves",
    [[(19.0, 40.0, False), (2.0, 4.0, True)], [(0.1, 61.0, True)]],
    ids=["a-busy-machine-does-not-use-it-up", "what-only-waits-ends-too"],
)
def test_the_budget_is_over(monkeypatch: pytest.MonkeyPatch, moves: list[tuple[float, float, bool]]) -> None:
    clocks, budget = Clocks(monkeypatch), patience.Patience(20.0)
    for used, clock, over in moves:
        clocks.move(used, clock)
        assert budget.over() is over


def test_what_only_waits_is_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks, budget = Clocks(monkeypatch), patience.Patience(2.0)
    for used, clock, idle in ((0.0, 1.9, False), (0.01, 1.0, True), (0.5, 1.0, False)):
        clocks.move(used, clock)
        assert budget.is_idle() is idle


@pytest.mark.parametrize(
    ("used", "clock", "goes_on"), [(5.0, 20.0, True), (21.0, 25.0, False), (0.1, 20.0, False), (10.0, 61.0, False)]
)
def test_an_experiment_goes_on_if_others_had_the_processor(
    monkeypatch: pytest.MonkeyPatch, used: float, clock: float, goes_on: bool
) -> None:
    times = {"cpu": 1.0, "clock": 0.0}
    monkeypatch.setattr(lanes, "used_by", lambda pid: times["cpu"])
    monkeypatch.setattr(lanes.early, "perf_counter", lambda: times["clock"])
    lane = lanes.Lane([0], solo=False)
    lane.begin(20.0)
    times.update(cpu=1.0 + used, clock=clock)
    assert lane.goes_on() is goes_on
    assert lane.deadline == (clock + 20.0 - used if goes_on else 20.0)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="nothing interrupts on this platform")
@pytest.mark.parametrize("handled", [False, True])
def test_a_call_that_does_not_come_back_is_interrupted(monkeypatch: pytest.MonkeyPatch, handled: bool) -> None:
    monkeypatch.setattr(returning, "SECONDS", 0.1)
    before = signal.getsignal(signal.SIGALRM)

    def waits() -> None:
        while True:
            try:
                time.sleep(30)
            except Exception:
                if not handled:
                    raise

    with pytest.raises(returning.NoReturnError):
        returning.returns(waits)
    assert signal.getsignal(signal.SIGALRM) is before
    assert returning.returns(int, "7") == 7


def test_tests_that_wait_earn_no_looks(pytestconfig: pytest.Config) -> None:
    watch = discover.Discover(pytestconfig, repeat=False)
    before = watch._allowed()
    time.sleep(0.3)
    slept = watch._allowed()
    sum(range(10_000_000))
    assert slept - before < 0.003 < watch._allowed() - slept
