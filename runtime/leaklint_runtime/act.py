"""What fills the holder, resolved from a probe, and how it is done without keeping anything.

A traceback that the code under test keeps also keeps the frames that called it, and with them their local variables. So
the functions here hold what they make in lists, and take it out as they return: a frame that stays alive then holds
nothing of it.
"""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from types import CoroutineType
from typing import Any, Callable, NamedTuple

from . import build
from .early import is_a
from .holder import ABSENT, lookup, unwrap
from .stubs import Stub, Thing
from .values import Made
from .wire import Probe

TURNS = 5


class UnreachableError(Exception):
    """The act cannot be done; the text says why."""


class Act(NamedTuple):
    """The trigger, resolved: ``kind`` is its first word, ``name`` a method's or function's name.

    Of the kind ``factory`` all is done by the factory, which is not looked for here.
    """

    kind: str
    name: str
    function: Any
    subject: Any
    argument: int | None
    skip_self: bool = False


def resolve(probe: Probe) -> Act:
    """Find the class and function that the probe names. Raises ``UnreachableError``."""
    kind, _, name = probe.trigger.partition(":")
    argument = int(probe.track.partition(":")[2]) if probe.track.startswith("argument:") else None
    if kind == "factory":
        return Act(kind, "", None, None, argument)
    subject = named(probe.subject) if probe.subject else None
    if kind == "call":
        return Act(kind, name, named(name), subject, argument)
    if not isinstance(subject, type):
        raise UnreachableError("the probe names no class that could be made ({})".format(probe.subject or "none"))
    if kind == "construct":
        return Act(kind, "", subject, subject, argument)
    if kind == "set":
        return Act(kind, name, lookup(subject, name).__set__, subject, argument, skip_self=True)
    if kind not in ("method", "property"):
        raise UnreachableError(f"the probe's trigger {probe.trigger!r} is none that is known")
    raw = lookup(subject, name)
    if raw is ABSENT:
        # Perhaps each instance gets it when it is made; ``completed`` looks there.
        return Act(kind, name, None, subject, argument)
    return Act(kind, name, unwrap(raw), subject, argument, skip_self=not isinstance(raw, staticmethod))


def completed(act: Act, sample: Callable[[], Any]) -> Act:
    """Look for a method that the class lacks on an instance. Raises ``UnreachableError`` if it is not there either."""
    if act.function is not None:
        return act
    found = getattr(sample(), act.name, None)
    if found is None:
        raise UnreachableError(f"{act.subject.__qualname__} has no {act.kind} {act.name!r}")
    return act._replace(function=found)


def named(place: str) -> Any:
    """Return the object at ``module:qualified.name``, importing the module. Raises ``UnreachableError``."""
    module, _, path = place.partition(":")
    found: Any = sys.modules.get(module) or importlib.import_module(module)
    if "<locals>" in path:
        raise UnreachableError(f"{place} exists only inside a running function")
    for name in path.split("."):
        found = getattr(found, name, ABSENT)
        if found is ABSENT:
            raise UnreachableError(f"there is no {place} at run time")
    return found


def perform(act: Act, hand: list[Any], call: build.Call, number: int, track: str) -> Any:
    """Do the act and return what is tracked.

    ``hand`` holds the object that a method or property belongs to, or the tracked argument of a call, and is emptied.
    """
    args, kwargs = list(call.args), dict(call.kwargs)
    if act.argument is not None:
        args += [Stub() for _ in range(act.argument + 1 - len(args))]
        args[act.argument] = (
            hand.pop() if act.kind == "call" and hand else thing(act.function, act.argument, number).value
        )
    result: list[Any] = []
    try:
        _do(act, hand, args, kwargs, result)
        if act.argument is not None:
            return args.pop(act.argument)
        return result.pop() if act.kind in ("call", "construct") or track == "result" else hand.pop()
    finally:
        for held in (args, kwargs, result, hand):
            held.clear()


def _do(act: Act, hand: list[Any], args: list[Any], kwargs: dict[str, Any], result: list[Any]) -> None:
    if act.kind == "property":
        result.append(finished(getattr(hand[0], act.name)))
    elif act.kind == "set":
        setattr(hand[0], act.name, args[0])
    elif act.kind == "construct":
        result.append(finished(act.subject(*args, **kwargs)))
    elif act.kind == "call":
        result.append(finished(act.function(*args, **kwargs)))
    elif act.name == "__enter__":
        with hand[0] as entered:
            result.append(entered)
        del entered
    elif act.name == "__aenter__":
        in_loop(_enter, hand[0], result)
    else:
        result.append(finished(getattr(hand[0], act.name)(*args, **kwargs)))


async def _enter(manager: Any, result: list[Any]) -> None:
    async with manager as entered:
        result.append(entered)


def thing(function: Any, place: int, number: int) -> Made:
    """Return a fresh object that can be watched, for the parameter at ``place`` (``self`` and ``cls`` not counted)."""
    parameters, hints = build.describe(function)
    parameters = [item for item in parameters if item.name not in ("self", "cls")]
    item = parameters[place] if place < len(parameters) else None
    hint = hints.get(item.name) if item else None
    if isinstance(hint, type) and hint.__module__ not in ("builtins", "typing"):
        with suppress(build.CannotBuildError):
            return build.nested(hint, number, 0)
    if item is not None and any(word in item.name for word in _FUNCTIONS):
        return Made(lambda *_, **__: number, "lambda *_, **__: number", False)
    return Made(Thing(number), "leaklint_runtime.stubs:Thing(number)", False)


_FUNCTIONS = ("func", "callback", "handler", "fn", "hook", "listener", "observer", "subscriber")


def finished(value: Any) -> Any:
    """Run a coroutine to its end and return its result; anything else as it is."""
    return in_loop(lambda: value) if is_a(value, CoroutineType) else value


def in_loop(function: Callable[..., Any], *args: Any) -> Any:
    """Call ``function`` inside the running event loop of this experiment, and wait for what can be waited for.

    The loop stays open, for tasks that were started live as long as their loop; those that are ready get a turn.
    """
    # imported here because it costs more than the rest of this package, and few probes need it
    import asyncio

    async def run() -> Any:
        made = function(*args)
        return await made if hasattr(type(made), "__await__") else made

    if not _loops:
        _loops.append(asyncio.new_event_loop())
    try:
        return _loops[0].run_until_complete(run())
    finally:
        give_turns()


_loops: list[Any] = []


def give_turns(seconds: float = 0.0) -> None:
    """Let the tasks of the loop go on: those that are ready, and for so long those that wait."""
    if _loops:
        import asyncio

        for _ in range(TURNS):
            _loops[0].run_until_complete(asyncio.sleep(seconds / TURNS))


def close_loop() -> None:
    """Close the loop of this experiment, if there is one."""
    while _loops:
        _loops.pop().close()
