"""Turn a probe into one repeatable act: ``make(number)`` does what fills the holder and returns what must die."""

from __future__ import annotations

import inspect
import sys
from typing import Any, Callable, Iterator, NamedTuple

from . import build, ladder, recipes, sandbox, scenarios
from .act import Act, UnreachableError, completed, finished, perform, resolve, thing
from .wire import Probe

Make = Callable[[int], Any]


class Plan(NamedTuple):
    """``make`` does the act; ``made_by`` names the way, ``recipe`` is Python text, ``given`` if it is the user's."""

    make: Make
    made_by: str
    recipe: str
    given: bool


_OF_OBJECTS = ("method", "property", "set")
_NOTHING = ladder.Recipe(lambda number: None, "an argument made for the purpose", "", True)


def plan(probe: Probe, factories: dict[str, str], scratch: str) -> Plan:
    """Return the surest way to do what the probe says. Raises ``UnreachableError`` or ``scenarios.ScenarioError``.

    Without a factory of the user's, or with one that asks for it, the process may from then on change nothing outside
    ``scratch``.
    """
    act = resolve(probe)
    names = (probe.symbol, probe.fingerprint, probe.subject, probe.code)
    factory = scenarios.find(probe.factory, factories, *names)
    if scratch and (factory is None or getattr(factory, "careful", False)):
        sandbox.be_careful(scratch)
    if factory is not None:
        return _by_factory(act, factory, probe)
    if act.kind == "factory":
        raise UnreachableError("the probe names no factory")
    failure: BaseException | None = None
    for candidate in _candidates(act, probe):
        try:
            candidate.make(0)
        except MemoryError:
            raise
        except Exception as error:
            failure = failure or error.with_traceback(None)
            continue
        return candidate
    raise UnreachableError(_explain(act, failure))


def _by_factory(act: Act, factory: Any, probe: Probe) -> Plan:
    """Let the factory make the object, and do the act with it unless the factory does that itself."""
    takes_number = _takes_a_number(factory)

    def make(number: int) -> Any:
        made = finished(factory(number) if takes_number else factory())
        return None if act.kind == "factory" and probe.track == "growth" else made

    done = act.kind == "factory" or _runs(act, make)
    recipe = recipes.python(recipes.of_factory(factory, takes_number))
    how = "user factory {}".format(getattr(factory, "__qualname__", "callable"))
    if done or act.kind == "construct" or (act.kind == "call" and act.argument is None):
        return Plan(make, how, recipe, given=True)
    act = completed(act, lambda: make(0))
    for arguments in build.call(act.function, skip_self=act.skip_self):

        def act_on(number: int, arguments: Any = arguments) -> Any:
            return perform(act, [make(number)], arguments(number), number, probe.track)

        try:
            act_on(0)
        except Exception:
            continue
        return Plan(act_on, how, "", True)
    return Plan(make, how, recipe, given=True)


def _takes_a_number(factory: Any) -> bool:
    try:
        parameters = inspect.signature(factory).parameters.values()
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return any(item.kind in positional and item.default is inspect.Parameter.empty for item in parameters)


def _runs(act: Act, make: Make) -> bool:
    """Tell whether the factory already does the act, by watching once which functions it runs."""
    wanted = _codes(act.function)
    seen: list[bool] = []

    def watch(frame: Any, event: str, _: Any) -> None:
        if event == "call" and frame.f_code in wanted:
            seen.append(True)

    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        make(0)
    finally:
        sys.setprofile(before)
    return bool(seen)


def _codes(function: Any) -> frozenset[Any]:
    """Return the code of a function and of all that it wraps."""
    found: list[Any] = []
    while function is not None and len(found) < 20:
        found.append(getattr(function, "__code__", None))
        function = getattr(function, "__wrapped__", None) or getattr(function, "__func__", None)
    return frozenset(code for code in found if inspect.iscode(code))


def _candidates(act: Act, probe: Probe) -> Iterator[Plan]:
    """Yield ways to do the act without a factory, surest first."""
    if act.kind == "construct" and act.argument is None:
        made = ladder.construct(act.subject)
        source = recipes.python(f"made = {made.source}") if made.source else ""
        yield Plan(lambda number: finished(made.call(number)), made.how, source, given=False)
        return
    recipe = ladder.construct(act.subject) if act.kind in _OF_OBJECTS else _NOTHING
    act = completed(act, lambda: recipe.call(0))
    for arguments in build.call(act.function, skip_self=act.skip_self):

        def make(number: int, arguments: Any = arguments) -> Any:
            hand = [] if recipe is _NOTHING else [recipe.call(number)]
            return perform(act, hand, arguments(number), number, probe.track)

        sample = arguments(0)
        yield Plan(make, _how(act, recipe, sample), _source(act, recipe, sample, probe), given=False)


def _how(act: Act, recipe: ladder.Recipe, sample: build.Call) -> str:
    if act.kind == "call":
        return "call with " + ("its annotations" if sample.sure else "guessed arguments")
    return recipe.how if recipe is _NOTHING else f"{recipe.how}, then {act.name}"


def _source(act: Act, recipe: ladder.Recipe, sample: build.Call, probe: Probe) -> str:
    """Return the act as Python text, or nothing where its object cannot be written down."""
    if act.kind in _OF_OBJECTS and not recipe.source:
        return ""
    tracked = thing(act.function, act.argument, 0).source if act.argument is not None else ""
    return recipes.python(recipes.of_act(act, recipe.source, sample, probe.track, tracked))


def _explain(act: Act, failure: BaseException | None) -> str:
    what = "making {}".format(getattr(act.subject, "__qualname__", "the object")) if act.kind != "call" else act.name
    shown = f"{type(failure).__name__}: {failure}" if failure else "no way to call it"
    return f"{what} failed ({shown}); give a factory"
