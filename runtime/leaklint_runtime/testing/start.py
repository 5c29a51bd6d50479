"""Set up what a run has asked for, and load no more than that."""

from __future__ import annotations

import json
from typing import Any

import pytest

from . import findings, options
from .findings import FindingsError, Flagged
from .options import PluginOptions
from .results import KEY, Findings, Results
from .workers import Worker


def start(config: Any) -> None:
    """Register the plugins of a run with ``--leaklint`` and its like. Raises ``pytest.UsageError``."""
    try:
        settings = options.read(config)
    except ValueError as error:
        raise pytest.UsageError(f"leaklint: {error}") from None
    if settings.discover:
        _discover(config, settings)
    if settings.needs_findings:
        _findings(config, settings)


def _findings(config: Any, settings: PluginOptions) -> None:
    """Register what is done with findings."""
    try:
        given = getattr(config, "workerinput", {}).get(KEY)
        report = findings.loaded(given) if given is not None else findings.document(settings)
        flagged = findings.flagged(report)
    except FindingsError as error:
        raise pytest.UsageError(f"leaklint: {error}") from None
    register = config.pluginmanager.register
    worker, workers = hasattr(config, "workerinput"), bool(config.getoption("numprocesses", default=None))
    if settings.watch:
        watch = _watch(flagged) if flagged and (worker or not workers) else None
        if watch is not None:
            register(watch, "leaklint-watch")
        if not worker:
            register(Results(report, flagged, settings, watch), "leaklint-results")
        elif watch is not None:
            register(Worker(KEY, watch.results), "leaklint-worker")
    elif not worker:
        register(Findings(report), "leaklint-findings")
    if settings.verify:
        from .items import Items

        register(Items(flagged, settings), "leaklint-items")
    if settings.harvest:
        _harvest(config, flagged, settings.harvest)


def _discover(config: Any, settings: PluginOptions) -> None:
    """Watch in this process, or have its workers do so."""
    from . import discover_results
    from .discover import Discover

    register = config.pluginmanager.register
    worker, workers = hasattr(config, "workerinput"), bool(config.getoption("numprocesses", default=None))
    watch = Discover(config, settings.repeat) if worker or not workers else None
    if watch is not None:
        register(watch, "leaklint-discover")
    if not worker:
        register(discover_results.DiscoverResults(settings, watch), "leaklint-discover-results")
    elif watch is not None:
        worker_plugin = Worker(discover_results.KEY, lambda: json.dumps(watch.results(worker=True)))
        register(worker_plugin, "leaklint-discover-worker")


def _watch(flagged: list[Flagged]) -> Any:
    from .watch import Watch

    return Watch(flagged)


def _harvest(config: Any, flagged: list[Flagged], file: str) -> None:
    """Record in this process, or have its workers do so."""
    from .harvest import KEY as HARVEST
    from .harvest import Harvest, HarvestFile

    register = config.pluginmanager.register
    worker, workers = hasattr(config, "workerinput"), bool(config.getoption("numprocesses", default=None))
    harvest = Harvest(flagged)
    if worker or not workers:
        register(harvest, "leaklint-harvest")
    if worker:
        register(Worker(HARVEST, lambda: json.dumps(harvest.results())), "leaklint-harvest-worker")
    else:
        register(HarvestFile(None if workers else harvest, file), "leaklint-harvest-file")
