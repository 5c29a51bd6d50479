"""Every place of the program that speaks of one container: names, attributes, local aliases, elements."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import libcst as cst

from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.holders import HolderDefinition
from leaklint.repairs.program import ATTRIBUTE, Program, once
from leaklint.repairs.references import Reference, reaching, references
from leaklint.repairs.scopes import CstScope
from leaklint.repairs.tied_stores import Tied, tied

_Known = dict[tuple[str, str, str], dict[tuple[str, int], Reference]]


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


class Finder:
    """Finds the uses of one holder."""

    def __init__(self, files: Files, holder: HolderDefinition) -> None:
        self.files = files
        self.program: Program = files.program
        self.holder = holder

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
        known = _known(self.program)
        if self.holder.key not in known:
            modules = reaching(self.program, self._candidates(), self.holder)
            self.files.bounded(modules, self.holder.word)
            found = (references(self.program, self.files[module], self.holder) for module in modules)
            known[self.holder.key] = {(at.module, at.place): at for one in found for at in one.values()}
        return known[self.holder.key]

    def _use(self, at: Reference) -> Use | None:
        file = self.files[at.module]
        node = file.nodes[at.place]
        return Use(file, node, file.scope(node), at.depth, at.sure) if isinstance(node, cst.BaseExpression) else None

    def _candidates(self) -> Iterator[str]:
        """Yield the modules that may speak of the holder: its own, and those that say a name under which it is known."""
        holder, program = self.holder, self.program
        if holder.scope in {"closure", "default"}:
            yield holder.module
            return
        words, waiting = {holder.word}, [holder.word]
        while waiting:  # an alias of an import, imported
            more = program.local_names.get(waiting.pop(), frozenset()) - words
            words |= more
            waiting += more
        if holder.scope == "class":
            owner = holder.owner.rpartition(".")[2].rpartition(":")[2]
            words.add(f"_{owner.lstrip('_')}{holder.word}")
        yield holder.module
        for word in words:
            before = rf"(?:{ATTRIBUTE}|['\"])" if holder.cls and word == holder.word else r"\b"
            if (word, before) not in _looked_up(program):
                _looked_up(program).add((word, before))
                yield from program.saying(word, before)


@once
def _looked_up(_: Program) -> set[tuple[str, str]]:
    """Return the words whose files are known to the references already, with what is before them."""
    return set()


@once
def _known(_: Program) -> _Known:
    return {}
