"""Small programs whose truth is known:

leaks, look-alikes, cycles, bounded caches, hidden holders. No verdict may be wrong.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from probes import THOROUGH, ends, finding, others
from programs import containers, lifetimes, memos, odds, registries

from leaklint import proof
from leaklint.model import Finding

HERE = Path(__file__).parent
MODULES = (containers, memos, lifetimes, registries, odds)


def _finding(module: ModuleType, container: str, kind: str, fields: dict[str, str]) -> Finding:
    more = {name: text.format(module=module.__name__) for name, text in fields.items() if name != "stores"}
    found = finding(HERE, module.__name__, container, kind, **more)
    assert found.probe is not None
    file = Path(found.probe.file)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    probe = replace(found.probe, digest=digest, stores=_stores(file, fields.get("stores", "")))
    mark = f"{len(CASES):016x}"
    return replace(found, probe=replace(probe, fingerprint=mark), fingerprint=mark)


def _stores(file: Path, text: str) -> tuple[str, ...]:
    """Return the line that has ``text``, as probes name it."""
    if not text:
        return ()
    lines = file.read_text().splitlines()
    return (f"{file}:{next(place for place, line in enumerate(lines, 1) if text in line)}",)


CASES: list[tuple[str, Finding]] = []
for _module in MODULES:
    for _expected, _container, _kind, _fields in _module.PROBES:
        CASES.append((_expected, _finding(_module, _container, _kind, _fields)))


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Finding]:
    """Prove all of them in one run: one parent process, a fork each."""
    proven = proof.verify([item for _, item in CASES], proof.VerifyOptions(timeout=10))
    return {item.fingerprint: item for item in proven}


def _name(case: tuple[str, Finding]) -> str:
    probe = case[1].probe
    assert probe is not None
    stored = "with stores" if probe.stores else ""
    what = (probe.container or probe.container_kind, probe.subject, probe.trigger, probe.track, probe.factory, stored)
    return f"{probe.module}: {' '.join(text.rpartition(':')[2] for text in what if text)}"


def test_there_are_enough_programs() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=_name)
def test_verdict(case: tuple[str, Finding], verdicts: dict[str, Finding]) -> None:
    expected, item = case
    verdict = verdicts[item.fingerprint].verdict
    assert verdict is not None
    assert (verdict.status, verdict.reason) == (expected, verdict.reason)
    if expected == "confirmed" and item.probe is not None and item.probe.track != "growth":
        assert verdict.survivors == verdict.created > 0
        assert verdict.path


#: This interpreter proves all of them; the oldest and the newest take turns, and those between share a third out.
BETWEEN = [python for python in others() if python not in ends()]
SHARES = [(python, CASES if THOROUGH else CASES[number :: len(ends())]) for number, python in enumerate(ends())]
SHARES += [(python, CASES if THOROUGH else CASES[number :: 3 * len(BETWEEN)]) for number, python in enumerate(BETWEEN)]


@pytest.mark.parametrize(
    ("python", "cases"), SHARES, ids=lambda value: Path(value).resolve().name if isinstance(value, str) else ""
)
def test_every_interpreter_comes_to_the_same_verdicts(python: str, cases: list[tuple[str, Finding]]) -> None:
    proven = proof.verify([item for _, item in cases], proof.VerifyOptions(python=python, timeout=10))
    assert len({_name(case) for case in CASES}) == len(CASES)
    found = {_name(case): item.verdict.status for case, item in zip(cases, proven, strict=True) if item.verdict}
    assert found == {_name(case): case[0] for case in cases}
