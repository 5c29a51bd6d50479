"""From what the rounds showed to a verdict."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from . import absent, counterfactual, early, evidence, fit, kept_objects, observe, reached, sandbox, shown
from .case import ProofSetup
from .closing import Closed
from .counterfactual import Counterfactual
from .early import ModuleType, is_a
from .observe import Observation
from .strategy import Strategy
from .wire import BOUNDED, CONFIRMED, GC_LAG, REFUTED, UNREACHED, UNTIL_CLOSED, WireVerdict, unreached

GROWS = 0.5  # entries an object, from which on a holder is said to grow
BLOCKS = 1.0  # blocks a call; less is what the interpreter and this package do


def verdict(case: ProofSetup) -> WireVerdict:
    """Run the experiment and judge it.

    Where what was watched goes, but the holder grows, the arguments are watched instead, each in an experiment of its own.
    What goes in the end may stay where a with block ends in an error, or a generator is closed early.
    """
    found = once(case)
    if found.status in (REFUTED, GC_LAG) and case.plan.early is not None:
        early = once(case._replace(plan=case.plan.early))
        if early.status == CONFIRMED:
            text = f"stays when {case.plan.early.ending}"
            reason = early.reason if case.plan.early.aside else f"{early.reason}; {text}"
            return replace(early, reason=reason, closing=text)
        if early.status == UNREACHED and (early.survivors or (early.container_growth or 0) > GROWS):
            return early
    if found.status == BOUNDED and case.probe.track == "growth":
        return _kept_elsewhere(case) or found
    if found.status != REFUTED or (found.container_growth or 0) <= GROWS or case.plan.given or found.survivors:
        return found
    if case.probe.track != "result":
        return found
    for name, make in case.plan.others:
        other = once(case._replace(plan=case.plan._replace(make=make, others=())))
        if other.status == CONFIRMED:
            return replace(other, reason=f"{other.reason}: the {name} that is passed")
    return replace(found, status=UNREACHED, reason=f"{found.reason}: what stays in it was not watched; give a factory")


def _kept_elsewhere(case: ProofSetup) -> WireVerdict | None:
    """Return the verdict on what is passed, where that stays although the holder keeps few: something else keeps it."""
    watched = replace(case.probe, track="result")
    for name, make in case.plan.others:
        other = once(case._replace(probe=watched, plan=case.plan._replace(make=make, others=())))
        if other.status == REFUTED and other.survivors:
            return replace(other, reason=f"{other.reason}: the {name} that is passed")
    return None


def once(case: ProofSetup) -> WireVerdict:
    """Run the experiment and judge it, whatever else is passed."""
    started = early.perf_counter()
    ran = case.plan.ran
    if ran is None and case.lines:
        ran = reached.runs(lambda: case.plan.make(0), case.lines)
    rounds = observe.Experiment(case.plan.make, case.holder, case.empty)
    outcome = Counterfactual()
    absent.forget()
    try:
        rounds.run(case.limits)
        if case.holder is not None and rounds.tracker is not None and rounds.tracker.alive():
            outcome = counterfactual.try_without(case.holder, rounds)
    finally:
        seen = rounds.thaw()
    inside = evidence.inside(case, seen)
    if seen.survivors and not inside:
        seen = rounds.collected()
    judged = replace(_judged(case, seen, ran, outcome, inside), **_facts(case.plan, seen))
    judged = replace(judged, seconds=round(early.perf_counter() - started, 6))
    bound = case.holder.bound() if case.holder is not None and case.probe.container_kind == "memo" else None
    weighed = absent.weighed(judged, _stayed(seen))
    if bound is not None and weighed.status == UNREACHED:  # whatever can be called, and whoever decides what runs
        return replace(weighed, status=BOUNDED, reason=f"{case.label} keeps at most {bound} entries", fit=fit.BOUNDED)
    return weighed


def _stayed(observed: Observation) -> Any:
    """Return the type of what stayed, or that of nothing."""
    box = observed.tracker.survivors(1) if observed.tracker is not None else []
    return type(box.pop() if box else None)


def may_close(verdict: WireVerdict) -> bool:
    """Tell whether closing the objects may show more: they stay, whatever it is that keeps them until then.

    Those of a with block that was left are not closed again.
    """
    return bool(verdict.survivors) and not verdict.closing and verdict.status in (CONFIRMED, REFUTED, UNREACHED)


def closed(verdict: WireVerdict, closing: Closed) -> WireVerdict:
    """Return a verdict with what closing the objects has shown: those that go then were only not closed.

    What is kept by something else, too, as long as it is open, is kept by the flagged holder if it is afterwards.
    """
    if not closing.name:
        return verdict
    if verdict.status != CONFIRMED:
        if closing.verdict.status != CONFIRMED:
            return verdict
        return replace(closing.verdict, reason=f"{closing.verdict.reason}; {closing.text}", closing=closing.text)
    if closing.stayed:
        return replace(verdict, reason=f"{verdict.reason}; {closing.text}", closing=closing.text)
    reason = f"stays only as long as nobody closes it: {closing.text}"
    return replace(verdict, status=UNTIL_CLOSED, reason=reason, closing=closing.text)


def _judged(
    case: ProofSetup, observed: Observation, ran: bool | None, outcome: Counterfactual, inside: evidence.Chains
) -> WireVerdict:
    if observed.rounds < min(2, case.limits.rounds):
        return unreached(f"making a second object failed ({observed.failure})")
    if observed.tracker is None or case.probe.track == "growth":
        return _by_growth(case, observed, ran)
    if observed.survivors:
        return _by_presence(case, observed, ran, evidence.gather(case, observed, outcome, inside))
    return _by_absence(case, observed, ran)


def _facts(plan: Strategy, observed: Observation) -> dict[str, Any]:
    growth = _growth(observed)
    return {
        "rounds": observed.rounds,
        "created": observed.created,
        "survivors": observed.survivors,
        "container_growth": None if growth is None else round(growth, 2),
        "refcount": observed.refcount,
        "made_by": plan.made_by + (", with a stand-in for a child process" if sandbox.stands_in() else ""),
        "values": "; ".join([f"{name}: {origin}" for name, origin in plan.origins]),
        "recipe": plan.recipe,
        "tracked": observed.tracker.how if observed.tracker is not None else "",
        "python": "{}.{}.{}".format(*sys.version_info[:3]),
    }


def _growth(observed: Observation) -> float | None:
    """Return the entries an object adds to the holder over all rounds, or None where it has no size."""
    if len(observed.sizes) < 2 or observed.sizes[-1][0] == observed.sizes[0][0]:
        return None
    return (observed.sizes[-1][1] - observed.sizes[0][1]) / (observed.sizes[-1][0] - observed.sizes[0][0])


def _untouched(case: ProofSetup, observed: Observation, ran: bool | None) -> str:
    """Return why the run shows nothing, or nothing if it shows something.

    Either the flagged statement never ran; or, where that is not known and nobody vouches for the act, the holder never
    had an entry more while an object was there. A table of another module may be filled and emptied within one call.
    """
    if ran is False:
        return f"no statement that fills {case.label} was run ({case.plan.made_by}); give a factory that leads there"
    if observed.entered or ran:
        return ""
    of_another = ":" in case.probe.container
    if case.holder is not None and observed.sizes and not case.plan.given and not of_another:
        return f"nothing reached {case.label} ({case.plan.made_by}); give a factory that leads there"
    return ""


def _is_missed(case: ProofSetup, observed: Observation) -> bool:
    """Tell whether the container of one object never had more entries: what ran may have filled that of another one."""
    if case.holder is None or is_a(case.holder.owner, (type, ModuleType, type(None))):
        return False
    # What other acts left there that were tried before does not count.
    return (
        bool(observed.sizes)
        and not case.plan.entered
        and observed.sizes[-1][1] <= observed.sizes[0][1]
        and not case.plan.given
    )


def _unvaried(case: ProofSetup) -> str:
    """Return why the same object, or entry, in each round shows nothing: the same arguments always, or a stand-in."""
    if case.plan.given or case.plan.fresh or all(origin.startswith(_KNOWN) for _, origin in case.plan.origins):
        return ""
    return f"the same object every time, with arguments that are guessed ({case.plan.made_by}); give a factory"


_BUILT_IN = ("dict", "list", "set", "deque")
_WRITTEN = (shown.SHOWN, shown.PASSED)
_KNOWN = ("annotation", "default", "code", "error message", "call at")


def _by_growth(case: ProofSetup, observed: Observation, ran: bool | None) -> WireVerdict:
    points, what = (observed.sizes, case.label) if observed.sizes else (observed.blocks, "the heap")
    shape = fit.classify(points) if observed.sizes else fit.classify(points, noise=BLOCKS)
    bound = case.holder.bound() if case.holder is not None else None
    why = _untouched(case, observed, ran) if shape == fit.CONSTANT or ran is False else ""
    if shape == fit.CONSTANT and not why and any(origin.startswith(_WRITTEN) for _, origin in case.plan.origins):
        why = _unvaried(case)
    if shape == fit.CONSTANT and not why and _is_missed(case, observed):
        why = (
            f"nothing came into {what}, though the statement ran ({case.plan.made_by}); give a factory that leads there"
        )
    if shape == fit.CONSTANT and not why and case.plan.aside:
        why = f"nothing more came into {what} ({case.plan.made_by}); give a factory that leads there"
    if not why and not observed.sizes and _went_along(case, ran):
        why = "no container whose entries could be counted was found"
    if why:
        return unreached(why, fit=shape)
    if bound is not None and shape != fit.CONSTANT:
        return WireVerdict(BOUNDED, f"{what} keeps at most {bound} entries", fit=fit.BOUNDED)
    if shape == fit.LINEAR:
        if not observed.sizes and (case.plan.plain or case.probe.container_kind in _BUILT_IN):
            return unreached("no container whose entries could be counted was found", fit=shape)
        facts = evidence.holder_path(case.holder)
        alone = (
            case.plan.plain and len(case.plan.origins) <= 2
        )  # the parameter and what is watched; else another one varies
        equal = ", even if given what is equal" if alone else ""
        where = f" of {case.plan.aside}" if case.plan.aside else ""
        where += f" when {case.plan.ending}" if case.plan.aside and case.plan.ending else ""
        return WireVerdict(
            CONFIRMED, f"{what} grows with every call{where} and never shrinks{equal}", fit=shape, **facts
        )
    if shape == fit.BOUNDED:
        return WireVerdict(BOUNDED, f"{what} stops growing", fit=shape)
    if case.plan.plain and observed.sizes and observed.sizes[-1][1] > case.empty:
        return WireVerdict(BOUNDED, f"{what} has one entry for each value, however often it is given", fit=shape)
    return WireVerdict(REFUTED, f"{what} does not grow", fit=shape)


def _by_absence(case: ProofSetup, observed: Observation, ran: bool | None) -> WireVerdict:
    why = _untouched(case, observed, ran)
    if not why and case.plan.aside and not observed.entered:
        why = f"nothing came into {case.label} ({case.plan.made_by}); give a factory that leads there"
    if not why and not case.plan.copies and not observed.entered and _is_missed(case, observed):
        why = f"nothing came into {case.label}, though the statement ran ({case.plan.made_by}); give a factory"
    if why:
        return unreached(why)
    if not observed.created and observed.rounds > 1:
        why = _unvaried(case)
        return unreached(why) if why else WireVerdict(BOUNDED, "the same object every time", fit=fit.BOUNDED)
    if _went_along(case, ran):
        name, example = case.probe.symbol.rpartition(":")[2], kept_objects.only_in_an_example(case.probe)
        if example and ran:
            reason = f"{name} goes with the object that has it, and only an example keeps such a one ({example})"
            return WireVerdict(REFUTED, reason, fit=fit.CONSTANT)
        return unreached(f"no object that has {name} and lives as long as the program was found; give a factory")
    if observed.lagging and not observed.classes:
        return WireVerdict(
            GC_LAG, f"{observed.lagging} of {observed.rounds} objects died only in a collection", fit=fit.CONSTANT
        )
    growth = _growth(observed)
    if sandbox.stands_in():
        return unreached("every object died, but with a stand-in for a child process; give a factory")
    reason = "every object died once nobody used it"
    if case.plan.copies:
        reason = f"nothing comes into {case.label}: another object is filled and returned, and every such object died"
    if growth is not None and growth > GROWS:
        reason += f", though {case.label} grows"
    return WireVerdict(REFUTED, reason, fit=fit.CONSTANT)


def _went_along(case: ProofSetup, ran: bool | None) -> bool:
    """Tell whether the flagged container is one of each object, and went with the object that has it: nothing is known of
    one that stays. Code that was repaired since is taken as it is.
    """
    known = bool(ran) or not case.probe.stores
    return known and case.holder is None and not case.plan.given and kept_objects.is_of_objects(case.probe)


def _by_presence(
    case: ProofSetup, observed: Observation, ran: bool | None, explained: evidence.Evidence
) -> WireVerdict:
    shape = fit.classify(observed.alive)
    bound = case.holder.bound() if case.holder is not None else None
    facts: dict[str, Any] = explained.facts
    if case.holder is None and kept_objects.only_in_an_example(case.probe):
        return unreached("the object that has the container stays; give a factory", fit=shape)
    if ran is False:
        kept = f"what stays is kept by {explained.root}" if explained.root else "what stays is kept by something else"
        return unreached(f"{_untouched(case, observed, ran)}; {kept}", fit=shape)
    if observed.created <= 1 and observed.rounds > 1:
        why = _unvaried(case)
        return unreached(why) if why else WireVerdict(BOUNDED, "the same object every time", fit=fit.BOUNDED)
    if explained.elsewhere:
        if bound is None and shape == fit.LINEAR and explained.inside:
            reason = f"kept by {case.label} and by {explained.elsewhere}: emptying one alone frees nothing"
            return unreached(reason, fit=shape)
        reason = f"alive, but not because of {case.label}: {explained.elsewhere} keeps it"
        return WireVerdict(REFUTED, reason, fit=shape, **facts)
    if bound is None and shape != fit.LINEAR and observed.survivors <= 1 and (why := _unvaried(case)):
        return unreached(why, fit=shape)
    if bound is not None or shape != fit.LINEAR:
        most = bound if bound is not None else observed.survivors
        return WireVerdict(BOUNDED, f"no more than {most} stay alive", fit=fit.BOUNDED, **facts)
    if explained.astray:
        return unreached(
            f"what stays is kept by {explained.root}, and nothing shows that {case.label} keeps it, too", fit=shape
        )
    if case.plan.wrong:
        return unreached(f"{case.plan.wrong}, and a stand-in for it proves nothing; give a factory", fit=shape)
    return WireVerdict(CONFIRMED, "alive after del and a full collection", fit=shape, **facts)
