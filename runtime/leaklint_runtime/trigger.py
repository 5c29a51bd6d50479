"""Turn a probe into one repeatable act: ``make(number)`` does what fills the holder and returns what must die."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Iterator

from . import (
    applications,
    build,
    candidates,
    factories,
    failing,
    kept_objects,
    once,
    sandbox,
    scenarios,
    search,
    store_acts,
    trial,
    values,
)
from .act import Act, BoundedError, UnreachableError, other_ending, resolve
from .early import is_a
from .patience import Patience
from .strategy import Make, Strategy
from .wire import WireProbe

SECONDS = 4.0  # of CPU time, for finding a way that leads to the flagged statement


def plan(
    probe: WireProbe,
    given: dict[str, str],
    scratch: str,
    judge: trial.Trial = trial.UNKNOWN,
    element: Any = None,
    module: Any = None,
) -> Strategy:
    """Return the surest way to do what the probe says. Raises ``UnreachableError``,
    ``BoundedError`` or ``scenarios.ScenarioError``.

    Of several ways the first that runs the flagged statement and makes another object each time is taken. ``element`` is
    the type that the holder's annotation gives. Without a factory of the user's, or with one that asks for it, the process
    may from then on change nothing outside ``scratch``.
    """
    act = resolve(probe)._replace(element=element)
    owner = judge.holder.owner if judge.holder is not None else None
    if (
        act.kind in candidates.OF_OBJECTS
        and probe.track != "subject"
        and is_a(act.subject, type)
        and is_a(owner, act.subject)
    ):
        act = act._replace(live=owner)
    names = (probe.symbol, probe.fingerprint, probe.subject, probe.code)
    factory = scenarios.find(probe.factory, given, *names)
    if scratch and (factory is None or getattr(factory, "careful", False)):
        sandbox.be_careful(scratch)
    if factory is not None:
        return factories.by_factory(act, factory, probe, judge)
    if act.kind == "factory":
        raise UnreachableError("the probe names no factory")
    applications.start()
    single = once.made_once(act.subject) if act.kind == "construct" or probe.track == "subject" else None
    if single is not None:
        raise BoundedError(f"the program makes one {act.subject.__qualname__}, {single.how} ({single.place})")
    failures: list[BaseException] = []
    everything = Patience(2 * SECONDS)
    best = _on_kept(act, probe, judge, module) if judge.holder is None and module is not None else None
    patience = Patience(SECONDS)
    if best is None and act.kind in candidates.OF_OBJECTS and kept_objects.only_in_an_example(probe):
        probe = replace(probe, track="subject")  # does the object go that has the container?
    if best is None:
        ways = candidates.through_callers(act, probe, failures, patience, failing.errors(judge.lines))
        best = _best(ways, judge, patience, failures)
        best = best and best._replace(track=probe.track)
    if best is not None and not best.entered and probe.track == "subject" and is_a(owner, act.subject):
        # Nothing came into the container of the one object from another of its class; it may be the one to call.
        best = _on_live(act._replace(live=owner), probe, judge, Patience(SECONDS), failures) or best
    if judge.lines and (best is None or best.ran is False) and not everything.over():
        patience = Patience(SECONDS)
        ways = _aside(act, probe, judge, patience, None)
        best = _best(ways, judge._replace(counts=True), patience, failures) or best
    if best is None:
        first = failures[0] if failures else None
        raise UnreachableError(_explain(act, first)) from first
    if best.early is None and probe.track == "growth" and judge.lines and judge.holder is not None:
        best = best._replace(early=_left_early(act, probe, judge))
    return best


def _left_early(act: Act, probe: WireProbe, judge: trial.Trial) -> Strategy | None:
    """Return the way to leave early a with block that has the flagged statement, where the finding's act does not."""
    for other in store_acts.acts(judge.lines):
        if other.kind != "call" or other.function is act.function or not other_ending(other):
            continue
        patience = Patience(SECONDS / 4)
        ways = candidates.candidates(other._replace(early=True), probe, patience, ())
        marked = (way._replace(aside=other.name, others=(), early=None) for way in ways)
        return _best(marked, judge._replace(counts=True), patience, [])
    return None


def _on_kept(act: Act, probe: WireProbe, judge: trial.Trial, module: Any) -> Strategy | None:
    """Return the surest way to fill the container of an object that is kept meanwhile, or None if there is none."""
    kept = kept_objects.find(probe, module)
    if kept is None:
        return None
    judge = judge._replace(holder=kept.holder, empty=kept.empty, counts=True)
    live = kept.of_kind(act.subject) if act.kind in candidates.OF_OBJECTS else None
    failures: list[BaseException] = []
    best, patience = None, Patience(SECONDS)
    if live is not None:
        best = _on_live(act._replace(live=live), probe, judge, patience, failures)
    if (best is None or best.copies) and judge.lines:
        best = _best(_aside(act, probe, judge, patience, kept), judge, patience, failures) or best
    return best and best._replace(kept=kept)


def _on_live(
    act: Act, probe: WireProbe, judge: trial.Trial, patience: Patience, failures: list[BaseException]
) -> Strategy | None:
    """Return the way in which the act on one object that is kept fills its container, or fills that of a copy of it."""
    track = "growth" if probe.track == "subject" else probe.track
    ways = candidates.through_callers(act, replace(probe, track=track), failures, patience, ())
    marked = (way._replace(track=track, aside=act.name, others=(), early=None) for way in ways)
    best = _best(marked, judge._replace(counts=True), patience, failures, act.name)
    if best is None and judge.lines and act.kind == "method" and not patience.over():
        best = _on_a_copy(act, probe, judge, patience)
    return best


def _on_a_copy(act: Act, probe: WireProbe, judge: trial.Trial, patience: Patience) -> Strategy | None:
    """Return the way in which a method of a kept object fills the container of another one, which it returns, or None."""
    for way in candidates.guarded(candidates.candidates(act, replace(probe, track="result"), patience, ()), []):
        make = partial(_instance, way.make, type(act.live), [])
        copying = _numbered(way._replace(make=make, track="result", others=(), early=None))
        try:
            tried = judge.tried(copying.make)
        except Exception:
            tried = trial.Tried(None, False)
        if tried.ran and tried.fresh and not tried.entered:
            return copying._replace(ran=True, copies=True)
        if patience.over():
            break
    return None


def _best(
    ways: Iterator[Strategy], judge: trial.Trial, patience: Patience, failures: list[BaseException], own: str = ""
) -> Strategy | None:
    """Return the first of some ways that shows all, or else the one that shows most; None if none works.

    ``own`` is the name of the finding's own act, where that is done on one object that is kept.
    """
    best, rank = None, -1
    for candidate in map(_numbered, candidates.guarded(ways, failures)):
        try:
            tried = judge.tried(candidate.make)
        except MemoryError:
            raise
        except Exception as error:
            failures.append(error.with_traceback(None))
            tried = None
        if candidate.aside and tried is not None and not _fills(candidate, tried, candidate.aside == own):
            tried = None
        if tried is not None and tried.rank > rank:
            best, rank = candidate._replace(ran=tried.ran, fresh=tried.fresh, entered=tried.entered), tried.rank
        if rank == 3 or patience.over():
            break
    return best


def _fills(candidate: Strategy, tried: trial.Tried, own: bool) -> bool:
    """Tell whether an act on one kept object, or another one than the finding's, filled the holder by the flagged statement.

    It has to be done with what users pass; the finding's own act takes anything where nothing says what that is.
    """
    if any(
        origin.startswith(values.STAND_IN) and not (own and origin == values.STAND_IN)
        for _, origin in candidate.origins
    ):
        return False
    ran = (
        tried.ran is not False if own else bool(tried.ran)
    )  # what comes in by the act itself need not be by a known line
    return ran and tried.entered and tried.fresh


def _aside(
    act: Act, probe: WireProbe, judge: trial.Trial, patience: Patience, kept: kept_objects.KeptObject | None
) -> Iterator[Strategy]:
    """Yield ways to run the flagged statements by the functions that have them: what these return is watched, if it is what
    the finding says is kept, else the growth of the holder.
    """
    for other in store_acts.acts(judge.lines):
        owner = judge.holder.owner if judge.holder is not None else None
        if other.kind in candidates.OF_OBJECTS:
            live = kept.of_kind(other.subject) if kept is not None else owner if is_a(owner, other.subject) else None
            other = other._replace(live=live)
        if kept is not None and other.live is None and other.kind != "call":
            continue
        for track in ("result", "growth"):
            kind = act.subject if track == "result" else None
            if track == "growth" and judge.holder is None:
                continue
            if track == "result" and (not is_a(kind, type) or other.kind not in ("call", "method")):
                continue
            others: list[Any] = []
            for way in candidates.guarded(candidates.candidates(other, replace(probe, track=track), patience, ()), []):
                make = partial(_instance, way.make, kind, others) if kind is not None else way.make
                aside = other.name or other.subject.__qualname__
                yield way._replace(make=make, track=track, aside=aside, others=(), early=None)
                if patience.over():
                    return
                if others:
                    break  # what the function returns is of another class


def _instance(make: Make, kind: Any, others: list[Any], number: int) -> Any:
    """Make an object and return it if it is one of a class; note the class in ``others`` and raise ``TypeError`` if not."""
    box = [make(number)]
    if not is_a(box[0], kind):
        others.append(type(box[0]))
        raise TypeError(f"returned no {kind.__qualname__}")
    return box.pop()


def _numbered(found: Strategy) -> Strategy:
    """Return the plan with a number of its own for each time that the act is done, whatever the round's number is."""
    make = found.make
    early = found.early and _numbered(found.early)
    return found._replace(make=lambda number: make(search.next_number()), early=early)


def _explain(act: Act, failure: BaseException | None) -> str:
    if is_a(failure, UnreachableError):
        return str(failure)
    what = "making {}".format(getattr(act.subject, "__qualname__", "the object")) if act.kind != "call" else act.name
    shown = f"{type(failure).__name__}: {failure}" if failure else "no way to call it"
    if isinstance(failure, build.CannotBuildError):  # which tells the failure that it is about
        shown = str(failure)
    return f"{what} failed ({shown}); give a factory"
