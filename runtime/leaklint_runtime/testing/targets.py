"""A finding whose module is loaded: where its holder is, what counts as its subject, and what each test did to it."""

from __future__ import annotations

import sys
from itertools import islice
from types import MethodType, ModuleType
from typing import Any

from .. import holder
from ..early import is_a, ref
from ..holder import BUILT_IN, lookup, mro_of
from ..wire import WireProbe
from . import meters
from .findings import Flagged
from .meters import Meters

INNER = 2
SLACK = 8
LOOKS = 256
ENTRIES = 20_000
_NO_SUBJECT = (ModuleType, ref)


class Target:
    """One finding, armed. ``hit`` tells whether the running test filled the holder, ``label`` what to call that.

    ``used`` tells whether it called what the finding says fills it, whatever came of that.
    """

    def __init__(self, finding: Flagged, module: Any) -> None:
        assert finding.probe is not None
        self.finding, self.probe, self.module = finding, finding.probe, module
        self.subject = _class(self.probe.subject)
        self.holder = holder.find(module, self.probe.container, self.probe.container_kind, self.subject)
        self.name = _last(self.probe)
        self.label = self.holder.label if self.holder is not None else self.probe.symbol.rpartition(":")[2]
        self.hit = self.used = False
        self._looks = 0
        self._nested = False
        self._base: int | None = None
        self._calls = -1

    @property
    def weak(self) -> bool:
        """Tell whether the holder is one of the standard library's weak containers."""
        return self.holder is not None and is_a(self.holder.value(), holder.WEAK)

    def meter(self, installed: Meters) -> None:
        """Have the functions that may fill the holder report to this target."""
        if self._memo() is None:
            installed.add(trigger(self) + self._constructors(), self.use)
            installed.add(meters.places(self.module, (self.name,)), self.look)

    def _constructors(self) -> list[meters.Place]:
        """Return what makes the kept objects, where the holder itself cannot be read, or is there no more."""
        return meters.constructors(self.subject) if self.holder is None and self.subject is not None else []

    def reset(self) -> None:
        """Forget what the last test did; its state after that is the state before the next."""
        self.hit, self.used, self._looks = False, False, 0

    def begin(self) -> None:
        """Note the state of the holder, after something has changed."""
        self.reset()
        parts = self.holder.parts() if self.holder is not None else []
        last = SLACK if self._base is not None else 0
        self._nested = self._nested or any(is_a(obj, BUILT_IN) for part in parts for obj in _inside(part, last))
        self._base = self._read()
        self._calls = _calls(self._memo())

    def _read(self) -> int | None:
        """Return the number of entries, with those of inner containers where there are any."""
        if self.holder is None:
            return None
        value: Any = self.holder.value() if self.holder.owner is not None and not self._nested else None
        return len(value) if type(value) in BUILT_IN else self.holder.size(INNER if self._nested else 0)

    def use(self) -> None:
        """Note that what the finding says fills the holder was called."""
        self.used = True
        self.look()

    def look(self) -> None:
        """Read the holder while the objects of the test live."""
        if self.hit or self._looks >= LOOKS:
            return
        self._looks += 1
        self.hit = self._base is None or self.grown() > 0

    def grown(self) -> int:
        """Return how many entries came on top since ``begin``."""
        now = self._read()
        return 0 if now is None or self._base is None else now - self._base

    def size(self) -> int | None:
        """Return the number of entries, or None where nothing can be counted."""
        return self._read()

    def touched(self) -> bool:
        """Tell whether the test filled the holder."""
        grown = self.grown()
        if grown < 0:
            self._base = self._read()
        return self.hit or grown > 0 or (self._calls >= 0 and _calls(self._memo()) != self._calls)

    def walls(self) -> list[Any]:
        """Return the objects that the holder consists of, where it can be read."""
        if self.holder is None or not self.holder.readable:
            return []
        return [self.holder.value(), *self.holder.parts()]

    def _memo(self) -> Any:
        value: Any = self.holder.value() if self.holder is not None and self.holder.owner is not None else None
        return value if callable(getattr(value, "cache_info", None)) else None

    def fits(self, kind: Any) -> bool:
        """Tell whether a class is that of the kept objects, or derived from it."""
        return self.subject is not None and any(base is self.subject for base in mro_of(kind))

    def entries(self, young: dict[int, Any]) -> list[Any]:
        """Return the young objects that the holder keeps as keys, values or elements, down to inner containers."""
        found: list[Any] = []
        level = self.holder.parts() if self.holder is not None else []
        last = 0 if self._nested else max(0, self.grown()) + SLACK
        for depth in range(INNER + 2):
            following: list[Any] = []
            for part in level:
                for obj in _inside(part, last if not depth else 0):
                    if is_a(obj, (tuple, *BUILT_IN)):
                        following.append(obj)
                    elif is_a(obj, MethodType):
                        found.append(obj.__self__)
                    elif id(obj) in young and not is_a(obj, _NO_SUBJECT):
                        found.append(obj)
            level = following
        return [obj for obj in found if id(obj) in young]


def arm(finding: Flagged) -> Target | str | None:
    """Return the target for a finding, None if its module is not loaded yet, or why it cannot be watched."""
    probe = finding.probe
    if probe is None:
        return "this finding comes without a probe"
    module = sys.modules.get(probe.module)
    if not is_a(module, ModuleType) or getattr(getattr(module, "__spec__", None), "_initializing", False):
        return None
    file = getattr(module, "__file__", None)
    # imported here because it brings all of the experiment along
    from ..child import is_analysed

    if probe.file and not is_analysed(file, probe):
        return f"the tests import {file}, but {probe.file} was analysed; is another version installed?"
    target = Target(finding, module)
    if target.holder is None and target.subject is None:
        return f"neither {probe.container or 'the holder'} nor a class that it keeps can be reached by name"
    return target


def arm_loaded(pending: list[Flagged]) -> tuple[list[Target], list[tuple[Flagged, str]], list[Flagged]]:
    """Return the targets of the findings whose modules are loaded, those that cannot be watched with why, and the rest."""
    targets, refused, waiting = [], [], []
    for finding in pending:
        found = arm(finding)
        if found is None:
            waiting.append(finding)
        elif isinstance(found, str):
            refused.append((finding, found))
        else:
            targets.append(found)
    return targets, refused, waiting


def _last(probe: WireProbe) -> str:
    """Return the name of the holder as the code spells it."""
    path = probe.container or probe.symbol.rpartition(":")[2]
    return path.rpartition(".")[2]


def _class(place: str) -> Any:
    """Return a loaded class by ``module:Qualified.Name``, or None."""
    module, _, path = place.partition(":")
    found: Any = sys.modules.get(module)
    for name in path.split(".") if path and found is not None else ():
        found = lookup(found, name)
    return found if is_a(found, type) else None


def trigger(target: Target) -> list[meters.Place]:
    """Return the functions that the finding says fill the holder."""
    kind, _, name = target.probe.trigger.partition(":")
    if kind == "construct" and target.subject is not None:
        return meters.constructors(target.subject)
    if kind in ("method", "property") and target.subject is not None:
        return meters.named(target.subject, name)
    if kind == "call":
        place, _, path = name.partition(":")
        owner: Any = sys.modules.get(place)
        *owners, last = path.split(".")
        for part in owners:
            owner = lookup(owner, part) if owner is not None else None
        if is_a(owner, (type, ModuleType)):
            return meters.named(owner, last)
    return []


def _calls(memo: Any) -> int:
    if memo is None:
        return -1
    info = memo.cache_info()
    return int(info.hits + info.misses)


def _inside(part: Any, last: int = 0) -> list[Any]:
    """Return what a built-in container holds, keys included, without the target's own iteration.

    Of dicts and lists, which keep the order of insertion, only so many of the ``last`` entries, unless that is 0.
    """
    if is_a(part, dict):
        if type(part) is dict and last:
            return [obj for pair in list(islice(reversed(part.items()), last)) for obj in pair]
        return [obj for pair in list(dict.items(part)) for obj in pair] if dict.__len__(part) <= ENTRIES else []
    if is_a(part, list) and last:
        return list.__getitem__(part, slice(-last, None))
    for kind in (*BUILT_IN[1:], tuple):
        if is_a(part, kind):
            return list(kind.__iter__(part)) if kind.__len__(part) <= ENTRIES else []
    return []
