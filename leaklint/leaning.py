"""Which files are read in full: those that can hold a leak by themselves, and those that they lean on or that use them.

Like the gate this may only over-approximate: names are compared, not resolved.
"""

from __future__ import annotations

from leaklint.records import dataclass

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from leaklint.gate import Gate

    _Table = dict[str, set[int]]  # names, and the numbers of the files that they stand for

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
    files = _Files(scanned)
    chosen: set[int] = {number for number, one in enumerate(scanned) if one.gate.admits}
    for more in (files.sharing(), files.reaching(), files.inheriting(), files.handing()):
        chosen.update(more)
    new = chosen
    for _ in range(_ROUNDS):
        new = {above for number in new for above in files.directly_above(number)} - chosen
        chosen |= new
    chosen.update([*files.packages(chosen)])
    return [scanned[number] for number in sorted(chosen)]


def ways_to(chosen: Sequence[Scanned]) -> dict[str, frozenset[str]]:
    """Return for each file the names through which others reach what it has: its own, and those of objects made of it."""
    makers = _by_name(chosen, lambda one: one.gate.made)
    found = {}
    for one in chosen:
        objects = (chosen[other].gate.holds for name in one.gate.classes & makers.keys() for other in makers[name])
        found[one.file] = one.gate.offering.union({one.stem}, *objects)
    return found


def _by_name(files: Iterable[Scanned], names: Callable[[Scanned], Iterable[str]]) -> _Table:
    found: _Table = {}
    for number, one in enumerate(files):
        for name in names(one):
            found.setdefault(name, set()).add(number)
    return found


class _Files:
    """All files of a run by what their gates say. Files go by their numbers."""

    def __init__(self, scanned: Sequence[Scanned]) -> None:
        self.all = scanned
        self.stems = _by_name(scanned, lambda one: (one.stem,))
        self.defining = _by_name(scanned, lambda one: one.gate.classes)
        self.makers = self._makers()
        self.holders = _by_name(scanned, lambda one: one.gate.kept(self.makers))
        self._reached: dict[int, set[int]] = {}

    def _makers(self) -> _Table:
        """Return the files that make an object of a class for good, or define an heir of it of which one is made."""
        makers = _by_name(self.all, lambda one: one.gate.made)
        waiting = set(makers)
        while waiting:
            name = waiting.pop()
            for number in self.defining.get(name, ()):
                bases = self.all[number].gate.bases
                waiting.update(base for base in bases if base not in makers)
                for base in bases:
                    makers.setdefault(base, set()).add(number)
        return makers

    def reached(self, number: int, name: str, table: _Table) -> set[int]:
        """Return the files for which ``name`` stands and that a file may import: by their names, by ``name``, by a class."""
        imports, found = self.all[number].gate.imports, table.get(name, set())
        if not found or name in imports:
            return found
        reached = self._reached.get(number)
        if reached is None:
            tables = [table[one] for table in (self.stems, self.defining) for one in imports & table.keys()]
            reached = self._reached[number] = set().union(*tables)
        return found & reached

    def sharing(self) -> Iterator[int]:
        """Yield the files of classes that fill a container of their own, and those that make an object of one for good."""
        for number, one in enumerate(self.all):
            for name in {owner for owner, name in one.gate.own if owner in self.makers and name in one.gate.fills}:
                yield number
                yield from self._making(number, name)

    def _making(self, number: int, name: str) -> set[int]:
        """Return the files that make an object of a class for good, and those of the heirs that it is of."""
        found: set[int] = set()
        waiting = [(number, name)]
        while waiting:
            at, name = waiting.pop()
            for other in self.makers.get(name, set()) - found:
                if other == at or at in self.reached(other, name, self.defining):
                    found.add(other)
                    if name in self.all[other].gate.bases:
                        waiting += [(other, heir) for heir in self.all[other].gate.classes]
        return found

    def reaching(self) -> Iterator[int]:
        """Yield the files that fill what they import, and those that hold it."""
        for number, one in enumerate(self.all):
            for name in one.gate.reaches & self.holders.keys():
                others = self.reached(number, name, self.holders) - {number}
                if others:
                    yield number
                    yield from others

    def inheriting(self) -> Iterator[int]:
        """Yield the files whose classes fill what they inherit, or what an object on a class of theirs or above holds."""
        for number, one in enumerate(self.all):
            names = one.gate.inherits & self.holders.keys() if one.gate.bases else ()
            if not names:
                continue
            above = self._above(number)
            made = one.gate.made.union(*(self.all[other].gate.made for other in above))
            of_objects = set().union(*(self.defining[name] for name in made & self.defining.keys()))
            for name in names:
                others = (self.holders[name] & (above | of_objects)) - {number}
                if others:
                    yield number
                    yield from others

    def handing(self) -> Iterator[int]:
        """Yield the files that hand a container to a function which fills what it is given, with all that this takes."""
        takers = _by_name(self.all, lambda one: one.gate.takes)
        for number, one in enumerate(self.all):
            for function, name in one.gate.hands:
                called = function.removeprefix(".")
                if called not in takers or name not in self.holders:
                    continue
                takes = self._called(number, function, called, takers)
                holds = self.reached(number, name, self.holders) | ({number} & self.holders[name])
                if takes and holds:
                    yield number
                    yield from takes
                    yield from holds

    def _called(self, number: int, function: str, called: str, takers: _Table) -> set[int]:
        """Return the files whose functions a call may run: by its own name alone only if that is imported."""
        own = {number} & takers[called]
        imports = self.all[number].gate.imports
        if function != called or "*" in imports or function in imports:
            return self.reached(number, called, takers) | own
        return own

    def directly_above(self, number: int) -> set[int]:
        """Return the other files that may define a base of a class of this file."""
        gate = self.all[number].gate
        found = (self.reached(number, name, self.defining) for name in gate.bases - gate.classes)
        return set().union(*found) - {number}

    def _above(self, number: int) -> set[int]:
        """Return the other files that may define a class above one of this file's, however far."""
        found: set[int] = set()
        waiting = {number}
        while waiting:
            gate = self.all[here := waiting.pop()].gate
            for name in gate.bases:
                more = self.reached(here, name, self.defining) - found
                found |= more
                waiting |= more
        return found - {number}

    def packages(self, chosen: set[int]) -> Iterator[int]:
        """Yield the packages' own files through which chosen modules may be imported."""
        own = {one.module: number for number, one in enumerate(self.all) if one.file.endswith("__init__.py")}
        for one in (self.all[number] for number in chosen):
            package = one.module
            while "." in package:
                package = package.rpartition(".")[0]
                if package in own and one.stem in self.all[own[package]].gate.imports:
                    yield own[package]
