"""What fills the holder, resolved from a probe, and how it is done without keeping anything.

A traceback that the code under test keeps also keeps the frames that called it, and with them their local variables. So
the functions here hold what they make in lists, and take it out as they return: a frame that stays alive then holds
nothing of it.
"""

from __future__ import annotations

import collections
import enum
import importlib
import inspect
import itertools
import sys
from types import CoroutineType
from typing import Any, Callable, NamedTuple

from . import build, values
from .early import FunctionType, is_a
from .holder import ABSENT, lookup, unwrap
from .stubs import StandIn, Stub
from .values import BuiltValue
from .wire import WireProbe

TURNS = 5
CALLED = "function that is called"
STEPS = 16  # items that are taken from a generator


class UnreachableError(Exception):
    """The act cannot be done; the text says why."""


class BoundedError(Exception):
    """Whatever is done, no more than so many objects stay; the text says why."""


class LeftEarlyError(Exception):
    """What goes wrong in a with block that is left early."""


class Act(NamedTuple):
    """The trigger, resolved: ``kind`` is its first word, ``name`` a method's or function's name.

    Of the kind ``factory`` all is done by the factory, which is not looked for here. ``live`` is the one object of the
    program whose method it is, if the holder is an attribute of that. ``early`` tells that a with block ends in an error and
    a generator is closed at its first item. ``times`` is how often it is done with the same object and arguments. ``decorates``
    is what the function that it returns is called with: a ``function``, a ``class`` or ``CALLED``; nothing if it is not called.
    """

    kind: str
    name: str
    function: Any
    subject: Any
    argument: int | None
    skip_self: bool = False
    element: Any = None
    live: Any = None
    early: bool = False
    times: int = 1
    decorates: str = ""


def resolve(probe: WireProbe) -> Act:
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


def perform(act: Act, hand: list[Any], call: build.BuiltArguments, number: int, track: str) -> Any:
    """Do the act and return what is tracked.

    ``hand`` holds the object that a method or property belongs to, or the tracked argument of a call, and is emptied.
    A tracked argument that is a plain value is not returned: only the holder's size tells of it.
    """
    args, kwargs = list(call.args), dict(call.kwargs)
    if act.argument is not None:
        args += [Stub() for _ in range(act.argument + 1 - len(args))]
        tracked = (
            [] if act.kind == "call" and hand else [tracked_argument(act.function, act.argument, number, act.element)]
        )
        args[act.argument] = anew(tracked[0].made.value) if tracked else hand.pop()
        if tracked and tracked[0].plain:
            track = "growth"
        tracked.clear()
    result: list[Any] = []
    try:
        for _ in range(act.times):
            result.clear()
            _do(act, hand, args, kwargs, result)
        if act.decorates:
            _decorate(act.decorates, number, result)
        if act.argument is not None:
            return args.pop(act.argument) if track != "growth" else None
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
        result.append(stepped(act.function, finished(act.function(*args, **kwargs)), act.early))
    elif act.name == "__enter__":
        _enter(hand[0], result, act.early)
    elif act.name == "__aenter__":
        in_loop(_enter_async, hand[0], result, act.early)
    else:
        result.append(stepped(act.function, finished(getattr(hand[0], act.name)(*args, **kwargs)), act.early))


def _decorate(what: str, number: int, result: list[Any]) -> None:
    """Call the function that was returned, and put what that returns in its place. Raises ``TypeError`` if it is none.

    What it makes of a function is called, too, if ``what`` is ``CALLED``.
    """
    inner = result.pop()
    if not is_a(inner, FunctionType):
        raise TypeError("what it returns is no function")
    parameters, hints = build.describe(inner)
    first = next(iter(build.required(parameters)), None)
    chosen: build.Choices = {}
    if first is not None and first.name not in hints:
        chosen[first.name] = _named_thing() if what == "class" else _named_function()
    call = build.arguments(parameters, hints, "required", number, chosen=chosen)
    made = finished(inner(*call.args, **call.kwargs))
    result.append(finished(made(f"leaklint{number}")) if what == CALLED else made)


def _named_thing() -> BuiltValue:
    return BuiltValue(type("StandIn", (StandIn,), {}), values.NEW_CLASS, True)


def _named_function() -> BuiltValue:
    def function(*_: Any, **__: Any) -> None:
        """Do nothing."""

    return BuiltValue(function, "lambda *_, **__: None", False, "stand-in")


def other_ending(act: Act) -> str:
    """Return how users may leave the with block or the generator of the act early, in words; nothing if it has none."""
    if act.name in ("__enter__", "__aenter__"):
        return "the with block ends in an error"
    if act.kind not in ("call", "method") or not yields(act.function):
        return ""
    handed = inspect.isgeneratorfunction(act.function) or inspect.isasyncgenfunction(act.function)
    return "the generator is closed early" if handed else "the with block ends in an error"


def yields(function: Any) -> bool:
    """Tell whether a function, or the one that it wraps, is a generator function, asynchronous or not."""
    plain = inspect.unwrap(function) if callable(function) else function
    return inspect.isgeneratorfunction(plain) or inspect.isasyncgenfunction(plain)


def _enter(manager: Any, result: list[Any], early: bool) -> None:
    """Enter and leave a with block; whatever comes out of one that is left early is dropped."""
    try:
        with manager as entered:
            result.append(entered)
            del entered
            if early:
                raise LeftEarlyError
    except Exception:
        if not early or not result:
            raise


async def _enter_async(manager: Any, result: list[Any], early: bool) -> None:
    try:
        async with manager as entered:
            result.append(entered)
            del entered
            if early:
                raise LeftEarlyError
    except Exception:
        if not early or not result:
            raise


class Tracked(NamedTuple):
    """The watched argument: ``made``; ``plain`` if it is a value, of which equal ones count as one; ``wrong`` if it
    stands for a type that could not be made, which the text names.
    """

    made: BuiltValue
    plain: bool = False
    wrong: str = ""


def tracked_argument(function: Any, place: int, number: int, element: Any = None) -> Tracked:
    """Return a fresh object that can be watched, for the parameter at ``place`` (``self`` and ``cls`` not counted).

    ``element`` is what the container's annotation says of its elements. A plain value is the same in each round, and
    made anew; of values that the code lists each has its turn.
    """
    parameters, hints = build.describe(function)
    parameters = [item for item in parameters if item.name not in ("self", "cls")]
    item = parameters[place] if place < len(parameters) else None
    hint = hints.get(item.name) if item else None
    hint = element if hint in (None, Any, object) else hint
    listed = is_a(hint, values.OneOf) or (is_a(hint, type) and issubclass(hint, enum.Enum))
    if listed or hint in _PLAIN or getattr(hint, "__supertype__", None) in _PLAIN or _is_literal(hint):
        made = values.by_annotation(hint, number if listed or _is_literal(hint) else 0, build.nested, 0)
        if made is not None and (type(made.value) in _PLAIN or listed):
            return Tracked(made, plain=not is_a(made.value, FunctionType))
    if hint is type or getattr(hint, "__origin__", None) is type:
        return Tracked(_named_thing())
    if is_a(hint, type) and hint.__module__ not in ("builtins", "typing") and not is_a(hint, values.OneOf):
        try:
            return Tracked(build.nested(hint, number, 0))
        except build.CannotBuildError:
            stand_in = BuiltValue(StandIn(number), "leaklint_runtime.stubs:StandIn(number)", False, "stand-in")
            return Tracked(stand_in, wrong=f"{hint.__qualname__} could not be made")
    fits = values.by_annotation(hint, number, build.nested, 0) if is_a(hint, values.Fitting) else None
    if fits is not None:
        return Tracked(fits)
    if item is not None and any(word in item.name for word in _FUNCTIONS):
        return Tracked(BuiltValue(lambda *_, **__: number, "lambda *_, **__: number", False, "stand-in"))
    guessed = values.by_name(item.name, 0) if item is not None and hint is None else None
    if guessed is not None and type(guessed.value) is str:
        return Tracked(guessed, plain=True)
    return Tracked(BuiltValue(StandIn(number), "leaklint_runtime.stubs:StandIn(number)", False, "stand-in"))


_FUNCTIONS = ("func", "callback", "handler", "fn", "hook", "listener", "observer", "subscriber")
_PLAIN = (str, int, float, bool, bytes, complex)


def _is_literal(hint: Any) -> bool:
    return str(getattr(hint, "__origin__", "")).endswith("Literal")


def anew(value: Any) -> Any:
    """Return an equal text that is another object; anything else as it is."""
    if type(value) is str and len(value) > 1:
        return "".join(list(value))
    return value


def stepped(function: Any, value: Any, early: bool = False) -> Any:
    """Take from a generator what it yields and return the last of it; anything else as it is.

    A generator function runs nothing by itself; one that ``contextlib`` made a context manager of is entered and left.
    ``early`` is as of ``Act``.
    """
    if not yields(function):
        return value
    last: list[Any] = []
    steps = 1 if early else STEPS
    if hasattr(type(value), "__next__"):
        last.extend(collections.deque(itertools.islice(value, steps), maxlen=1))
        close: Any = getattr(value, "close", None)
        if close is not None:
            close()
    elif hasattr(type(value), "__anext__"):
        in_loop(_walk, value, last, steps)
    elif hasattr(type(value), "__enter__"):
        _enter(value, last, early)
    elif hasattr(type(value), "__aenter__"):
        in_loop(_enter_async, value, last, early)
    else:
        return value
    return last.pop() if last else None


async def _walk(generator: Any, last: list[Any], steps: int) -> None:
    count = 0
    async for item in generator:
        last[:] = [item]
        count += 1
        if count == steps:
            break
    await generator.aclose()


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
    running = _loops[0].create_task(run())
    try:
        return _loops[0].run_until_complete(running)
    finally:
        running.cancel()  # what was interrupted is not gone on with
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
