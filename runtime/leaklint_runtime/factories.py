"""The plan that a user's factory is: it makes the object, and does the act with it unless it has done that itself."""

from __future__ import annotations

import inspect
import sys
from functools import partial
from typing import Any

from . import build, reached, recipes
from .act import Act, completed, finished, other_ending, perform
from .strategy import Make, Strategy
from .trial import Trial
from .wire import WireProbe


def by_factory(act: Act, factory: Any, probe: WireProbe, judge: Trial) -> Strategy:
    """Return the plan of a user's factory, with what a trial of it shows."""
    if not judge.lines:
        return _with_factory(act, factory, probe)
    plans: list[Strategy] = []
    ran = reached.runs(lambda: plans.append(_with_factory(act, factory, probe)), judge.lines)
    found = plans.pop()
    return found._replace(ran=ran or judge.tried(found.make).ran)


def _with_factory(act: Act, factory: Any, probe: WireProbe) -> Strategy:
    """Let the factory make the object, and do the act with it unless the factory does that itself."""
    takes_number = _takes_a_number(factory)

    def make(number: int) -> Any:
        made = finished(factory(number) if takes_number else factory())
        return None if act.kind == "factory" and probe.track == "growth" else made

    done = act.kind == "factory" or _runs(act, make)
    recipe = recipes.python(recipes.of_factory(factory, takes_number))
    how = "user factory {}".format(getattr(factory, "__qualname__", "callable"))
    if done or act.kind == "construct" or (act.kind == "call" and act.argument is None):
        return Strategy(make, how, recipe, given=True)
    act = completed(act, lambda: make(0))
    for arguments in build.call(act.function, skip_self=act.skip_self):

        def act_on(number: int, act: Act = act, arguments: Any = arguments) -> Any:
            return perform(act, [make(number)], arguments(number), number, probe.track)

        try:
            act_on(0)
        except Exception:
            continue
        left, ending = partial(act_on, act=act._replace(early=True)), other_ending(act)
        early = Strategy(left, f"{how}, left early", "", True, ending=ending) if ending else None
        return Strategy(act_on, how, "", True, early=early)
    return Strategy(make, how, recipe, given=True)


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
