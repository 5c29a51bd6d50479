"""The arguments of a call: from a signature to values, in the order from what is known to what is guessed."""

from __future__ import annotations

import inspect
import sys
import typing
from functools import partial
from typing import Any, Callable, Dict, Iterator, NamedTuple, Union

from . import domains, failing, values
from .early import FunctionType, ModuleType, is_a
from .holder import mro_of
from .seats import seats
from .shown import choices
from .stubs import Stub
from .values import BuiltValue, Varied

EMPTY = inspect.Parameter.empty
VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_UNKNOWN = (str, typing.ForwardRef)
Hints = Dict[str, Any]
Choices = Dict[str, Union[BuiltValue, Varied]]
SINGLE = 8  # optional parameters that are varied one by one


class CannotBuildError(Exception):
    """No step of the ladder made the object; the text names the last failure."""


class BuiltArguments(NamedTuple):
    """The arguments for one call, and each as a template; ``sure`` unless a name or nothing at all decided one.

    ``origins`` are pairs of a parameter and what says that users pass such a value.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    texts: tuple[str, ...]
    sure: bool
    origins: tuple[tuple[str, str], ...] = ()

    @property
    def source(self) -> str:
        """Return the arguments as the inside of a call's parentheses."""
        return ", ".join(self.texts)


def call(function: Any, skip_self: bool = False) -> Iterator[Callable[[int], BuiltArguments]]:
    """Yield ways to make the arguments for ``function``, surest first. Each takes the round's number."""
    parameters, hints = describe(function, skip_self)
    for style in styles(parameters):
        yield partial(arguments, parameters, hints, style)
    others = {name: values.turned(hint) for name, hint in hints.items()}
    needed = {item.name for item in required(parameters)}
    differing = {item.name for item in parameters if others.get(item.name) is not hints.get(item.name)}
    if differing & needed:
        yield partial(arguments, parameters, others, "full")
    if differing - needed:
        yield partial(arguments, parameters, others, "varied")


def shown(function: Any, skip_self: bool = False) -> Iterator[Callable[[int], BuiltArguments]]:
    """Yield ways to make the arguments for ``function`` as calls of the program do, and else as ``required`` says."""
    parameters, hints = describe(function, skip_self)
    for chosen in choices(function, parameters):
        yield partial(arguments, parameters, hints, "required", chosen=chosen)


def styles(parameters: list[inspect.Parameter]) -> Iterator[str]:
    """Yield the styles of ``arguments`` that make a difference for these parameters, surest first."""
    optional = [item for item in parameters if item.default is not EMPTY or item.kind in VARIADIC]
    yield from ("required", "stubs")  # which without required parameters shows what the same call does again
    if any(item.kind not in VARIADIC for item in optional):
        yield "all"
    if required(parameters):
        yield "full"
    if optional:
        yield "varied"
    if len(optional) > 1:
        yield from [f"varied {item.name}" for item in optional[:SINGLE]]


def describe(function: Any, skip_self: bool = False) -> tuple[list[inspect.Parameter], Hints]:
    """Return the parameters of a callable and what their annotations mean; of a class, those of its constructor."""
    function = domains.inner(function)
    source = _constructor(function) if isinstance(function, type) else function
    try:
        parameters = list(inspect.signature(source).parameters.values())
    except (TypeError, ValueError):
        return [], {}
    if skip_self or (isinstance(function, type) and source is not function):
        parameters = parameters[1:]
    fields = _hints(function, []) if isinstance(function, type) else {}
    hints = {**fields, **_hints(source, parameters)}
    return parameters, domains.hints(function, source, parameters, hints)


def required(parameters: list[inspect.Parameter]) -> list[inspect.Parameter]:
    """Return the parameters that a call must give."""
    return [item for item in parameters if item.default is EMPTY and item.kind not in VARIADIC]


def _constructor(kind: Any) -> Any:
    """Return the Python function whose parameters a call of the class must satisfy, or the class itself.

    Of constructors that pass on whatever they get, the first base that names its parameters speaks.
    """
    if any("__signature__" in vars(base) for base in mro_of(kind)[:-1]):
        return kind
    passing: Any = None
    for base in mro_of(kind)[:-1]:
        for name in ("__init__", "__new__"):
            found = vars(base).get(name)
            found = found.__func__ if isinstance(found, staticmethod) else found
            if not inspect.isfunction(found):
                continue
            if not _passes_on(found):
                return found
            passing = passing or found
    return passing or kind


def _passes_on(function: Any) -> bool:
    """Tell whether a function's only parameters beside the first are ``*args`` and ``**kwargs``."""
    try:
        parameters = list(inspect.signature(function).parameters.values())[1:]
    except (TypeError, ValueError):
        return False
    return any(item.kind is inspect.Parameter.VAR_POSITIONAL for item in parameters) and all(
        item.kind in VARIADIC for item in parameters
    )


def _hints(function: Any, parameters: list[inspect.Parameter]) -> Hints:
    """Return the annotations that can be understood."""
    try:
        found = typing.get_type_hints(function)
    except Exception:
        found = {item.name: _hint(item.annotation, function) for item in parameters}
    return {name: hint for name, hint in found.items() if hint is not EMPTY and not isinstance(hint, _UNKNOWN)}


def _hint(annotation: Any, function: Any) -> Any:
    if not isinstance(annotation, str):
        return annotation
    home = getattr(inspect.unwrap(function), "__globals__", {})
    space = {**vars(typing), **home}
    try:
        return eval(annotation, space)
    except Exception:
        space.update(domains.for_types(home))
    try:
        return eval(annotation, space)
    except Exception:
        return EMPTY


def arguments(
    parameters: list[inspect.Parameter],
    hints: Hints,
    style: str,
    number: int,
    depth: int = 0,
    chosen: Choices | None = None,
) -> BuiltArguments:
    """Return arguments for one call.

    ``style`` is ``required`` (by annotation and name), ``stubs`` (for the required ones), ``all`` (defaults as well),
    ``full`` (required ones, containers filled), ``varied`` (other values than the defaults) or ``varied NAME``.
    ``chosen`` values win; ``depth`` counts how many builds deep this one is.
    """
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    texts: list[str] = []
    origins: list[tuple[str, str]] = []
    sure, named = True, False
    word, _, only = style.partition(" ")
    for item in parameters:
        choice = (chosen or {}).get(item.name)
        made = choice.make(number) if isinstance(choice, Varied) else choice
        optional = item.kind in VARIADIC or item.default is not EMPTY
        if made is None and word == "varied" and optional and only in ("", item.name):
            made = varied(item, hints, number, depth)
        if choice is not None and made is not None and item.kind in VARIADIC:
            _spread_all(item, made, args, kwargs, texts, named)
            continue
        if made is not None and item.kind in VARIADIC:
            _spread(item, made, args, kwargs, texts, named)
            continue
        if made is None and (item.kind in VARIADIC or (optional and word != "all")):
            named = True
            continue
        if made is None:
            full = word in ("full", "varied")
            made = values.stub() if word == "stubs" else value_for(item, hints, number, depth, full)
        sure = sure and made.sure
        origins.append((item.name, made.origin or ("annotation" if made.sure else "name")))
        by_name = item.kind is inspect.Parameter.KEYWORD_ONLY or named
        if by_name and item.kind is not inspect.Parameter.POSITIONAL_ONLY:
            kwargs[item.name] = made.value
            texts.append(f"{item.name}={made.source}")
        else:
            args.append(made.value)
            texts.append(made.source)
    return BuiltArguments(tuple(args), kwargs, tuple(texts), sure, tuple(origins))


def _spread(
    parameter: inspect.Parameter,
    default: BuiltValue,
    args: list[Any],
    kwargs: dict[str, Any],
    texts: list[str],
    named: bool,
) -> None:
    """Give one value for ``*args``, unless parameters before it were left out, or one for ``**kwargs``."""
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        kwargs["leaklint"] = default.value
        texts.append(f"leaklint={default.source}")
    elif not named:
        args.append(default.value)
        texts.append(default.source)


def _spread_all(
    item: inspect.Parameter, made: BuiltValue, args: list[Any], kwargs: dict[str, Any], texts: list[str], named: bool
) -> None:
    """Give all of a tuple for ``*args``, unless parameters before it were left out, or of a dictionary for ``**kwargs``."""
    if item.kind is inspect.Parameter.VAR_KEYWORD:
        kwargs.update(made.value)
        texts.append(f"**{made.source}")
    elif not named:
        args.extend(made.value)
        texts.append(f"*{made.source}")


def varied(parameter: inspect.Parameter, hints: Hints, number: int, depth: int) -> BuiltValue | None:
    """Return another value than the default of an optional parameter, of the same type; None if none is known."""
    default, hint = parameter.default, hints.get(parameter.name, EMPTY)
    if parameter.kind in VARIADIC:
        said = values.by_annotation(hint, number, nested, depth) if hint is not EMPTY else None
        return said or values.by_type(str, number, nested, depth)
    if type(default) is bool:
        return values.literal(not default)
    if isinstance(hint, values.OneOf):
        return values.by_annotation(hint, number + 1, nested, depth)
    if type(default) is str:
        return BuiltValue(f"{default}{number}", f'f"{{{default!r}}}{{number}}"', True, "default")
    if type(default) in (int, float):
        return BuiltValue(default + number + 1, f"{default!r} + number + 1", True, "default")
    made = values.by_annotation(hint, number, nested, depth, full=True) if hint is not EMPTY else None
    if made is None or made.value is None:
        made = values.by_name(parameter.name, number)
    return made


def value_for(parameter: inspect.Parameter, hints: Hints, number: int, depth: int, full: bool = False) -> BuiltValue:
    """Return a value for one parameter: by its annotation, by its name, or a stub."""
    hint = hints.get(parameter.name, EMPTY)
    made = values.by_annotation(hint, number, nested, depth, full) if hint is not EMPTY else None
    if made is None or isinstance(made.value, Stub):
        made = values.by_name(parameter.name, number, full) or made
    if made is None and is_a(hint, type) and hint is not EMPTY:
        return values.stub()._replace(origin=f"{values.STAND_IN} for {hint.__qualname__}")
    return made or values.stub()


def failing_choices(parameters: list[inspect.Parameter], hints: Hints, error: Any) -> Choices:
    """Return an argument that raises for each parameter that takes something to call, or of which nothing is known."""
    made = failing.raising(error)
    return {item.name: made for item in parameters if item.kind not in VARIADIC and _is_open(item, hints)}


def _is_open(item: inspect.Parameter, hints: Hints) -> bool:
    usual = value_for(item, hints, 0, 0, full=True).value
    return usual is values.nothing or is_a(usual, (Stub, FunctionType))


def nested(kind: Any, number: int, depth: int) -> BuiltValue:
    """Make an instance of a class for an argument, or of a concrete subclass of it, or take one that the program has.

    Raises ``CannotBuildError`` if there is none.

    One that is equal by value, or of a class that only fits, is made of varied values, where its class takes them: equal ones
    are the same key.
    """
    fits, kind = is_a(kind, values.Fitting), kind.kinds[0] if is_a(kind, values.Fitting) else kind
    for option in (kind, *domains.subclasses(kind)):
        parameters, hints = describe(option)
        plain = option.__eq__ is object.__eq__ and not fits
        ways = ("required", "stubs") if plain else ("varied", "required", "stubs")
        for style in ways if not inspect.isabstract(option) else ():
            made = arguments(parameters, hints, style, number, depth)
            try:
                value: Any = option(*made.args, **made.kwargs)
            except Exception:
                continue
            return BuiltValue(value, f"{option.__module__}:{option.__qualname__}({made.source})", made.sure)
    home = sys.modules.get(kind.__module__)
    held = next(seats(kind, home), None) if is_a(home, ModuleType) else None
    if held is None:
        raise CannotBuildError(kind.__qualname__)
    place = ".".join([owner.__qualname__ for owner in held.owners[1:]] + [held.name])
    return BuiltValue(held.obj, f"{held.owners[0].__name__}:{place}", True, "an object of the program")
