"""Ways to do an act without a factory, surest first: which object, which arguments, and how it ends."""

from __future__ import annotations

import inspect
import itertools
import sys
from functools import partial
from typing import Any, Callable, Iterator

from . import build, callers, ladder, once, recipes, search, shown, values
from .act import CALLED, Act, completed, finished, other_ending, perform, tracked_argument
from .early import is_a
from .holder import unwrap
from .patience import Patience
from .seats import seats
from .strategy import Make, Strategy
from .stubs import StandIn
from .wire import WireProbe

OF_OBJECTS = ("method", "property", "set")
_NOTHING = ladder.Recipe(lambda number: None, "an argument made for the purpose", "", True)


def through_callers(
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
        yield from guarded(candidates(option, probe, patience, errors), failures)
    yield from guarded(candidates(act, probe, patience, errors), failures)


def guarded(strategies: Iterator[Strategy], failures: list[BaseException]) -> Iterator[Strategy]:
    """Yield the ways until finding the next one fails, and note why."""
    try:
        yield from strategies
    except MemoryError:
        raise
    except Exception as error:
        failures.append(error.with_traceback(None))


def candidates(act: Act, probe: WireProbe, patience: Patience, errors: tuple[Any, ...]) -> Iterator[Strategy]:
    """Yield ways to do the act without a factory, surest first; what takes long only as long as there is time.

    ``errors`` are the exceptions that handlers which lead to the flagged statement wait for.
    """
    if act.kind == "construct" and act.argument is None:
        for made in _recipes(act, False, errors):
            source = recipes.python(f"made = {made.source}") if made.source else ""
            make = _maker(made)
            yield Strategy(make, made.how, source, given=False, origins=made.origins, others=())
        return
    for recipe in _recipes(act, probe.track != "subject", errors) if act.kind in OF_OBJECTS else [_NOTHING]:
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
            yield from _of_plain_values(done, probe, recipe)


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
    depth = _functions_inside(getattr(inspect.unwrap(act.function), "__code__", None))
    if act.kind in ("call", "method"):
        for what in ("function", "class", CALLED)[: min(3, depth + 1) if depth else 0]:
            yield _with(act._replace(decorates=what), probe, recipe, arguments)
    yield _with(act._replace(times=2), probe, recipe, arguments)


def _functions_inside(code: Any) -> int:
    """Return how deep functions are defined one inside another in a function's code, which may return them."""
    inner = [constant for constant in getattr(code, "co_consts", ()) if inspect.iscode(constant)]
    named = [item for item in inner if not item.co_name.startswith("<") or item.co_name == "<lambda>"]
    return max([1 + _functions_inside(item) for item in named], default=0)


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


def _of_plain_values(act: Act, probe: WireProbe, recipe: ladder.Recipe) -> Iterator[Strategy]:
    """Yield the act with a text or a number as what is watched, where nothing says what that is: the code may refuse others."""
    if act.argument is None or not is_a(
        tracked_argument(act.function, act.argument, 0, act.element).made.value, StandIn
    ):
        return
    for value in ("leaklint", 1):
        option = values.literal(value, sure=False)._replace(origin="a value found by trial")
        plain = act._replace(element=values.OneOf((option,), False))
        for arguments in build.call(act.function, skip_self=act.skip_self):
            yield _with(plain, probe, recipe, arguments)


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
        yield ladder.Recipe(lambda number: act.live, "the one object that has the holder", "", True)
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
    yield from _prepared(act, first)
    yield from ladder.variants(act.subject, first)


def _prepared(act: Act, recipe: ladder.Recipe) -> Iterator[ladder.Recipe]:
    """Yield ways to make an object on which another public method was called before, that fills what the act uses."""
    for name in callers.preparing(act.subject, act.name) if act.kind in OF_OBJECTS else ():
        raw = inspect.getattr_static(act.subject, name, None)
        for arguments in build.call(unwrap(raw), skip_self=True):
            make = partial(_after, recipe, name, arguments)
            if search.attempt(make, search.next_number()) is None:
                origins = (*recipe.origins, *[(f"{name}: {item}", said) for item, said in arguments(0).origins])
                yield ladder.Recipe(make, f"{recipe.how}, after {name}", "", False, origins)
                break


def _after(recipe: ladder.Recipe, name: str, arguments: Callable[[int], build.BuiltArguments], number: int) -> Any:
    box, call = [recipe.call(number)], arguments(number)
    returned = finished(getattr(box[0], name)(*call.args, **call.kwargs))
    if type(returned) is type(box[0]):  # a builder may hand out another object with what it was given
        return returned
    return box.pop()


def _how(act: Act, recipe: ladder.Recipe, sample: build.BuiltArguments) -> str:
    aside = ", left early" if act.early else ", done twice" if act.times > 1 else ""
    aside = f", then on a {act.decorates}" if act.decorates else aside
    if act.kind == "call":
        return "call with " + ("its annotations" if sample.sure else "guessed arguments") + aside
    return (recipe.how if recipe is _NOTHING else f"{recipe.how}, then {act.name}") + aside


def _source(act: Act, recipe: ladder.Recipe, sample: build.BuiltArguments, probe: WireProbe) -> str:
    """Return the act as Python text, or nothing where its object cannot be written down."""
    if act.kind in OF_OBJECTS and not recipe.source:
        return ""
    tracked = (
        tracked_argument(act.function, act.argument, 0, act.element).made.source if act.argument is not None else ""
    )
    return recipes.python(recipes.of_act(act, recipe.source, sample, probe.track, tracked))
