"""Budgets are CPU time: what a run looks at does not depend on what else the machine does."""

from __future__ import annotations

import time

import pytest

from leaklint_runtime import patience
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


def test_a_busy_machine_does_not_use_up_the_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(monkeypatch)
    budget = patience.Patience(20.0)
    clocks.move(19.0, 40.0)
    assert not budget.over()
    clocks.move(2.0, 4.0)
    assert budget.over()


def test_what_only_waits_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(monkeypatch)
    budget = patience.Patience(20.0)
    clocks.move(0.1, 61.0)
    assert budget.over()


def test_tests_that_wait_earn_no_looks(pytestconfig: pytest.Config) -> None:
    watch = discover.Discover(pytestconfig, repeat=False)
    before = watch._allowed()
    time.sleep(0.3)
    slept = watch._allowed()
    sum(range(10_000_000))
    assert slept - before < 0.003 < watch._allowed() - slept
