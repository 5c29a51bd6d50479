"""The end of a watched run: join what the processes saw, tell it, and decide how the run ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .. import draw
from ..wire import CONFIRMED, STATUSES, UNREACHED, verdict_from
from . import findings, record
from .findings import Document, Flagged
from .options import PluginOptions
from .record import Record
from .workers import Controller

if TYPE_CHECKING:
    from .watch import Watch

KEY = "leaklint"


class Findings:
    """In the process that the user started: give workers of pytest-xdist the findings, so that each need not look."""

    def __init__(self, report: Document) -> None:
        self.report = report

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Put the findings into what the worker starts with."""
        node.workerinput[KEY] = findings.dumped(self.report)


class Results(Findings, Controller):
    """In the process that the user started: verdicts, summary, properties of the JUnit file, exit status."""

    def __init__(self, report: Document, flagged: list[Flagged], settings: PluginOptions, watch: Watch | None) -> None:
        Findings.__init__(self, report)
        Controller.__init__(self, KEY, self._take)
        self.flagged, self.settings, self.watch = flagged, settings, watch
        self.records: dict[str, list[Record]] = {}
        self.verdicts: dict[str, Record] = {}

    def _take(self, records: dict[str, Record]) -> None:
        for mark, seen in records.items():
            self.records.setdefault(mark, []).append(seen)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: Any) -> None:
        """Reach the verdicts while the JUnit file is still open."""
        if self.watch is not None:
            self._take(self.watch.results())
            self.watch = None
        for finding in self.flagged:
            seen = self.records.get(finding.fingerprint) or [record.empty("no test was run")]
            self.verdicts[finding.fingerprint] = record.verdict(record.joined(seen))
        self.records.clear()
        if self.settings.json:
            findings.write(self.report, self.verdicts, self.settings.json)
        add_properties(session.config, [(one.name, _summary(self.verdicts[one.fingerprint])) for one in self.flagged])
        if session.exitstatus == 0 and self._bad() and not self.settings.exit_zero:
            session.exitstatus = 1

    def _bad(self) -> list[Flagged]:
        wrong = (CONFIRMED, UNREACHED) if self.settings.strict else (CONFIRMED,)
        return [finding for finding in self.flagged if self.verdicts[finding.fingerprint]["status"] in wrong]

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print a verdict for each finding, with the chain where it is confirmed."""
        write = terminalreporter.write_line
        terminalreporter.section("leaklint")
        for finding in sorted(self.flagged, key=self._rank):
            verdict = self.verdicts.get(finding.fingerprint)
            if verdict is None:
                continue
            colour = {"red": verdict["status"] == CONFIRMED, "yellow": verdict["status"] == UNREACHED}
            write(f"{finding.path}:{finding.line}: {finding.name} {_summary(verdict)}", **colour)
            if verdict["status"] == CONFIRMED:
                for line in chain(verdict):
                    write(f"    {line}")
        for name in self.lost:
            write(f"{name} ended without a word; what its tests showed is missing", yellow=True)
        counts = [(sum(one["status"] == status for one in self.verdicts.values()), status) for status in STATUSES]
        text = ", ".join(f"{count} {status}" for count, status in counts if count)
        write(f"{len(self.flagged)} finding{'' if len(self.flagged) == 1 else 's'}: {text or 'none'}")
        if self._bad() and self.verdicts and not self.settings.exit_zero:
            write("the run fails because of them (--leaklint-exit-zero: it does not)")

    def _rank(self, finding: Flagged) -> tuple[int, str, int]:
        status = self.verdicts.get(finding.fingerprint, {}).get("status", UNREACHED)
        return STATUSES.index(status), finding.path, finding.line


def _summary(verdict: Record) -> str:
    return f"{verdict['status'].upper()}: {verdict['reason']}"


def chain(verdict: Record) -> list[str]:
    """Return the lines that show why an object is alive."""
    found = verdict_from(verdict)
    return [line for line in (*draw.text(found), draw.summary(found)) if line]


def add_properties(config: Any, pairs: list[tuple[str, str]]) -> None:
    """Write properties of the whole suite to the JUnit file, if there is one."""
    for plugin in config.pluginmanager.get_plugins():
        if type(plugin).__name__ == "LogXML" and hasattr(plugin, "add_global_property"):
            for name, value in pairs:
                plugin.add_global_property(f"leaklint {name}", value)
