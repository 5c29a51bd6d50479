"""Record how the tests make the objects of the findings, so that ``leaklint verify --harvest FILE`` can do it again."""

from __future__ import annotations

import functools
import json
import os
from typing import Any, Callable, Iterator

import pytest

from ..early import contents, is_a, ref
from ..holder import mro_of
from .findings import Flagged
from .meters import Place, named
from .patched import ActivePatches
from .recording import UnrecordableError, Value, arguments
from .targets import Target, arm_loaded, trigger

MOST, CLASSES = 8, 64
KEY = "leaklint-harvest"


class Harvest:
    """A pytest plugin that wraps the constructors of flagged classes, and of the classes of their arguments."""

    def __init__(self, findings: list[Flagged]) -> None:
        self.pending = list(findings)
        self.targets: list[Target] = []
        self.recorded: list[dict[str, Any]] = []
        self.missed: dict[str, str] = {}
        self.test = "the start of the run"
        self._made: dict[int, tuple[Any, Value]] = {}
        self._wrapped: list[tuple[Any, str, Any, Any]] = []
        self._active: list[int] = []
        self._patches = ActivePatches()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        """Wrap what has been loaded since, and know whose constructions these are."""
        self._arm()
        self.test = item.nodeid
        yield
        self._arm()

    def _arm(self) -> None:
        targets, refused, self.pending = arm_loaded(self.pending)
        self.missed.update((finding.symbol, why) for finding, why in refused)
        for target in targets:
            self._add(target)

    def _add(self, target: Target) -> None:
        self.targets.append(target)
        self._learn(target.subject)
        kind, _, name = target.probe.trigger.partition(":")
        if kind not in ("construct", "property"):
            for place in trigger(target):
                self._wrap(place, self._called(target, kind, name))

    def _learn(self, kind: Any) -> None:
        """Record how instances of a class are made from now on."""
        if kind is None or len(self._wrapped) >= CLASSES or contents(kind).get("__module__") == "builtins":
            return
        for base in mro_of(kind)[:-1]:
            for place in named(base, "__init__") if "__init__" in contents(base) else ():
                self._wrap(place, self._constructed)
                return

    def _wrap(self, place: Place, around: Callable[..., Any]) -> None:
        if any(owner is place.owner and name == place.name for owner, name, _, _ in self._wrapped):
            return
        function = place.function

        @functools.wraps(function)
        def recorded(*args: Any, **kwargs: Any) -> Any:
            return around(function, args, kwargs)

        kind: Any = type(place.raw)
        changed = kind(recorded) if is_a(place.raw, (classmethod, staticmethod)) else recorded
        try:
            setattr(place.owner, place.name, changed)
        except Exception:
            return
        self._wrapped.append((place.owner, place.name, place.raw, changed))

    def _constructed(self, function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        """Run a constructor and record it, unless it runs inside that of a derived class."""
        if not args or id(args[0]) in self._active:
            return function(*args, **kwargs)
        subject = args[0]
        nearest = next(base for base in mro_of(type(subject)) if "__init__" in contents(base))
        wrapped: Any = getattr(contents(nearest)["__init__"], "__wrapped__", None)
        if wrapped is not function:
            self._learn(type(subject))
            return function(*args, **kwargs)
        self._active.append(id(subject))
        try:
            value = self._encoded(subject, args[1:], kwargs)
            result = function(*args, **kwargs)
        finally:
            self._active.pop()
        if value is not None:
            self._keep(subject, value)
            for target in self.targets:
                if target.fits(type(subject)) and target.probe.trigger.startswith(("construct", "property")):
                    self._note(target, target.probe.subject, value)
        return result

    def _encoded(self, subject: Any, args: Any, kwargs: dict[str, Any]) -> Value:
        kind = type(subject)
        name = f"{kind.__module__}:{kind.__qualname__}"
        if "<locals>" in name:
            self.missed[name] = "the class is made inside a function"
            return None
        return self._plain(name, args, kwargs, lambda given: {"call": [name, *given]})

    def _plain(self, name: str, args: Any, kwargs: dict[str, Any], build: Callable[[Any], Value]) -> Value:
        """Return what ``build`` makes of the arguments, or None and learn the class that stands in the way."""
        try:
            return self._patches.around(build(arguments(args, kwargs, self._find)), self._find)
        except UnrecordableError as error:
            self.missed.setdefault(name, f"an argument cannot be written down: {error}")
            return None

    def _find(self, obj: Any) -> Value:
        found = self._made.get(id(obj))
        if found is not None and found[0]() is obj:
            return found[1]
        self._learn(type(obj))
        return None

    def _keep(self, obj: Any, value: Value) -> None:
        """Remember how an object was made for as long as it lives."""
        place, made = id(obj), self._made
        try:
            made[place] = (
                ref(obj, lambda gone: made.pop(place, None) if made.get(place, (0,))[0] is gone else None),
                value,
            )
        except TypeError:
            return

    def _called(self, target: Target, kind: str, name: str) -> Callable[..., Any]:
        """Return what records the calls of a finding's trigger."""
        track = target.probe.track
        place = int(track.partition(":")[2]) if track.startswith("argument:") else None

        def around(function: Any, args: Any, kwargs: dict[str, Any]) -> Any:
            value = None
            if kind == "method" and args:
                made = self._find(args[0])
                if made is not None:
                    value = self._plain(name, args[1:], kwargs, lambda given: {"then": [made, name, *given, track]})
            elif kind == "call":
                of_class = "." in name.partition(":")[2] and bool(args) and is_a(args[0], type)
                bound = args[1:] if of_class else args
                called = _of_class(args[0], name) if of_class else name
                if place is None:
                    value = self._plain(name, bound, kwargs, lambda given: {"call": [called, *given]})
                elif place < len(bound):
                    value = self._plain(name, bound, kwargs, lambda given: {"pass": [called, *given, place]})
            result = function(*args, **kwargs)
            if value is not None:
                self._note(target, target.probe.symbol, value)
            return result

        return around

    def _note(self, target: Target, name: str, value: Value) -> None:
        same = [one for one in self.recorded if one["name"] == name]
        if len(same) < MOST and not any(one["make"] == value for one in same):
            self.recorded.append({"name": name, "symbol": target.probe.symbol, "test": self.test, "make": value})

    def results(self) -> dict[str, Any]:
        """Put everything back as it was and return what was recorded."""
        for owner, name, raw, changed in self._wrapped:
            if contents(owner).get(name) is changed:
                setattr(owner, name, raw)
        for finding in self.pending:
            self.missed[finding.symbol] = "the tests never load its module"
        self._patches.put_back()
        self._wrapped, self.targets = [], []
        self._made.clear()
        return {"recorded": self.recorded, "missed": self.missed}


def _of_class(kind: Any, name: str) -> str:
    """Return the name of a class method as the test called it: on the very class, which may be a derived one."""
    found = f"{kind.__module__}:{kind.__qualname__}"
    return name if "<locals>" in found else f"{found}.{name.rpartition('.')[2]}"


class HarvestFile:
    """In the process that the user started: write the file."""

    def __init__(self, harvest: Harvest | None, file: str) -> None:
        self.harvest, self.file = harvest, file
        self.parts: list[dict[str, Any]] = []
        self.summary = ""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of pytest-xdist has recorded."""
        text = getattr(node, "workeroutput", {}).get(KEY)
        if text:
            self.parts.append(json.loads(text))

    def pytest_sessionfinish(self) -> None:
        """Join the recordings and write them."""
        if self.harvest is not None:
            self.parts.append(self.harvest.results())
            self.harvest = None
        recorded: list[dict[str, Any]] = []
        missed: dict[str, str] = {}
        for part in self.parts:
            missed.update(part["missed"])
            for one in part["recorded"]:
                same = [other for other in recorded if other["name"] == one["name"]]
                if len(same) < MOST and not any(other["make"] == one["make"] for other in same):
                    recorded.append(one)
        names = {one["name"] for one in recorded} | {one["symbol"] for one in recorded}
        missed = {name: why for name, why in missed.items() if name not in names}
        os.makedirs(os.path.dirname(os.path.abspath(self.file)), exist_ok=True)
        with open(self.file, "w", encoding="utf-8") as target:
            json.dump({"version": 1, "recorded": recorded, "missed": missed}, target, indent=1)
            target.write("\n")
        self.summary = (
            f"leaklint: {len(recorded)} recordings of {len({one['name'] for one in recorded})} names in {self.file}"
        )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell where the harvest is."""
        terminalreporter.write_line(self.summary)
