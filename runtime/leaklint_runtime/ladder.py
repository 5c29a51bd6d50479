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

from . import build, domains, examples, shown, usages, values
from .act import finished, in_loop
from .build import CannotBuildError, Choices
from .early import contents
from .holder import mro_of
from .search import Failure, anything, attempt, next_number, searched, surrounded, vary
from .values import Varied

OPTIONAL = 6  # parameters with defaults that are exchanged where there are no others
_FACTORY = re.compile(r"^(from_|create|make|new|build|default|empty|instance|get_instance|parse|of$)")
_COUNT = re.compile(r"takes (?:at least|exactly) (\d+)|missing (\d+) required positional")


_STYLES = (
    ("required", "annotations and names"),
    ("full", "annotations and names, containers filled"),
    ("stubs", "stubs"),
    ("all", "all arguments"),
    ("varied", "annotations and names, defaults replaced"),
)


class Recipe(NamedTuple):
    """``call(number)`` makes a fresh object; ``how`` names the step, ``source`` is its template (see ``recipes``).

    ``sure`` unless something was guessed; ``origins`` as of ``BuiltArguments``, ``chosen`` are values found by trial.
    """

    call: Callable[[int], Any]
    how: str
    source: str
    sure: bool
    origins: tuple[tuple[str, str], ...] = ()
    chosen: Choices | None = None


def construct(kind: Any) -> Recipe:
    """Return the first step that makes an instance of ``kind``. Raises ``CannotBuildError`` with the first failure."""
    found: list[Recipe] = []
    first: list[Failure] = []

    def work() -> Failure | None:
        try:
            found.append(_construct(kind, first))
        except CannotBuildError:
            return first[-1] if first else None
        return None

    added = surrounded(work)
    if not found:
        shown = f"{type(first[0].error).__name__}: {first[0].error}" if first else "no step applies"
        raise CannotBuildError(shown) from (first[0].error if first else None)
    recipe = found[0]
    if added:
        text = f"{recipe.how}, with {' and '.join(added)} in the environment"
        given = ", ".join([f"{name}='leaklint'" for name in added])
        source = f"(os:environ.update({given}) or {recipe.source})" if recipe.source else ""
        recipe = recipe._replace(how=text, source=source)
    return recipe


def _construct(kind: Any, failures: list[Failure]) -> Recipe:
    first: Failure | None = None
    for recipe in _classes(kind) if issubclass(kind, type) else _steps(kind):
        failure = attempt(recipe.call, next_number())
        if failure is None:
            return recipe
        first = first or failure
    if first is not None:
        failures.append(first)
    if first is not None and "loop" in str(first.error):
        for recipe in _steps(kind):
            looped = recipe._replace(call=partial(in_loop, recipe.call), how=recipe.how + ", in an event loop")
            if attempt(looped.call, next_number()) is None:
                return looped
    found = (
        next(_shown(kind), None)
        or next(_by_example(kind), None)
        or _by_exported(kind)
        or _repaired(kind)
        or _by_class_method(kind)
        or _by_function(kind)
        or next(_by_subclass(kind), None)
    )
    if found is None:
        raise CannotBuildError(kind.__qualname__)
    return found


def _steps(kind: Any) -> Iterator[Recipe]:
    """Yield the ways that need no search."""
    made = concrete(kind) if inspect.isabstract(kind) else kind
    name = _name(kind) if made is kind else ""
    aside = "" if made is kind else ", of a subclass made for it"
    parameters, hints = build.describe(made)
    if not build.required(parameters):
        yield Recipe(lambda number: made(), "no arguments" + aside, name + "()" if name else "", made is kind)
    for style, how in _STYLES:
        sample = build.arguments(parameters, hints, style, 0)
        source = f"{name}({sample.source})" if name else ""
        sure = sample.sure and made is kind
        yield Recipe(_maker(made, parameters, hints, style), how + aside, source, sure, sample.origins)


def _classes(kind: Any) -> Iterator[Recipe]:
    """Yield ways to make a class of a metaclass: one below each class of the program that has it, and one like that."""
    for base in domains.classes_of(kind):
        plain = {name: value for name, value in list(contents(base).items()) if type(value) in usages.PLAIN}
        body = {name: value for name, value in plain.items() if not name.startswith("__")}
        source = f'{_name(kind)}(f"Made{{number}}", ({_name(base)},), {{}})'
        yield Recipe(partial(_class, (base,), {}, base), f"a class below {base.__qualname__}", source, False)
        if body:
            yield Recipe(partial(_class, base.__bases__, body, base), f"a class like {base.__qualname__}", "", False)


def _class(bases: tuple[Any, ...], body: dict[str, Any], like: Any, number: int) -> Any:
    return type(like)(f"Made{number}", bases, {**body, "__module__": like.__module__})


def _shown(kind: Any) -> Iterator[Recipe]:
    """Yield the ways in which the program's own calls make an object, with other texts where their like are accepted."""
    parameters, hints = build.describe(kind)
    for chosen in shown.choices(kind, parameters) if not inspect.isabstract(kind) else ():
        make = _maker(kind, parameters, hints, "required", chosen=chosen)
        if attempt(make, next_number()) is None:
            vary(make, chosen, kind)
            sample = build.arguments(parameters, hints, "required", 0, chosen=chosen)
            yield Recipe(make, "as the program does", f"{_name(kind)}({sample.source})", False, sample.origins, chosen)


def variants(kind: Any, first: Recipe) -> Iterator[Recipe]:
    """Yield further ways that work, with other values than the first: as the program's own calls have them, defaults replaced,
    containers filled; and ways to make an object of a subclass.
    """
    if issubclass(kind, type):
        yield from _classes(kind)
        return
    yield from _shown(kind)
    yield from _by_example(kind)
    made = concrete(kind) if inspect.isabstract(kind) else kind
    parameters, hints = build.describe(made)
    for style in build.styles(parameters):
        if style in ("required", "stubs", "all"):
            continue
        make = _maker(made, parameters, hints, style, chosen=first.chosen)
        if attempt(make, next_number()) is None:
            sample = build.arguments(parameters, hints, style, 0, chosen=first.chosen)
            source = f"{_name(kind)}({sample.source})" if made is kind else ""
            yield Recipe(make, f"{style} arguments", source, sample.sure, sample.origins)
    yield from _by_subclass(kind)


def failing(kind: Any, first: Recipe, error: Any) -> Iterator[Recipe]:
    """Yield the way to make an object that is given what raises an exception when it is called, if it takes any such."""
    made = concrete(kind) if inspect.isabstract(kind) else kind
    parameters, hints = build.describe(made)
    raising = build.failing_choices(parameters, hints, error)
    chosen = {**(first.chosen or {}), **raising}
    make = _maker(made, parameters, hints, "required", chosen=chosen)
    if raising and attempt(make, next_number()) is None:
        sample = build.arguments(parameters, hints, "required", 0, chosen=chosen)
        source = f"{_name(kind)}({sample.source})" if made is kind else ""
        yield Recipe(make, "arguments that raise", source, False, sample.origins, chosen)


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
    if not wanted:
        failure = attempt(make, next_number())
        found = _counted(kind, str(failure.error)) if failure is not None else None
        if found is not None:
            return found
        wanted = [item for item in parameters if item.kind not in build.VARIADIC][:OPTIONAL]
    if not wanted or not searched(make, [item.name for item in wanted], chosen, kind):
        return None
    sample = build.arguments(parameters, hints, "required", 0, chosen=chosen)
    source = f"{_name(kind)}({sample.source})"
    return Recipe(make, "values found by trial", source, False, sample.origins, dict(chosen))


def _counted(kind: Any, message: str) -> Recipe | None:
    """Give as many positional arguments as the error message asks for."""
    found = _COUNT.search(message)
    count = int(found[1] or found[2]) if found else 1
    for least in range(max(1, count), count + 3):
        for option in anything():
            made = option.make(0) if isinstance(option, Varied) else option
            values_ = [made.value] * least
            make = partial(_positional, kind, values_)
            if attempt(make, next_number()) is None:
                source = f"{_name(kind)}({', '.join([made.source] * least)})"
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
            found = _by_call(getattr(kind, name), kind, f"{_name(kind)}.{name}", f"class method {name}")
            if found is not None:
                return found
    return None


def _by_function(kind: Any) -> Recipe | None:
    """Call a public function of the program that makes an instance and returns it."""
    for function in domains.makers(kind):
        found = _by_call(function, kind, _name(function), f"function {function.__name__}")
        if found is not None:
            return found
    return None


def _by_call(function: Any, kind: Any, source: str, how: str) -> Recipe | None:
    """Return the first way to call ``function``, called ``source`` in a template, in which it returns a ``kind``."""
    for arguments in (*build.call(function), *build.shown(function)):
        make = partial(_through, function, arguments, kind)
        if attempt(make, next_number()) is None:
            return Recipe(make, how, f"{source}({arguments(0).source})", False)
    return None


def _by_subclass(kind: Any) -> Iterator[Recipe]:
    """Yield a way to make an object of each public class of the program below one, where that can be made."""
    for below in domains.subclasses(kind):
        recipe = next((one for one in _steps(below) if attempt(one.call, next_number()) is None), None)
        if recipe is not None:
            yield recipe._replace(how=f"{recipe.how}, of the subclass {below.__qualname__}", sure=False)


def _by_example(kind: Any) -> Iterator[Recipe]:
    """Yield the ways in which examples in docstrings make an object, of a class that they define below this one, too."""
    for make, place in examples.makers(kind):
        if attempt(make, next_number()) is None:
            yield Recipe(make, f"as the example at {place} does", "", False, (("the example", f"shown at {place}"),))


def _by_exported(kind: Any) -> Recipe | None:
    """Return a way to make an object of a class below one that the package offers to its users in its place."""
    below = [one for one in domains.subclasses(kind) if domains.is_exported(one)]
    return next(_by_subclass(kind), None) if below and not domains.is_exported(kind) else None


def _makes(function: Any, name: str, kind: Any) -> bool:
    returned = getattr(function, "__annotations__", {}).get("return")
    said = returned if isinstance(returned, str) else getattr(returned, "__name__", "")
    return bool(_FACTORY.match(name)) or said.strip("'\"") in (kind.__name__, "Self")


def _through(bound: Any, arguments: Callable[[int], build.BuiltArguments], kind: Any, number: int) -> Any:
    call = arguments(number)
    made = bound(*call.args, **call.kwargs)
    made = finished(made)
    if not isinstance(made, kind):
        raise TypeError(f"{bound.__name__} returned no {kind.__qualname__}")
    return made
