"""Turn a probe into one repeatable act: ``make(number)`` does what fills the holder and returns what must die."""

from __future__ import annotations

import inspect
import itertools
import sys
from dataclasses import replace
from functools import partial
from typing import Any, Callable, Iterator

from . import (
    applications,
    build,
    callers,
    factories,
    failing,
    kept_objects,
    ladder,
    once,
    recipes,
    sandbox,
    scenarios,
    search,
    shown,
    store_acts,
    trial,
)
from .act import Act, UnreachableError, completed, finished, other_ending, perform, resolve, tracked_argument
from .early import is_a
from .holder import unwrap
from .patience import Patience
from .seats import seats
from .strategy import Make, Strategy
from .wire import WireProbe

SECONDS = 4.0  # of CPU time, for finding a way that leads to the flagged statement


_OF_OBJECTS = ("method", "property", "set")
_NOTHING = ladder.Recipe(lambda number: None, "an argument made for the purpose", "", True)


def plan(
    probe: WireProbe,
    given: dict[str, str],
    scratch: str,
    judge: trial.Trial = trial.UNKNOWN,
    element: Any = None,
    module: Any = None,
) -> Strategy:
    """Return the surest way to do what the probe says. Raises ``UnreachableError``,
    ``once.SingleError`` or ``scenarios.ScenarioError``.

    Of several ways the first that runs the flagged statement and makes another object each time is taken. ``element`` is
    the type that the holder's annotation gives. Without a factory of the user's, or with one that asks for it, the process
    may from then on change nothing outside ``scratch``.
    """
    act = resolve(probe)._replace(element=element)
    owner = judge.holder.owner if judge.holder is not None else None
    if act.kind in _OF_OBJECTS and probe.track != "subject" and is_a(act.subject, type) and is_a(owner, act.subject):
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
        raise once.SingleError(f"the program makes one {act.subject.__qualname__}, {single.how} ({single.place})")
    failures: list[BaseException] = []
    best = _on_kept(act, probe, judge, module) if judge.holder is None and module is not None else None
    patience = Patience(SECONDS)
    if best is None:
        ways = _all_candidates(act, probe, failures, patience, failing.errors(judge.lines))
        best = _best(ways, judge, patience, failures)
    if judge.lines and (best is None or best.ran is False):
        patience = Patience(SECONDS)
        ways = _aside(act, probe, judge, patience, None)
        best = _best(ways, judge._replace(counts=True), patience, failures) or best
    if best is None:
        raise UnreachableError(_explain(act, failures[0] if failures else None))
    return best


def _on_kept(act: Act, probe: WireProbe, judge: trial.Trial, module: Any) -> Strategy | None:
    """Return the surest way to fill the container of an object that is kept meanwhile, or None if there is none."""
    kept = kept_objects.find(probe, module, act.subject)
    if kept is None:
        return None
    judge = judge._replace(holder=kept.holder, empty=kept.empty, counts=True)
    live = kept_objects.of_kind(kept.root, act.subject) if act.kind in _OF_OBJECTS else None
    failures: list[BaseException] = []
    best, patience = None, Patience(SECONDS)
    if live is not None:
        track = "growth" if probe.track == "subject" else probe.track
        ways = _all_candidates(act._replace(live=live), replace(probe, track=track), failures, patience, ())
        marked = (way._replace(track=track, aside=act.name, others=(), early=None) for way in ways)
        best = _best(marked, judge, patience, failures)
    if best is None and judge.lines:
        patience = Patience(SECONDS)
        best = _best(_aside(act, probe, judge, patience, kept), judge, patience, failures)
    return best and best._replace(kept=kept)


def _best(
    ways: Iterator[Strategy], judge: trial.Trial, patience: Patience, failures: list[BaseException]
) -> Strategy | None:
    """Return the first of some ways that shows all, or else the one that shows most; None if none works."""
    best, rank = None, -1
    for candidate in map(_numbered, _guarded(ways, failures)):
        try:
            tried = judge.tried(candidate.make)
        except MemoryError:
            raise
        except Exception as error:
            failures.append(error.with_traceback(None))
            tried = None
        if candidate.aside and tried is not None and not _fills(candidate, tried):
            tried = None
        if tried is not None and tried.rank > rank:
            best, rank = candidate._replace(ran=tried.ran, fresh=tried.fresh, entered=tried.entered), tried.rank
        if rank == 3 or patience.over():
            break
    return best


def _fills(candidate: Strategy, tried: trial.Tried) -> bool:
    """Tell whether another act than the finding's ran the flagged statement and filled the holder with what users pass."""
    if any(origin == "stand-in" for _, origin in candidate.origins):
        return False
    return bool(tried.ran) and (tried.entered or candidate.track == "result")


def _aside(
    act: Act, probe: WireProbe, judge: trial.Trial, patience: Patience, kept: kept_objects.KeptObject | None
) -> Iterator[Strategy]:
    """Yield ways to run the flagged statements by the functions that have them: what these return is watched, if it is what
    the finding says is kept, else the growth of the holder.
    """
    for other in store_acts.acts(judge.lines):
        owner = kept.root if kept is not None else judge.holder.owner if judge.holder is not None else None
        if other.kind in _OF_OBJECTS:
            other = other._replace(live=kept_objects.of_kind(owner, other.subject) if owner is not None else None)
        if kept is not None and other.live is None:
            continue
        for track in ("result", "growth"):
            kind = act.subject if track == "result" else None
            if track == "growth" and judge.holder is None:
                continue
            if track == "result" and (not is_a(kind, type) or other.kind not in ("call", "method")):
                continue
            for way in _guarded(_candidates(other, replace(probe, track=track), patience, ()), []):
                make = partial(_instance, way.make, kind) if kind is not None else way.make
                aside = other.name or other.subject.__qualname__
                yield way._replace(make=make, track=track, aside=aside, others=(), early=None)
                if patience.over():
                    return


def _instance(make: Make, kind: Any, number: int) -> Any:
    """Make an object and return it if it is one of a class. Raises ``TypeError``."""
    box = [make(number)]
    if not is_a(box[0], kind):
        raise TypeError(f"returned no {kind.__qualname__}")
    return box.pop()


def _numbered(found: Strategy) -> Strategy:
    """Return the plan with a number of its own for each time that the act is done, whatever the round's number is."""
    make = found.make
    early = found.early and _numbered(found.early)
    return found._replace(make=lambda number: make(search.next_number()), early=early)


def _all_candidates(
    act: Act, probe: WireProbe, failures: list[BaseException], patience: Patience, errors: tuple[Any, ...]
) -> Iterator[Strategy]:
    """Yield the ways through the public callers of a private method, then those to the method itself.

    Callers are tried for half of the time, so that some of it is left for the method.
    """
    acts = []
    if act.kind == "method" and act.argument is None:
        for name in callers.public(act.subject, act.name):
            made = name == "__init__"
            raw = inspect.getattr_static(act.subject, name, None)
            public = Act("construct", "", act.subject, act.subject, None)
            acts.append(public if made else act._replace(name=name, function=unwrap(raw)))
    for option in acts:
        if patience.over(0.5):
            break
        yield from _guarded(_candidates(option, probe, patience, errors), failures)
    yield from _guarded(_candidates(act, probe, patience, errors), failures)


def _guarded(strategies: Iterator[Strategy], failures: list[BaseException]) -> Iterator[Strategy]:
    """Yield the ways until finding the next one fails, and note why."""
    try:
        yield from strategies
    except MemoryError:
        raise
    except Exception as error:
        failures.append(error.with_traceback(None))


def _candidates(act: Act, probe: WireProbe, patience: Patience, errors: tuple[Any, ...]) -> Iterator[Strategy]:
    """Yield ways to do the act without a factory, surest first; what takes long only as long as there is time.

    ``errors`` are the exceptions that handlers which lead to the flagged statement wait for.
    """
    if act.kind == "construct" and act.argument is None:
        for made in _recipes(act, False, errors):
            source = recipes.python(f"made = {made.source}") if made.source else ""
            make = _maker(made)
            yield Strategy(make, made.how, source, given=False, origins=made.origins, others=())
        return
    for recipe in _recipes(act, probe.track != "subject", errors) if act.kind in _OF_OBJECTS else [_NOTHING]:
        done = completed(act, lambda recipe=recipe: recipe.call(0))  # type: ignore[misc]
        ways: list[Callable[[int], build.BuiltArguments]] = []
        known = build.call(done.function, skip_self=done.skip_self)
        # One after the other: looking for those that the program shows does the act, and may fill what the first would fill.
        for arguments in itertools.chain(known, _shown(done, probe, recipe), _failing(done, errors)):
            ways.append(arguments)
            yield _with(done, probe, recipe, arguments)
        for arguments in ways:
            if not patience.over(0.3):  # what waits each time leaves the time for the rounds
                yield from _otherwise(done, probe, recipe, arguments)
        if not patience.over():
            yield from _by_search(done, probe, recipe)


def _shown(act: Act, probe: WireProbe, recipe: ladder.Recipe) -> Iterator[Callable[[int], build.BuiltArguments]]:
    """Yield ways to make the arguments as calls of the program do, with other texts where their like are accepted."""
    parameters, hints = build.describe(act.function, act.skip_self)
    for chosen in shown.choices(act.function, parameters):
        arguments = partial(build.arguments, parameters, hints, "required", chosen=chosen)
        make = _with(act, probe, recipe, arguments).make
        if search.attempt(make, search.next_number()) is None:
            search.vary(make, chosen, act.function)
            yield arguments


def _failing(act: Act, errors: tuple[Any, ...]) -> Iterator[Callable[[int], build.BuiltArguments]]:
    """Yield ways to make the arguments of the act so that what it calls of them raises an exception."""
    parameters, hints = build.describe(act.function, act.skip_self)
    for error in errors:
        chosen = build.failing_choices(parameters, hints, error)
        if chosen:
            yield partial(build.arguments, parameters, hints, "required", chosen=chosen)


def _otherwise(
    act: Act, probe: WireProbe, recipe: ladder.Recipe, arguments: Callable[[int], build.BuiltArguments]
) -> Iterator[Strategy]:
    """Yield the act with these arguments left early, if it has an end, with a call of what it returns, and done twice."""
    if other_ending(act):
        yield _with(act._replace(early=True), probe, recipe, arguments)
    if act.kind in ("call", "method") and _returns_function(act.function):
        for what in ("function", "class"):
            yield _with(act._replace(decorates=what), probe, recipe, arguments)
    yield _with(act._replace(times=2), probe, recipe, arguments)


def _returns_function(function: Any) -> bool:
    """Tell whether functions are defined inside a function, one of which it may return."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return any(inspect.iscode(constant) for constant in getattr(code, "co_consts", ()))


def _by_search(act: Act, probe: WireProbe, recipe: ladder.Recipe) -> Iterator[Strategy]:
    """Yield the act with arguments that were found by trial, where the surer ones are rejected."""
    parameters, hints = build.describe(act.function, act.skip_self)
    names = [item.name for item in build.required(parameters)]
    if act.argument is not None and act.argument < len(names):
        names.pop(act.argument)
    chosen: build.Choices = {}

    def arguments(number: int) -> build.BuiltArguments:
        return build.arguments(parameters, hints, "required", number, chosen=chosen)

    plan = _with(act, probe, recipe, arguments)
    if (
        names
        and search.attempt(plan.make, search.next_number()) is not None
        and search.searched(plan.make, names, chosen, act.function)
    ):
        yield _with(act, probe, recipe, arguments)


def _maker(recipe: ladder.Recipe) -> Make:
    return lambda number: finished(recipe.call(number))


def _with(
    act: Act, probe: WireProbe, recipe: ladder.Recipe, arguments: Callable[[int], build.BuiltArguments]
) -> Strategy:
    """Return the plan that does the act with these arguments on the object of a recipe."""

    def make(number: int) -> Any:
        hand = [] if recipe is _NOTHING else [recipe.call(number)]
        return perform(act, hand, arguments(number), number, probe.track)

    sample = arguments(0)
    tracked = tracked_argument(act.function, act.argument, 0, act.element) if act.argument is not None else None
    origins = [*recipe.origins, *sample.origins]
    ending = other_ending(act)
    if tracked is not None:
        origins.append(("the watched argument", tracked.made.origin or "annotation"))
    return Strategy(
        make,
        _how(act, recipe, sample),
        _source(act, recipe, sample, probe),
        given=False,
        plain=tracked is not None and tracked.plain,
        wrong=tracked.wrong if tracked is not None else "",
        origins=tuple(dict.fromkeys(origins)),
        others=tuple(_others(act, recipe, sample, arguments)),
        early=_with(act._replace(early=True), probe, recipe, arguments) if ending and not act.early else None,
        ending=ending if act.early else "",
    )


def _others(
    act: Act, recipe: ladder.Recipe, sample: build.BuiltArguments, arguments: Callable[[int], build.BuiltArguments]
) -> Iterator[tuple[str, Make]]:
    """Yield the same act with each argument that is an object of the program's own as what is watched."""
    for place, value in enumerate(sample.args):
        home = type(value).__module__
        if act.argument is not None or home.startswith("leaklint_runtime") or home in ("builtins", "enum"):
            continue

        def make(number: int, place: int = place) -> Any:
            hand = [] if recipe is _NOTHING else [recipe.call(number)]
            call = arguments(number)
            box = [call.args[place]]
            perform(act, hand, call, number, "result")
            del call
            return box.pop()

        yield type(value).__qualname__, make


def _recipes(act: Act, live: bool, errors: tuple[Any, ...]) -> Iterator[ladder.Recipe]:
    """Yield ways to make the object of a class, or the one that the program made where it makes but one."""
    if act.live is not None:
        yield ladder.Recipe(lambda number: act.live, "the object of the program that has the holder", "", True)
        return
    single = once.made_once(act.subject)
    if single is not None:
        held = next((seat.obj for seat in seats(act.subject, sys.modules[act.subject.__module__])), None)
        if held is not None:
            yield ladder.Recipe(lambda number: held, f"the one object that is made at {single.place}", "", True)
    try:
        first = ladder.construct(act.subject)
    except build.CannotBuildError:
        seat = next(seats(act.subject, sys.modules[act.subject.__module__]), None) if live else None
        if seat is None:
            raise
        yield ladder.Recipe(lambda number: seat.obj, f"the object that is {seat.name} of the program", "", True)
        return
    yield first
    for error in errors:
        yield from ladder.failing(act.subject, first, error)
    yield from ladder.variants(act.subject, first)


def _how(act: Act, recipe: ladder.Recipe, sample: build.BuiltArguments) -> str:
    aside = ", left early" if act.early else ", done twice" if act.times > 1 else ""
    aside = f", then on a {act.decorates}" if act.decorates else aside
    if act.kind == "call":
        return "call with " + ("its annotations" if sample.sure else "guessed arguments") + aside
    return (recipe.how if recipe is _NOTHING else f"{recipe.how}, then {act.name}") + aside


def _source(act: Act, recipe: ladder.Recipe, sample: build.BuiltArguments, probe: WireProbe) -> str:
    """Return the act as Python text, or nothing where its object cannot be written down."""
    if act.kind in _OF_OBJECTS and not recipe.source:
        return ""
    tracked = (
        tracked_argument(act.function, act.argument, 0, act.element).made.source if act.argument is not None else ""
    )
    return recipes.python(recipes.of_act(act, recipe.source, sample, probe.track, tracked))


def _explain(act: Act, failure: BaseException | None) -> str:
    if is_a(failure, UnreachableError):
        return str(failure)
    what = "making {}".format(getattr(act.subject, "__qualname__", "the object")) if act.kind != "call" else act.name
    shown = f"{type(failure).__name__}: {failure}" if failure else "no way to call it"
    if isinstance(failure, build.CannotBuildError):  # which tells the failure that it is about
        shown = str(failure)
    return f"{what} failed ({shown}); give a factory"
