"""Make objects again as a test run has made them: the factories of ``leaklint verify --harvest FILE``.

A harvest is JSON. ``recorded`` holds what was seen: under which ``name`` a factory for it is looked for (a class
``module:Qualified.Name``, or a finding's symbol), the ``test``, and a value to ``make``. A value is a JSON scalar, or an
object with one key that says what it is:

    {"list": [..]}  {"tuple": [..]}  {"set": [..]}  {"frozenset": [..]}  {"dict": [[key, value], ..]}  {"bytes": "hex"}
    {"name": "module:Qualified.Name"}                                a class, function, module or enum member
    {"call": ["module:Qualified.Name", [args], {kwargs}]}            what the call returns
    {"then": [value, "method", [args], {kwargs}, track]}             a call on the value; ``track`` as in a probe
    {"pass": ["module:name", [args], {kwargs}, N]}                   the N-th argument, after the call
    {"mock": ["Mock", "module:Spec" or null, {"name.return_value": value}]}    a mock that answers so
    {"patched": [[["module:Qualified.Name", "attribute", value], ..], value]}    the value, made with attributes replaced
"""

from __future__ import annotations

import contextlib
import importlib
import json
from typing import Any, Callable

from .scenarios import ScenarioError, scenario

Value = Any
Vary = Callable[[Any], Any]


class Replay:
    """A factory that repeats the recordings of one name in turn.

    When all have been used, text and numbers among the arguments vary with the round, where that still works.
    """

    careful = True

    def __init__(self, name: str, recordings: list[dict[str, Any]]) -> None:
        self.recordings = recordings
        self.__qualname__ = f"<recorded in {recordings[0]['test']}>"

    def __call__(self, number: int) -> Any:
        """Make the object of a round, by the next recording that still works. Raises what the first one raised."""
        lap, place = divmod(number, len(self.recordings))
        failures: list[Exception] = []
        for vary in [lambda scalar: _varied(scalar, lap), _same] if lap else [_same]:
            for recording in self.recordings[place:] + self.recordings[:place]:
                made = _tried(recording["make"], vary, failures)
                if made:
                    return made.pop()
        raise failures[0]


def _tried(value: Value, vary: Vary, failures: list[Exception]) -> list[Any]:
    """Return the object in a list, or nothing and add to the failures."""
    try:
        return [make(value, vary)]
    except Exception as error:
        failures.append(error.with_traceback(None))
        return []


def register(path: str) -> None:
    """Register the recordings of a harvest as factories. Raises ``ScenarioError``."""
    for name, recordings in load(path).items():
        scenario(name)(Replay(name, recordings))


def load(path: str) -> dict[str, list[dict[str, Any]]]:
    """Return the recordings of a harvest by name. Raises ``ScenarioError``."""
    try:
        with open(path, encoding="utf-8") as source:
            value = json.load(source)
        if value["version"] != 1:
            raise ValueError(f"version {value['version']} is not known")
        found: dict[str, list[dict[str, Any]]] = {}
        for item in value["recorded"]:
            found.setdefault(str(item["name"]), []).append({"test": str(item["test"]), "make": item["make"]})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ScenarioError(f"harvest {path}: {type(error).__name__}: {error}") from None
    return found


def make(value: Value, vary: Vary) -> Any:
    """Return the object that a value describes; ``vary`` is applied to text and numbers given to calls."""
    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    if kind in _BUILT:
        return _BUILT[kind]([make(item, vary) for item in inner])
    if kind == "dict":
        return {make(key, vary): make(item, vary) for key, item in inner}
    if kind == "bytes":
        return bytes.fromhex(inner)
    if kind == "name":
        return named(inner)
    if kind == "call":
        args, kwargs = _arguments(inner[1], inner[2], vary)
        return named(inner[0])(*args, **kwargs)
    if kind == "then":
        subject = make(inner[0], vary)
        args, kwargs = _arguments(inner[2], inner[3], vary)
        result = getattr(subject, inner[1])(*args, **kwargs)
        return result if inner[4] == "result" else _argument(inner[4], args, subject)
    if kind == "pass":
        args, kwargs = _arguments(inner[1], inner[2], vary)
        named(inner[0])(*args, **kwargs)
        return args[inner[3]]
    if kind == "mock":
        return _mock(inner, vary)
    if kind == "patched":
        return _patched(inner[0], inner[1], vary)
    raise ScenarioError(f"a harvest holds a value of the unknown kind {kind!r}")


def _mock(inner: list[Any], vary: Vary) -> Any:
    """Return a new mock of the class, with what it was told to return."""
    kind = getattr(importlib.import_module("unittest.mock"), inner[0])
    returned = {name: make(item, vary) for name, item in inner[2].items()}
    return kind(spec=named(inner[1]), **returned) if inner[1] else kind(**returned)


def _patched(replaced: list[Any], value: Value, vary: Vary) -> Any:
    """Return what a value describes, made while attributes are replaced."""
    mock = importlib.import_module("unittest.mock")
    with contextlib.ExitStack() as stack:
        for place, attribute, new in replaced:
            stack.enter_context(mock.patch.object(named(place), attribute, make(new, _same)))
        return make(value, vary)


def named(place: str) -> Any:
    """Return the object at ``module:Qualified.Name``, importing the module."""
    module, _, path = place.partition(":")
    found: Any = importlib.import_module(module)
    for name in path.split(".") if path else ():
        found = getattr(found, name)
    return found


def _arguments(args: list[Value], kwargs: dict[str, Value], vary: Vary) -> tuple[list[Any], dict[str, Any]]:
    given = [_given(item, vary) for item in args]
    return given, {name: _given(item, vary) for name, item in kwargs.items()}


def _given(value: Value, vary: Vary) -> Any:
    return make(value, vary) if isinstance(value, dict) else vary(value)


def _argument(track: str, args: list[Any], subject: Any) -> Any:
    place = track.partition(":")[2]
    return args[int(place)] if place and int(place) < len(args) else subject


def _same(scalar: Any) -> Any:
    return scalar


def _varied(scalar: Any, lap: int) -> Any:
    if type(scalar) is str:
        return f"{scalar}{lap}"
    return scalar + lap if type(scalar) in (int, float) else scalar


_BUILT: dict[str, Callable[[list[Any]], Any]] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
