"""Experiments for a callable that nobody has described: text that hands it a tracer, and what might take that back."""

from __future__ import annotations

import inspect
import keyword
import types
from typing import Any, Iterator, NamedTuple

from . import build, ladder, recipes
from .act import UnreachableError
from .build import CannotBuildError
from .scenarios import ScenarioError
from .values import BuiltValue

#: What is handed over: a bound method, the object, a function that leads to it; where none is taken, containers of it.
METHOD, FUNCTION = "thing.on", "lambda *given, **named: thing.on()"
SHAPES, CONTAINERS = (METHOD, "thing", FUNCTION), ("[thing.on]", "(thing,)", "{'made': thing}")
STYLES = ("required", "stubs")
#: Words in the names of what takes back; what such a call really does is seen by trying it.
UNDOING = "un remove delete del cancel close stop clear discard dis off detach pop reset shutdown forget drop end exit".split()
MOST_CANDIDATES = 60


class DraftedCallable(NamedTuple):
    """A callable, the class whose objects it is a method of (or None), and the parameters that a caller gives."""

    module: str
    path: str
    function: Any
    owner: Any
    parameters: list[inspect.Parameter]
    hints: build.Hints

    @property
    def name(self) -> str:
        """Return the dotted name of the callable."""
        return f"{self.module}.{self.path}"

    @property
    def receiver(self) -> str:
        """Return what the callable is called on, as text."""
        return "receiver" if self.owner is not None else self.name.rpartition(".")[0]


class ExperimentDraft(NamedTuple):
    """The text of an experiment without its undoing; ``names`` are what ``retain`` returns, ``handed`` among them."""

    text: str
    names: tuple[str, ...]
    handed: str


def target(spec: str) -> DraftedCallable:
    """Return what ``module:function`` or ``module:Class.method`` names. Raises ``UnreachableError`` for nothing."""
    module, _, path = spec.partition(":")
    try:
        __import__(module)
    except Exception as error:
        raise UnreachableError(f"importing {module} failed: {type(error).__name__}: {error}") from None
    import sys

    owner: Any = None
    found: Any = sys.modules[module]
    for part in path.split("."):
        owner = found
        try:
            found = getattr(owner, part)
        except AttributeError:
            raise UnreachableError(f"{module} has no {path}") from None
    if not callable(found):
        raise UnreachableError(f"{spec} is no callable")
    method = inspect.isclass(owner) and (inspect.isfunction(found) or inspect.ismethoddescriptor(found))
    method = method and not isinstance(inspect.getattr_static(owner, path.rpartition(".")[2]), staticmethod)
    parameters, hints = build.describe(found, skip_self=bool(method))
    parameters = parameters or _unsigned(found)
    return DraftedCallable(module, path, found, owner if method else None, parameters, hints)


def _unsigned(function: Any) -> list[inspect.Parameter]:
    """Return parameters for a callable written in C that says nothing of its own."""
    try:
        inspect.signature(function)
    except (TypeError, ValueError):
        kind = inspect.Parameter.POSITIONAL_ONLY
        return [
            inspect.Parameter("first", kind),
            inspect.Parameter("second", kind, default=None),
            inspect.Parameter("third", kind, default=None),
        ]
    return []


def setup(goal: DraftedCallable) -> list[str]:
    """Return statements that make the receiver of a method. Raises ``UnreachableError`` if it cannot be made."""
    if goal.owner is None:
        return []
    try:
        source = ladder.construct(goal.owner).source
    except (CannotBuildError, ScenarioError) as error:
        raise UnreachableError(f"no {goal.owner.__name__} could be made: {error}") from None
    return recipes.python(f"receiver = {source}").split("\n")


def _whole(goal: DraftedCallable, above: list[str], body: list[str], back: tuple[str, ...]) -> str:
    """Return an experiment: imports first, then what is made once, then ``retain`` with these lines."""
    statements = [*setup(goal), *above]
    imports = {f"import {goal.module}", *(line for line in statements if line.startswith("import "))}
    kept = [line for line in statements if line and not line.startswith("import ")]
    counted = any("number" in line for line in [*kept, *body])
    head = [*sorted(imports), *(["number = 0"] if counted else []), *kept]
    inner = [*(["global number", "number += 1"] if counted else []), *body, f"return {', '.join(back)}"]
    return "".join(f"{line}\n" for line in [*head, "def retain(thing):", *(f"    {line}" for line in inner)])


def drafts(
    goal: DraftedCallable, parameter: str, shape: str, given: str = "", outer: str = ""
) -> Iterator[ExperimentDraft]:
    """Yield experiments that hand ``shape`` over for a parameter, surest arguments first.

    ``given`` names one other optional parameter that gets another value than its default, ``outer`` one whose value is made
    once and outlives the call.
    """
    seen = set()
    for style in [f"varied {given}"] if given else STYLES:
        chosen: build.Choices = {parameter: BuiltValue(None, "HANDED", True)}
        try:
            call = build.arguments(goal.parameters, goal.hints, style, 0, chosen=chosen)
        except Exception:
            continue
        draft = _draft(goal, call.texts, shape, outer)
        if draft.text not in seen:
            seen.add(draft.text)
            yield draft


def by_call(goal: DraftedCallable, code: str) -> ExperimentDraft:
    """Return the experiment that calls as the user says; the code says ``thing`` for what is handed over."""
    last = goal.path.rpartition(".")[2]
    called = f"{goal.receiver}.{code}" if code.startswith(last + "(") else code
    handed = METHOD if METHOD in code else "thing"
    body = [f"handed = {handed}", f"result = {called.replace(handed, 'handed')}"]
    return ExperimentDraft(_whole(goal, [], body, ("handed", "result")), ("handed", "result"), "handed")


def registered(goal: DraftedCallable) -> Iterator[ExperimentDraft]:
    """Yield experiments that hang a tracer on what the callable returns, which shows whether the library keeps that."""
    for style in ("varied", *STYLES):
        try:
            call = build.arguments(goal.parameters, goal.hints, style, 0)
        except Exception:
            continue
        *imports, inner = recipes.python(", ".join(call.texts)).split("\n")
        body = [
            f"result = {goal.receiver}.{goal.path.rpartition('.')[2]}({inner})",
            "handed = result[0] if isinstance(result, tuple) else result",
            "handed.made = thing",
        ]
        yield ExperimentDraft(_whole(goal, imports, body, ("handed", "result")), ("handed", "result"), "handed")


def _draft(goal: DraftedCallable, texts: tuple[str, ...], shape: str, outer: str) -> ExperimentDraft:
    above: list[str] = []
    lines: list[str] = []
    words: list[str] = []
    names: list[str] = []
    handed = "handed"
    for place, text in enumerate(texts):
        name, _, value = text.partition("=") if _is_named(text) else ("", "", text)
        local = name or (goal.parameters[place].name if place < len(goal.parameters) else f"value{place}")
        local = _free(local, names)
        if value == "HANDED":
            handed, value = local, shape
        *imports, value = recipes.python(value).split("\n")
        above += imports
        (above if local == outer else lines).append(f"{local} = {value}")
        words.append(f"{name}={local}" if name else local)
        names.append(local)
    lines.append(f"result = {goal.receiver}.{goal.path.rpartition('.')[2]}({', '.join(words)})")
    back = (*names, "result")
    return ExperimentDraft(_whole(goal, above, lines, back), back, handed)


def _is_named(text: str) -> bool:
    name, found, value = text.partition("=")
    return bool(found) and name.isidentifier() and not value.startswith("=")


def _free(name: str, taken: list[str]) -> str:
    while name in taken or name in ("thing", "number", "receiver", "result") or keyword.iskeyword(name):
        name += "_"
    return name


def undoings(goal: DraftedCallable, draft: ExperimentDraft, result: Any) -> Iterator[tuple[str, str]]:
    """Yield what might take the object back: the name as entries write it, and the statement; the likeliest first."""
    last = goal.path.rpartition(".")[2]
    if result is not None and not isinstance(result, (str, int, float, bool, bytes, type, types.FunctionType)):
        for name in _alike(_methods(type(result)), last):
            yield f".{name}", f"result.{name}()"
    if callable(result) and not isinstance(result, type):
        yield ".__call__", "result()"
    others = [name for name in draft.names if name not in (draft.handed, "result")]
    everything = ", ".join(name for name in draft.names if name != "result")
    ways = [draft.handed, everything, "result", ", ".join(others), ""]
    owner = goal.owner if goal.owner is not None else goal.name.rpartition(".")[0]
    names = _methods(owner) if goal.owner is not None else _methods(_module(owner))
    for name in _alike(names, last):
        text = f".{name}" if goal.owner is not None else f"{owner}.{name}"
        for words in dict.fromkeys(ways):
            yield text, f"{goal.receiver}.{name}({words})"
    text = f".{last}" if goal.owner is not None else goal.name
    emptied = ", ".join("None" if name == draft.handed else name for name in draft.names if name != "result")
    yield text, f"{goal.receiver}.{last}({emptied})"


def _module(name: str) -> Any:
    import sys

    found: Any = sys.modules.get(name)
    if found is None:
        top, _, rest = name.partition(".")
        found = sys.modules[top]
        for part in rest.split("."):
            found = getattr(found, part)
    return found


def _methods(owner: Any) -> list[str]:
    found = []
    for name in dir(owner):
        if not name.startswith("_") and any(word in name.lower() for word in UNDOING):
            if callable(inspect.getattr_static(owner, name, None)) or inspect.isclass(owner):
                found.append(name)
    return found


def _alike(names: list[str], last: str) -> list[str]:
    """Return the names, those most like ``last`` first."""
    from difflib import SequenceMatcher

    def distance(name: str) -> tuple[float, str]:
        return -SequenceMatcher(None, name.lower(), last.lower()).ratio(), name

    return sorted(names, key=distance)[:MOST_CANDIDATES]
