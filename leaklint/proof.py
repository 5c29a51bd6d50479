"""Prove findings by experiment: hand their probes to the target's interpreter and join the verdicts to them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from leaklint.model import Finding, Probe, Verdict, from_json, to_json
from leaklint_runtime import client, wire
from leaklint_runtime.child import Options
from leaklint_runtime.client import InterpreterError

__all__ = ["InterpreterError", "VerifyOptions", "to_runtime", "unproven", "verify"]

Progress = Callable[[Finding], None]


@dataclass(frozen=True, slots=True)
class VerifyOptions:
    """How to prove: ``python`` is the interpreter, ``factories`` pairs of a symbol (or "") and ``module:callable``.

    ``timeout`` is seconds a finding, ``memory_limit`` megabytes above what the interpreter has mapped (0: none),
    ``scenarios`` are files that register factories. ``isolation`` is ``fork`` or ``fresh`` (a new process a finding).
    """

    python: str = sys.executable
    factories: tuple[tuple[str, str], ...] = ()
    scenarios: tuple[str, ...] = ()
    rounds: int = 8
    timeout: float = 20.0
    memory_limit: int = 2048
    jobs: int = 1
    allow_network: bool = False
    isolation: str = "fork"


def verify(
    findings: Sequence[Finding], options: VerifyOptions, progress: Progress | None = None
) -> tuple[Finding, ...]:
    """Return the findings, in order, each with a verdict; ``progress`` hears of each as it is proven.

    A finding without a probe is ``unreached``. Raises ``InterpreterError`` if the interpreter cannot be started.
    """
    results: dict[Probe, Verdict] = {}
    probed: dict[Probe, list[Finding]] = {}
    for finding in findings:
        if finding.probe is None:
            _tell(progress, replace(finding, verdict=unproven()))
        else:
            probed.setdefault(finding.probe, []).append(finding)
    probes = [wire.probe_from(to_json(probe)) for probe in probed]
    order = list(probed)

    def heard(index: int, verdict: wire.WireVerdict) -> None:
        probe = order[index]
        results[probe] = from_json(Verdict, wire.plain(verdict))
        for finding in probed[probe]:
            _tell(progress, replace(finding, verdict=results[probe]))

    if probes:
        client.prove(probes, _runtime_options(options), options.python, heard)
    return tuple(_joined(finding, results) for finding in findings)


def unproven() -> Verdict:
    """Return the verdict on a finding that comes without a way to prove it."""
    return Verdict("unreached", "this finding comes without a probe")


def to_runtime(verdict: Verdict) -> wire.WireVerdict:
    """Return the runtime's form of a verdict, which its drawing functions take."""
    return wire.verdict_from(to_json(verdict))


def _joined(finding: Finding, results: dict[Probe, Verdict]) -> Finding:
    return replace(finding, verdict=results[finding.probe] if finding.probe is not None else unproven())


def _tell(progress: Progress | None, finding: Finding) -> None:
    if progress is not None:
        progress(finding)


def _runtime_options(options: VerifyOptions) -> Options:
    return Options(
        rounds=options.rounds,
        timeout=options.timeout,
        memory_limit=options.memory_limit,
        jobs=options.jobs,
        allow_network=options.allow_network,
        factories=options.factories,
        scenarios=tuple(str(Path(item).absolute()) for item in options.scenarios),
        isolation=options.isolation,
    )
