"""Which files are read in full: those that can hold a leak by themselves, and those that they lean on or that use them.

Like the gate this may only over-approximate: names are compared, not resolved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from leaklint.gate import Gate

_ROUNDS = 3  # how often files that a chosen file leans on are added


@dataclass(frozen=True, slots=True)
class Scanned:
    """A file that parses: where it is, what it is called, what its gate says."""

    file: str
    path: str
    root: str
    module: str
    gate: Gate

    @property
    def stem(self) -> str:
        """Return the last part of the module's name."""
        return self.module.rpartition(".")[2]


_Table = dict[str, list[Scanned]]


def leaning(scanned: Sequence[Scanned]) -> list[Scanned]:
    """Return the files to read in full, in their order."""
    chosen = {one.file: one for one in (*(one for one in scanned if one.gate.admits), *_fillers(scanned))}
    defining = _by_name(scanned, lambda gate: gate.classes)
    new = list(chosen.values())
    for _ in range(_ROUNDS):
        wanted = ((one, name) for one in new for name in one.gate.bases - one.gate.classes)
        found = (other for one, name in wanted for other in defining.get(name, ()) if _reached(other, one, name))
        new = [other for other in found if chosen.setdefault(other.file, other) is other and other not in new]
    chosen.update((one.file, one) for one in _packages(list(chosen.values()), scanned))
    return [one for one in scanned if one.file in chosen]


def ways_to(chosen: Sequence[Scanned]) -> dict[str, frozenset[str]]:
    """Return for each file the names through which others reach what it has: its own, and those of objects made of it."""
    makers = _by_name(chosen, lambda gate: gate.made)
    return {one.file: _ways(one, makers) for one in chosen}


def _ways(one: Scanned, makers: _Table) -> frozenset[str]:
    objects = (other.gate.holds for name in one.gate.classes & makers.keys() for other in makers[name])
    return one.gate.offering.union({one.stem}, *objects)


def _by_name(files: Iterable[Scanned], names: Callable[[Gate], Iterable[str]]) -> _Table:
    found: _Table = {}
    for one in files:
        for name in names(one.gate):
            found.setdefault(name, []).append(one)
    return found


def _fillers(scanned: Sequence[Scanned]) -> Iterator[Scanned]:
    """Yield the files that fill what another file holds, and those that hold it."""
    makers = _by_name(scanned, lambda gate: gate.made)
    holders = _by_name(scanned, lambda gate: gate.kept(makers))
    for one in scanned:
        # what an object of the module level keeps is kept for good, whichever file makes it
        for name in {owner for owner, name in one.gate.own if owner in makers and name in one.gate.fills}:
            yield one
            yield from (other for other in makers[name] if other is one or _reached(one, other, name))
        for name in one.gate.reaches & holders.keys():
            for other in holders[name]:
                if other is not one and _reached(other, one, name):
                    yield from (one, other)
    yield from _heirs(scanned, holders)
    yield from _handing(scanned, holders)


def _heirs(scanned: Sequence[Scanned], holders: _Table) -> Iterator[Scanned]:
    """Yield the files whose classes fill what they inherit, or what an object on a class of theirs or above holds."""
    defining = _by_name(scanned, lambda gate: gate.classes)
    for one in scanned:
        names = one.gate.inherits & holders.keys()
        if not names or not one.gate.bases:
            continue
        above = _above(one, defining)
        made = one.gate.made.union(*(other.gate.made for other in above))
        for name in names:
            for other in holders[name]:
                if other is not one and (other in above or not made.isdisjoint(other.gate.classes)):
                    yield from (one, other)


def _above(one: Scanned, defining: _Table) -> list[Scanned]:
    """Return the other files that may define a class above one of this file's."""
    found: dict[str, Scanned] = {}
    waiting = [one]
    while waiting:
        here = waiting.pop()
        for name in here.gate.bases & defining.keys():
            for other in defining[name]:
                if other.file not in found and other is not here and _reached(other, here, name):
                    found[other.file] = other
                    waiting.append(other)
    return [other for other in found.values() if other is not one]


def _handing(scanned: Sequence[Scanned], holders: _Table) -> Iterator[Scanned]:
    """Yield the files that hand a container to a function which fills what it is given, with all files this takes."""
    takers = _by_name(scanned, lambda gate: gate.takes)
    for one in scanned:
        for function, name in one.gate.hands:
            called = function.removeprefix(".")
            if called not in takers or name not in holders:
                continue
            takes = [other for other in takers[called] if other is one or _called(other, one, function)]
            holds = [other for other in holders[name] if other is one or _reached(other, one, name)]
            if takes and holds:
                yield from (one, *takes, *holds)


def _called(other: Scanned, one: Scanned, function: str) -> bool:
    """Tell whether a call in ``one`` may be of a function of ``other``: by its own name only if that is imported."""
    if function.startswith(".") or "*" in one.gate.imports:
        return _reached(other, one, function.removeprefix("."))
    return function in one.gate.imports


def _packages(chosen: Sequence[Scanned], scanned: Sequence[Scanned]) -> Iterator[Scanned]:
    """Yield the packages' own files through which chosen modules may be imported."""
    own = {one.module: one for one in scanned if one.file.endswith("__init__.py")}
    for one in chosen:
        package = one.module
        while "." in package:
            package = package.rpartition(".")[0]
            if package in own and one.stem in own[package].gate.imports:
                yield own[package]


def _reached(other: Scanned, one: Scanned, name: str) -> bool:
    """Tell whether ``one`` may import ``other``: by its name, by ``name`` itself, or by what else it defines."""
    imports = one.gate.imports
    return other.stem in imports or name in imports or bool(other.gate.classes & imports)
