"""The end of a run with ``--leaklint-discover``: join what the processes saw, tell it, and decide how the run ends."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from . import judged
from .options import PluginOptions
from .results import add_properties
from .workers import Controller

if TYPE_CHECKING:
    from .discover import Discover

KEY = "leaklint-discover"


class DiscoverResults(Controller):
    """In the process that the user started: summary, JSON, properties of the JUnit file, exit status."""

    def __init__(self, settings: PluginOptions, watch: Discover | None) -> None:
        super().__init__(KEY, lambda output: self.records.extend(json.loads(output)))
        self.settings, self.watch = settings, watch
        self.records: list[judged.Record] = []
        self.holders: list[judged.LeftBehind] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: Any) -> None:
        """Judge while the JUnit file is still open."""
        if self.watch is not None:
            self.records += self.watch.results(worker=False)
            self.watch = None
        self.holders = judged.judged(self.records, self.settings.ignored)
        self.records.clear()
        if self.settings.json:
            self._write(self.settings.json)
        add_properties(session.config, [("discover", judged.sentence(found)) for found in self.holders])
        if session.exitstatus == 0 and self.holders and not self.settings.exit_zero:
            session.exitstatus = 1

    def _write(self, file: str) -> None:
        """Write the holders, into the report with the verdicts if that was written just now."""
        report: judged.Record = {"version": 1, "findings": [], "problems": []}
        if self.settings.watch:
            with open(file, encoding="utf-8") as source:
                report = json.load(source)
        os.makedirs(os.path.dirname(os.path.abspath(file)), exist_ok=True)
        with open(file, "w", encoding="utf-8") as target:
            json.dump({**report, "holders": [judged.document(found) for found in self.holders]}, target, indent=1)
            target.write("\n")

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print one line a holder, with where it is defined and why it is alive below it."""
        write = terminalreporter.write_line
        terminalreporter.section("leaklint: left behind by tests")
        for found in self.holders:
            write(judged.sentence(found), red=True)
            for line in judged.details(found):
                write(line)
        for name in self.lost:
            write(f"{name} ended without a word; what its tests left is missing", yellow=True)
        count = len(self.holders)
        write(f"{count or 'no'} holder{'' if count == 1 else 's'} in which tests leave objects again and again")
        if count and not self.settings.exit_zero:
            write("the run fails because of this (--leaklint-exit-zero: it does not)")
