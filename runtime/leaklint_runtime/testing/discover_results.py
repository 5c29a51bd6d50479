"""The end of a run with ``--leaklint-discover``: join what the processes saw, tell it, and decide how the run ends."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from . import judged
from .options import PluginOptions
from .results import add_properties

if TYPE_CHECKING:
    from .discover import Discover

KEY = "leaklint-discover"


class DiscoverWorker:
    """In a worker of pytest-xdist: hand over what was seen."""

    def __init__(self, watch: Discover) -> None:
        self.watch = watch

    def pytest_sessionfinish(self, session: Any) -> None:
        """Send plain data to the controlling process."""
        session.config.workeroutput[KEY] = json.dumps(self.watch.results(worker=True))


class DiscoverResults:
    """In the process that the user started: summary, JSON, properties of the JUnit file, exit status."""

    def __init__(self, settings: PluginOptions, watch: Discover | None) -> None:
        self.settings, self.watch = settings, watch
        self.records: list[judged.Record] = []
        self.lost: list[str] = []
        self.holders: list[judged.LeftBehind] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of pytest-xdist has seen."""
        output = getattr(node, "workeroutput", None)
        if output is None or KEY not in output:
            self.lost.append(node.gateway.id)
        else:
            self.records += json.loads(output[KEY])

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
