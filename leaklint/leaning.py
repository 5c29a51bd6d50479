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


def leaning(scanned: Sequence[Scanned]) -> list[Scanned]:
    """Return the files to read in full, in their order."""
    chosen = {one.file: one for one in (*(one for one in scanned if one.gate.admits), *_fillers(scanned))}
    defining = _by_name(scanned, lambda gate: gate.classes)
    new = list(chosen.values())
    for _ in range(_ROUNDS):
        wanted = ((one, name) for one in new for name in one.gate.bases - one.gate.classes)
        found = (other for one, name in wanted for other in defining.get(name, ()) if _reached(other, one, name))
        new = [other for other in found if chosen.setdefault(other.file, other) is other and other not in new]
    chosen.update((one.file, one) for one in _users(list(chosen.values()), scanned))
    chosen.update((one.file, one) for one in _packages(list(chosen.values()), scanned))
    return [one for one in scanned if one.file in chosen]


def _by_name(files: Iterable[Scanned], names: Callable[[Gate], Iterable[str]]) -> dict[str, list[Scanned]]:
    found: dict[str, list[Scanned]] = {}
    for one in files:
        for name in names(one.gate):
            found.setdefault(name, []).append(one)
    return found


def _fillers(scanned: Sequence[Scanned]) -> Iterator[Scanned]:
    """Yield the files that fill what another file holds, and those that hold it."""
    holders = _by_name(scanned, lambda gate: gate.holds)
    makers = _by_name(scanned, lambda gate: gate.made)
    for one in scanned:
        shared = one.gate.classes & makers.keys() if one.gate.own & one.gate.fills else ()
        for name in shared:  # what an object of the module level keeps is kept for good, whichever file makes it
            yield one
            yield from (other for other in makers[name] if other is one or _reached(one, other, name))
        for name in one.gate.fills & holders.keys():
            for other in holders[name]:
                if other is not one and _reached(other, one, name):
                    yield from (one, other)


def _users(chosen: Sequence[Scanned], scanned: Sequence[Scanned]) -> Iterator[Scanned]:
    """Yield the files that call what fills or empties a holder, or empty it themselves.

    Without them a registration would be taken for one that nothing calls, and a removal be overlooked.
    """
    offered = _by_name(chosen, lambda gate: gate.offers)
    held = _by_name(chosen, lambda gate: gate.holds)
    makers = _by_name(chosen, lambda gate: gate.made)
    ways = {one.file: _ways(one, makers) for one in chosen}
    for one in scanned:
        pairs = [(name, offered) for name in one.gate.mentions & offered.keys()]
        pairs += [(name, held) for name in one.gate.drops & held.keys()]
        used = one.gate.imports & one.gate.mentions
        others = ((name, other) for name, table in pairs for other in table[name] if other is not one)
        if any(name in used or other.stem in used or used & ways[other.file] for name, other in others):
            yield one


def _ways(one: Scanned, makers: dict[str, list[Scanned]]) -> frozenset[str]:
    """Return the names through which what a file offers is reached: its own, and those of objects that others make of it."""
    objects = (other.gate.holds for name in one.gate.classes & makers.keys() for other in makers[name])
    return one.gate.offering.union(*objects) if one.gate.own & one.gate.fills else one.gate.offering


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
