"""A test item for each finding: its experiment, in a child process."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from ..child import Options
from ..client import InterpreterError, prove
from ..wire import CONFIRMED, UNREACHED, WireVerdict, plain, unreached
from .findings import Flagged
from .options import PluginOptions
from .results import chain


class ProvenError(Exception):
    """The experiment ended as it should not."""

    def __init__(self, verdict: WireVerdict) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict


class FindingItem(pytest.Item):
    """Passes unless the finding is confirmed; a finding that could not be reached is skipped, with the reason."""

    def __init__(self, *, finding: Flagged, settings: PluginOptions, **more: Any) -> None:
        super().__init__(**more)
        self.finding, self.settings = finding, settings

    def runtest(self) -> None:
        """Prove the finding. Raises ``ProvenError``, or skips."""
        verdict = self._verdict()
        lines = [f"{verdict.status}: {verdict.reason}", *chain(plain(verdict))]
        lines += [f"made by: {verdict.made_by}"] if verdict.made_by else []
        self.add_report_section("call", "leaklint", "\n".join(lines))
        self.user_properties.append(("leaklint", verdict.status))
        if verdict.status == CONFIRMED or (verdict.status == UNREACHED and self.settings.strict):
            raise ProvenError(verdict)
        if verdict.status == UNREACHED:
            pytest.skip(verdict.reason)

    def _verdict(self) -> WireVerdict:
        if self.finding.probe is None:
            return unreached("this finding comes without a probe")
        options = Options(timeout=self.settings.timeout, scenarios=self.settings.scenarios)
        try:
            return prove([self.finding.probe], options, sys.executable)[0]
        except InterpreterError as error:
            return unreached(str(error))

    def repr_failure(self, excinfo: Any, style: Any = None) -> Any:
        """Return what is printed for a failure: the chain is in the section below it."""
        if isinstance(excinfo.value, ProvenError):
            verdict = excinfo.value.verdict
            place = f"{self.finding.path}:{self.finding.line}"
            return f"{place}: {self.finding.name} {verdict.status.upper()}: {verdict.reason}"
        return super().repr_failure(excinfo)

    def reportinfo(self) -> Any:
        """Return where the finding stands."""
        file = self.finding.probe.file if self.finding.probe is not None else ""
        path = file or os.path.join(self.settings.root, self.finding.path)
        return path, self.finding.line - 1, self.name


class Items:
    """The plugin that adds the items."""

    def __init__(self, flagged: list[Flagged], settings: PluginOptions) -> None:
        self.flagged, self.settings = flagged, settings

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: Any, items: list[Any]) -> None:
        """Add an item for each finding before others select among them."""
        seen = {item.nodeid for item in items}
        for finding in sorted(self.flagged, key=lambda one: (one.path, one.line, one.name)):
            nodeid = f"{finding.path.replace(os.sep, '/')}::{finding.name}"
            if nodeid in seen:
                nodeid += f" {finding.fingerprint}"
            seen.add(nodeid)
            name = nodeid.partition("::")[2]
            items.append(
                FindingItem.from_parent(session, name=name, nodeid=nodeid, finding=finding, settings=self.settings)
            )
