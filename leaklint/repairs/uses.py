"""Every place of the program that speaks of one container: names, attributes, local aliases, elements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from leaklint.drafts.program import HolderFacts, Program
from leaklint.drafts.program.once import once
from leaklint.drafts.program.resolve import absolute
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.references import Key, NameReferences, Reference, known_by, read_references
from leaklint.repairs.scopes import CstScope
from leaklint.repairs.tied_stores import Tied, tied
from leaklint.repairs.vague import family, may_mean
from leaklint.repairs.words import unmangled


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """An expression that means the container (``depth`` 0) or a container inside of it (``depth`` 1).

    ``sure`` is false where it may mean something else as well: a name with several values, an attribute of the same
    name on something unknown.
    """

    file: ParsedFile
    node: cst.BaseExpression
    scope: CstScope
    depth: int
    sure: bool = True


@dataclass(frozen=True, slots=True)
class _KnownReferences:
    """What is known so far of what the files say: by name in one module, and by word in all that have it."""

    here: dict[tuple[str, str], NameReferences]
    everywhere: dict[str, NameReferences]


@dataclass(frozen=True, slots=True)
class _Reach:
    """Who may mean the holders of another module, by the imports of all: modules by what they import.

    ``names``: by module and name; ``modules``: by module; ``stars``: those that take all of a module; ``aliases``:
    module-level names by the holder that they are bound to.
    """

    names: dict[tuple[str, str], set[str]]
    modules: dict[str, set[str]]
    stars: dict[str, set[str]]
    aliases: dict[Key, set[tuple[str, str]]]


class Finder:
    """Finds the uses of one holder."""

    def __init__(self, files: Files, holder: HolderFacts) -> None:
        self.files = files
        self.program: Program = files.program
        self.holder = holder
        self.attribute = unmangled(holder.binding.name)

    def uses(self) -> tuple[Use, ...]:
        """Return all uses, file by file, in the order of the source."""
        found = dict(self._referring)
        for file, node in self.tied().adopted:
            key = (file.module.name, file.nodes.index(node))
            found.setdefault(key, Reference(*key, 0, sure=False))
        uses = (self._use(found[key]) for key in sorted(found, key=lambda key: (self.files.rank(key[0]), key[1])))
        return tuple(use for use in uses if use is not None)

    def tied(self) -> Tied:
        """Return what is said of the stores into the holder and found at no expression that means it."""
        nodes: dict[str, set[int]] = {}
        for module, place in self._referring:
            nodes.setdefault(module, set()).add(id(self.files[module].nodes[place]))
        return tied(self.files, self.holder, {module: frozenset(known) for module, known in nodes.items()})

    @cached_property
    def _referring(self) -> dict[tuple[str, int], Reference]:
        """The expressions that mean the holder, by module and number of the node."""
        found: dict[tuple[str, int], Reference] = {}
        known = list(self._references())
        for references, vague in known:
            found.update(((at.module, at.place), at) for at in (self._guessed(references) if vague else ()))
        for references, _ in known:
            found.update(((at.module, at.place), at) for at in references.denoting.get(self.holder.key, ()))
        return found

    def _use(self, at: Reference) -> Use | None:
        file = self.files[at.module]
        node = file.nodes[at.place]
        return Use(file, node, file.scope(node), at.depth, at.sure) if isinstance(node, cst.BaseExpression) else None

    def _references(self) -> Iterator[tuple[NameReferences, bool]]:
        """Yield what is said where it may mean the holder, and whether that holds of what is said of unknown things."""
        owned = self.holder.owner is not None
        if owned:
            for word in {self.attribute, self.holder.binding.name}:
                yield self._everywhere(word), word == self.attribute
        words = self._words()
        for module in self.files.saying(words, self._reached()):
            for name in {name for word in words for name in known_by(self.files[module], word)}:
                yield self._here(module, name), owned and name == self.attribute

    def _here(self, module: str, name: str) -> NameReferences:
        here = _known(self.program).here
        if (module, name) not in here:
            here[module, name] = read_references(self.program, self.files[module], name)
        return here[module, name]

    def _everywhere(self, word: str) -> NameReferences:
        """Return what is said by a word, and by what is bound to it, wherever it is an attribute or a text."""
        known = _known(self.program).everywhere
        if word not in known:
            references, program, classes = NameReferences(), self.program, family(self.program, word)
            for file in self.files.passing(word, lambda here, source: may_mean(program, here, source, word, classes)):
                for name in known_by(file, word):
                    references.add(self._here(file.module.name, name), vague=name == word)
            known[word] = references
        return known[word]

    def _guessed(self, references: NameReferences) -> Iterator[Reference]:
        """Yield the attributes of the holder's name on something that may be its owner."""
        names, owner = self.program.names, self.holder.owner
        if owner is not None:
            yield from references.open
            if self.holder.key in self.program.reported:  # an object that the analysis, or a run, has shown to live on
                yield from references.parts
            yield from references.on.get(owner, ())
            lines = (names.ancestors(one) for one in (owner, *names.subclasses(owner)))
            for above in dict.fromkeys(above for line in lines for above in line):  # also above an heir alone
                if above in references.inside and owner not in names.ancestors(above):
                    yield from references.inside[above]

    def _words(self) -> frozenset[str]:
        """Return the names under which the holder is known: its own, and those it is imported or bound to."""
        words = {self.attribute, self.holder.binding.name, *self.program.aliases.get(self.holder.key, ())}
        waiting = list(words)
        while waiting:  # an alias of an import, imported
            more = self.program.local_names.get(waiting.pop(), frozenset()) - words
            words |= more
            waiting += more
        return frozenset(words)

    def _reached(self) -> set[str]:
        """Return the modules that may mean the holder by a name of their own: its own and, as imports say, others."""
        holder, reach = self.holder, _reach(self.program)
        if holder.scope in {"closure", "default"}:
            return {holder.module}
        aliases = reach.aliases.get(holder.key, set())
        found = {holder.module, *(module for module, _ in aliases)}
        if holder.owner is not None:
            found.update(one.module for one in self.program.names.subclasses(holder.owner))
        for module, name in (*aliases, *([(holder.module, holder.binding.name)] if holder.owner is None else ())):
            found |= reach.names.get((module, name), set())
            parts = module.split(".")
            for length in range(1, len(parts) + 1):
                found |= reach.modules.get(".".join(parts[:length]), set())
        new = list(found)
        while new:
            more = reach.stars.get(new.pop(), set()) - found
            found |= more
            new += more
        return found


@once
def _known(_: Program) -> _KnownReferences:
    return _KnownReferences({}, {})


@once
def _reach(program: Program) -> _Reach:
    reach = _Reach({}, {}, {}, {})
    for here in program.modules.values():
        for local in here.imports:
            found = program.names.find(here.name, (local,))
            if found.kind == "module":
                reach.modules.setdefault(found.module, set()).add(here.name)
            elif found.kind != "external":
                reach.names.setdefault((found.module, found.name), set()).add(here.name)
        for star in here.stars:
            reach.stars.setdefault(absolute(here, star), set()).add(here.name)
        for name, values in here.aliases.items():
            for value in values:
                resolved = program.holders.resolve(value, here.body, here)
                if resolved is not None:
                    reach.aliases.setdefault(resolved[0].key, set()).add((here.name, name))
    return reach
