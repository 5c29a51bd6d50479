"""From what the rounds showed to a verdict."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from . import counterfactual, early, evidence, fit, observe, reached
from .case import Case
from .counterfactual import Outcome
from .observe import Seen
from .trigger import Plan
from .wire import BOUNDED, CONFIRMED, GC_LAG, REFUTED, Verdict, unreached


def verdict(case: Case) -> Verdict:
    """Run the experiment and judge it."""
    started = early.perf_counter()
    ran = reached.runs(lambda: case.plan.make(0), case.lines) if case.lines else None
    rounds = observe.Rounds(case.plan.make, case.holder, case.empty)
    outcome = Outcome()
    try:
        rounds.run(case.limits)
        if case.holder is not None and rounds.tracker is not None and rounds.tracker.alive():
            outcome = counterfactual.try_without(case.holder, rounds)
    finally:
        seen = rounds.thaw()
    inside = evidence.inside(case, seen)
    if seen.survivors and not inside:
        seen = rounds.collected()
    judged = _judged(case, seen, ran, outcome, inside)
    return replace(judged, seconds=round(early.perf_counter() - started, 6), **_facts(case.plan, seen))


def _judged(case: Case, seen: Seen, ran: bool | None, outcome: Outcome, inside: evidence.Chains) -> Verdict:
    if seen.rounds < min(2, case.limits.rounds):
        return unreached(f"making a second object failed ({seen.failure})")
    if seen.tracker is None or case.probe.track == "growth":
        return _by_growth(case, seen, ran)
    if seen.survivors:
        return _by_presence(case, seen, evidence.gather(case, seen, outcome, inside))
    return _by_absence(case, seen, ran)


def _facts(plan: Plan, seen: Seen) -> dict[str, Any]:
    growth = _growth(seen)
    return {
        "rounds": seen.rounds,
        "created": seen.created,
        "survivors": seen.survivors,
        "container_growth": None if growth is None else round(growth, 2),
        "refcount": seen.refcount,
        "made_by": plan.made_by,
        "recipe": plan.recipe,
        "tracked": seen.tracker.how if seen.tracker is not None else "",
        "python": "{}.{}.{}".format(*sys.version_info[:3]),
    }


def _growth(seen: Seen) -> float | None:
    """Return the entries an object adds to the holder over all rounds, or None where it has no size."""
    if len(seen.sizes) < 2 or seen.sizes[-1][0] == seen.sizes[0][0]:
        return None
    return (seen.sizes[-1][1] - seen.sizes[0][1]) / (seen.sizes[-1][0] - seen.sizes[0][0])


def _untouched(case: Case, seen: Seen, ran: bool | None) -> str:
    """Return why the run shows nothing, or nothing if it shows something.

    Either the flagged statement never ran; or, where that is not known and nobody vouches for the act, the holder never
    had an entry more while an object was there.
    """
    if seen.entered or ran:
        return ""
    if ran is False:
        return f"no statement that fills {case.label} was run; give a factory that leads there"
    if case.holder is not None and seen.sizes and not case.plan.given:
        return f"nothing reached {case.label} ({case.plan.made_by}); give a factory that leads there"
    return ""


def _by_growth(case: Case, seen: Seen, ran: bool | None) -> Verdict:
    points, what = (seen.sizes, case.label) if seen.sizes else (seen.blocks, "the heap")
    shape = fit.classify(points) if seen.sizes else fit.classify(points, noise=0.5)
    bound = case.holder.bound() if case.holder is not None else None
    if bound is not None and shape != fit.CONSTANT:
        return Verdict(BOUNDED, f"{what} keeps at most {bound} entries", fit=fit.BOUNDED)
    if shape == fit.LINEAR:
        facts = evidence.holder_path(case.holder)
        return Verdict(CONFIRMED, f"{what} grows with every call and never shrinks", fit=shape, **facts)
    if shape == fit.BOUNDED:
        return Verdict(BOUNDED, f"{what} stops growing", fit=shape)
    why = _untouched(case, seen, ran)
    return unreached(why, fit=shape) if why else Verdict(REFUTED, f"{what} does not grow", fit=shape)


def _by_absence(case: Case, seen: Seen, ran: bool | None) -> Verdict:
    why = _untouched(case, seen, ran)
    if why:
        return unreached(why)
    if seen.lagging and not seen.classes:
        return Verdict(GC_LAG, f"{seen.lagging} of {seen.rounds} objects died only in a collection", fit=fit.CONSTANT)
    growth = _growth(seen)
    reason = "every object died once nobody used it"
    if growth is not None and growth > 0.5:
        reason += f", though {case.label} grows"
    return Verdict(REFUTED, reason, fit=fit.CONSTANT)


def _by_presence(case: Case, seen: Seen, found: evidence.Evidence) -> Verdict:
    shape = fit.classify(seen.alive)
    bound = case.holder.bound() if case.holder is not None else None
    if seen.created == 1 and seen.rounds > 1:
        return Verdict(BOUNDED, "the same object every time", fit=fit.BOUNDED)
    facts: dict[str, Any] = found.facts
    if bound is not None or shape != fit.LINEAR:
        most = bound if bound is not None else seen.survivors
        return Verdict(BOUNDED, f"no more than {most} stay alive", fit=fit.BOUNDED, **facts)
    if found.elsewhere:
        reason = f"alive, but not because of {case.label}: {found.elsewhere} keeps it"
        return Verdict(REFUTED, reason, fit=shape, **facts)
    return Verdict(CONFIRMED, "alive after del and a full collection", fit=shape, **facts)
