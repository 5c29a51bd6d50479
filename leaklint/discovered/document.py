"""The findings of a profile's JSON document: made of its holders, joined with what the rules see, and read back."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from leaklint.discovered.joined import is_same
from leaklint.discovered.making import Driver, finding
from leaklint.model import Finding, to_json
from leaklint.paths import module_name, relative
from leaklint.records import replace
from leaklint.source import Source, SourceError
from leaklint_runtime.discovery.model import FILLING, from_json
from leaklint_runtime.fit import LINEAR
from leaklint_runtime.profiling import CALL

Joins = Callable[[tuple[Finding, ...]], Sequence[Finding]]
_LOADED = re.compile(r"leaklint_scenario_[0-9a-f]+")  # the module that a function was loaded into from its file
_GROWING = frozenset({LINEAR, FILLING})


def findings_of(document: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return a finding for each holder of a profile that grows and whose place is known, by place.

    Raises ``KeyError``, ``TypeError`` or ``ValueError`` for what is no profile.
    """
    return tuple(sorted((item for item in _each(_renamed(document)) if item is not None), key=lambda item: item.place))


def with_findings(document: Mapping[str, Any], joins: Joins) -> dict[str, Any]:
    """Return a profile's document with ``findings`` beside its ``holders``, which name theirs by ``fingerprint``.

    ``joins`` gives what the rules say of a project of which a run has shown some findings.
    """
    document = _renamed(document)
    seen = _each(document)
    rules = joins(tuple(item for item in seen if item is not None)) if any(seen) else ()
    joined = [
        next((other for other in rules if is_same(other, item)), item) if item is not None else None for item in seen
    ]
    holders = [
        {**holder, "fingerprint": item.fingerprint if item is not None else None}
        for holder, item in zip(document.get("holders", ()), joined, strict=True)
    ]
    found = {item.fingerprint: item for item in joined if item is not None}
    ordered = sorted(found.values(), key=lambda item: item.place)
    return {**document, "holders": holders, "findings": [to_json(item) for item in ordered]}


def rebased(finding: Finding) -> Finding:
    """Return a finding that was written in another working directory with its paths as they are from this one."""
    if finding.probe is None or os.path.isabs(finding.path) or not finding.probe.file.endswith(f"/{finding.path}"):
        return finding
    base = finding.probe.file.removesuffix(finding.path)
    related = (replace(item, path=relative(os.path.join(base, item.path))) for item in finding.related)
    return replace(finding, path=relative(finding.probe.file), related=tuple(related))


def is_stale(finding: Finding) -> bool:
    """Tell whether the file of a finding that a run has shown is no longer as it was then."""
    if finding.probe is None or not finding.probe.digest:
        return False
    try:
        return Source.read(finding.probe.file).digest != finding.probe.digest
    except SourceError:
        return True


def _renamed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a profile's document in which the module of a function that was named by its file has its own name."""
    place = str(document["target"]).rpartition(":")[0]
    holders = document.get("holders", ())
    if place.endswith(".py") and document["unit"] == CALL:
        holders = json.loads(_LOADED.sub(module_name(place)[1], json.dumps(holders)))
    return {**document, "holders": holders}


def _each(document: Mapping[str, Any]) -> list[Finding | None]:
    """Return for each holder its finding, if it has one."""
    unit = str(document["unit"])
    driver = Driver(str(document["target"]) if unit == CALL else "", unit)
    holders = map(from_json, document["holders"])
    return [finding(holder, driver) if holder.kind in _GROWING else None for holder in holders]
