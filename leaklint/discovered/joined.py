"""What a run has shown, joined with what the rules find: one finding where both know the holder."""

from __future__ import annotations

import os
from collections.abc import Iterable

from leaklint.heap.certainty import LEVELS
from leaklint.model import Finding
from leaklint.records import replace
from leaklint.rules.context import Case, Context
from leaklint.rules.unseen import why_unseen

_MOST_RELATED = 8


def joined(cases: Iterable[Case], context: Context) -> list[Case]:
    """Return the findings of the rules, one for each holder, with what a run has shown: also of holders that no rule sees.

    What was shown of files that are not among those of the run is left out.
    """
    result = list(cases)
    files = {read.file for read in context.texts.files.values()}
    for seen in context.settings.observed:
        place = _same(result, seen)
        if place is not None:
            if result[place].seen is None:
                result[place] = enriched(result[place], seen)
        elif os.path.abspath(seen.path) in files:
            hint = f"{seen.code} would have to see this: {why_unseen(context, seen)}"
            result.append(Case(replace(seen, hint=hint), None, seen))
    return result


def _same(cases: list[Case], observed: Finding) -> int | None:
    """Return the place of the finding that is about the same holder: best the very same, else one of that name."""
    for place, case in enumerate(cases):
        if is_same(case.finding, observed):
            return place
    named = (place for place, case in enumerate(cases) if case.finding.symbol == observed.symbol)
    return next(named, None)


def enriched(case: Case, observed: Finding) -> Case:
    """Return the finding of a rule with what a run has shown of the same holder: how it grows, through what, from where."""
    static = case.finding
    stores = {(item.path, item.line): item for item in (*observed.related, *static.related)}
    surer = max(static.confidence, observed.confidence, key=LEVELS.index)
    probe = (
        replace(observed.probe, fingerprint=static.fingerprint, code=static.code)
        if observed.probe is not None
        else None
    )
    finding = replace(
        static,
        confidence=surer,
        retention=(*static.retention, *observed.retention),
        related=tuple(stores.values())[:_MOST_RELATED],
        probe=probe or static.probe,
    )
    return case._replace(finding=finding, seen=observed)


def is_same(finding: Finding, other: Finding) -> bool:
    """Tell whether two findings are about the same holder: by fingerprint, by name, or because both stand at one place."""
    if finding.fingerprint == other.fingerprint:
        return True
    if os.path.abspath(finding.path) != os.path.abspath(other.path):
        return False
    if finding.place[1:3] == other.place[1:3]:
        return True
    # of registrations the name is that of the function, which may have several
    return finding.symbol == other.symbol and not finding.code.startswith("LK4")
