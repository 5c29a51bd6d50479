"""Make an object of any class, from the surest way to the boldest.

No arguments; the required ones by annotation, by name, then as stubs; all of them; as many as an error message asks
for; single values exchanged as long as the constructor gets further; a concrete subclass made for an abstract class; a
class method that returns an instance; any of these inside a running event loop. The first that works is kept and
repeated.
"""

from __future__ import annotations

import inspect
import re
from functools import partial
from typing import Any, Callable, Iterator, NamedTuple

from . import build, values
from .act import finished, in_loop
from .build import CannotBuildError, Choices
from .early import perf_counter
from .holder import mro_of
from .values import Made

SECONDS = 1.5
_FACTORY = re.compile(r"^(from_|create|make|new|build|default|empty|instance|get_instance|parse|of$)")
_COUNT = re.compile(r"takes (?:at least|exactly) (\d+)|missing (\d+) required positional")


class Recipe(NamedTuple):
    """``call(number)`` makes a fresh object; ``how`` names the step, ``source`` is its template (see ``recipes``).

    ``sure`` unless something was guessed; ``origins`` as of ``build.Call``, ``chosen`` are values found by trial.
    """

    call: Callable[[int], Any]
    how: str
    source: str
    sure: bool
    origins: tuple[tuple[str, str], ...] = ()
    chosen: Choices | None = None


class Failure(NamedTuple):
    """Why an attempt failed and how far it got: the line reached in the constructor, and the depth of the trace."""

    error: BaseException
    reached: tuple[int, int]


def construct(kind: Any) -> Recipe:
    """Return the first step that makes an instance of ``kind``. Raises ``CannotBuildError`` with the first failure."""
    first: Failure | None = None
    for recipe in _steps(kind):
        failure = attempt(recipe.call, 0)
        if failure is None:
            return recipe
        first = first or failure
    if first is not None and "loop" in str(first.error):
        for recipe in _steps(kind):
            looped = recipe._replace(call=partial(in_loop, recipe.call), how=recipe.how + ", in an event loop")
            if attempt(looped.call, 0) is None:
                return looped
    found = _repaired(kind) or _by_class_method(kind)
    if found is not None:
        return found
    shown = f"{type(first.error).__name__}: {first.error}" if first else "no step applies"
    raise CannotBuildError(shown)


def attempt(act: Callable[[int], Any], number: int) -> Failure | None:
    """Try an act; return None if it worked. ``MemoryError`` and what is no ``Exception`` is passed on."""
    try:
        act(number)
    except MemoryError:
        raise
    except Exception as error:
        trace, lines = error.__traceback__, []
        while trace is not None:
            lines.append(trace.tb_lineno)
            trace = trace.tb_next
        # The first frames are this function's and the recipe's; the next is the constructor's.
        reached = (lines[2] if len(lines) > 2 else 0, len(lines))
        return Failure(error.with_traceback(None), reached)
    return None


def _steps(kind: Any) -> Iterator[Recipe]:
    """Yield the ways that need no search."""
    made = concrete(kind) if inspect.isabstract(kind) else kind
    name = _name(kind) if made is kind else ""
    aside = "" if made is kind else ", of a subclass made for it"
    parameters, hints = build.describe(made)
    if not build.required(parameters):
        yield Recipe(lambda number: made(), "no arguments" + aside, name + "()" if name else "", made is kind)
    for style, how in (("required", "annotations and names"), ("stubs", "stubs"), ("all", "all arguments")):
        sample = build.arguments(parameters, hints, style, 0)
        source = f"{name}({sample.source})" if name else ""
        sure = sample.sure and made is kind
        yield Recipe(_maker(made, parameters, hints, style), how + aside, source, sure, sample.origins)


def variants(kind: Any, first: Recipe) -> Iterator[Recipe]:
    """Yield further ways that work, with other values than the first: defaults replaced, containers filled."""
    made = concrete(kind) if inspect.isabstract(kind) else kind
    parameters, hints = build.describe(made)
    for style in build.styles(parameters):
        if style in ("required", "stubs", "all"):
            continue
        make = _maker(made, parameters, hints, style, chosen=first.chosen)
        if attempt(make, 0) is None:
            sample = build.arguments(parameters, hints, style, 0, chosen=first.chosen)
            source = f"{_name(kind)}({sample.source})" if made is kind else ""
            yield Recipe(make, f"{style} arguments", source, sample.sure, sample.origins)


def _name(kind: Any) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _maker(kind: Any, parameters: list[inspect.Parameter], hints: build.Hints, style: str, **more: Any) -> Any:
    def make(number: int) -> Any:
        call = build.arguments(parameters, hints, style, number, **more)
        return kind(*call.args, **call.kwargs)

    return make


def concrete(kind: Any) -> Any:
    """Return a subclass of an abstract class whose abstract methods do nothing."""
    body = dict.fromkeys(kind.__abstractmethods__, values.nothing)
    for name in body:
        if isinstance(inspect.getattr_static(kind, name, None), property):
            body[name] = property(values.nothing)  # type: ignore[assignment]
    return type(kind)(kind.__name__, (kind,), {**body, "__module__": kind.__module__, "__slots__": ()})


def _repaired(kind: Any) -> Recipe | None:
    """Exchange one argument at a time for another kind of value, and keep what gets the constructor further."""
    kind = concrete(kind) if inspect.isabstract(kind) else kind
    parameters, hints = build.describe(kind)
    wanted = build.required(parameters)
    chosen: Choices = {}
    make = _maker(kind, parameters, hints, "required", chosen=chosen)
    failure = attempt(make, 0)
    if failure is not None and not wanted:
        return _counted(kind, str(failure.error))
    end = perf_counter() + SECONDS
    while failure is not None:
        message = str(failure.error)
        names = sorted([item.name for item in wanted], key=lambda name: name not in message)
        following = _exchanged(make, names, chosen, failure, end)
        if following is failure:
            return None
        failure = following
    sample = build.arguments(parameters, hints, "required", 0, chosen=chosen)
    source = f"{_name(kind)}({sample.source})"
    return Recipe(make, "values found by trial", source, False, sample.origins, dict(chosen))


def _exchanged(make: Any, names: list[str], chosen: Choices, failure: Failure, end: float) -> Failure | None:
    """Choose another value for one of ``names`` and return how far that gets: None if the object is made.

    Without an improvement ``chosen`` is left as it was and ``failure`` itself is returned.
    """
    for name in names:
        before = dict(chosen)
        for option in [*_named_in(str(failure.error)), *_options()]:
            if perf_counter() > end:
                break
            chosen[name] = option
            following = attempt(make, 0)
            if following is None or following.reached > failure.reached:
                return following
        chosen.clear()
        chosen.update(before)
    return failure


def _named_in(message: str) -> Iterator[Made]:
    """Yield the values that an error message puts in quotes or lists: often those that are allowed."""
    for text in dict.fromkeys(_QUOTED.findall(message)):
        if text:
            yield values.literal(text, sure=False)._replace(origin="error message")
    for number in dict.fromkeys(_NUMBER.findall(message)):
        yield values.literal(int(number), sure=False)._replace(origin="error message")


_QUOTED = re.compile(r"['\"`]([^'\"`]{1,40})['\"`]")
_NUMBER = re.compile(r"(?<![\w.])\d{1,4}(?![\w.])")


def _options() -> Iterator[Made]:
    """Yield values of different kinds, each a guess."""
    for value in (1, "a", [], {}, (), b"a", None, 1.0, True, ["a", "b"], {"a": "b"}, ("a", "b"), [1, 2], (1, 2)):
        yield values.literal(value, sure=False)
    yield values.stub()
    yield Made(values.nothing, values.NOTHING, False)
    yield Made(object, "object", False)
    yield Made(ValueError("leaklint"), "ValueError('leaklint')", False)


def _counted(kind: Any, message: str) -> Recipe | None:
    """Give as many positional arguments as the error message asks for."""
    found = _COUNT.search(message)
    count = int(found[1] or found[2]) if found else 1
    for least in range(max(1, count), count + 3):
        for option in _options():
            values_ = [option.value] * least
            make = partial(_positional, kind, values_)
            if attempt(make, 0) is None:
                source = f"{_name(kind)}({', '.join([option.source] * least)})"
                return Recipe(make, "as many arguments as it asked for", source, False)
    return None


def _positional(kind: Any, arguments: list[Any], number: int) -> Any:
    """Call with the arguments, the first varied where its type is a number or text."""
    first = arguments[0]
    varied = number + 1 if type(first) is int else f"a{number}" if type(first) is str else first
    return kind(varied, *arguments[1:])


def _by_class_method(kind: Any) -> Recipe | None:
    """Call a class method whose name or annotation says that it returns an instance."""
    for base in mro_of(kind)[:-1]:
        for name, member in list(vars(base).items()):
            if not isinstance(member, classmethod) or not _makes(member.__func__, name, kind):
                continue
            bound = getattr(kind, name)
            for way in build.call(bound):
                make = partial(_through, bound, way, kind)
                if attempt(make, 0) is None:
                    source = f"{_name(kind)}.{name}({way(0).source})"
                    return Recipe(make, f"class method {name}", source, False)
    return None


def _makes(function: Any, name: str, kind: Any) -> bool:
    returned = getattr(function, "__annotations__", {}).get("return")
    said = returned if isinstance(returned, str) else getattr(returned, "__name__", "")
    return bool(_FACTORY.match(name)) or said.strip("'\"") in (kind.__name__, "Self")


def _through(bound: Any, way: Callable[[int], build.Call], kind: Any, number: int) -> Any:
    call = way(number)
    made = bound(*call.args, **call.kwargs)
    made = finished(made)
    if not isinstance(made, kind):
        raise TypeError(f"{bound.__name__} returned no {kind.__qualname__}")
    return made
