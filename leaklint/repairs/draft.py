"""A repair while it is worked out: edits, what forbids it, what it assumes."""

from __future__ import annotations

from itertools import pairwise

import libcst as cst

from leaklint.model import Edit, Fix
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.imports import Imports
from leaklint.repairs.scopes import CstScope

_TOLD = 6  # how many refusals or assumptions are told in full


class Draft:
    """Collects the edits of one repair over all files.

    A refusal turns the whole into ``none``, an assumption into ``unsafe``; both are told in plain words, the first one
    first. Nothing is written.
    """

    def __init__(self, files: Files) -> None:
        self.files = files
        self._edits: dict[tuple[str, int, int], str] = {}
        self._refusals: dict[str, None] = {}
        self._assumptions: dict[str, None] = {}
        self._notes: dict[str, None] = {}
        self._imports: dict[str, Imports] = {}
        self._clash = False
        self.is_handed_on = False

    def refuse(self, why: str) -> None:
        """Forbid the repair."""
        self._refusals.setdefault(why)

    def assume(self, condition: str) -> None:
        """Make the repair depend on ``condition``, which nothing here proves."""
        self._assumptions.setdefault(condition)

    def hand_on(self, condition: str) -> None:
        """Make the repair depend on what code that is not followed does with the container."""
        self.is_handed_on = True
        self.assume(condition)

    def note(self, text: str) -> None:
        """Add a sentence to the reason that changes nothing about its safety."""
        self._notes.setdefault(text)

    @property
    def refused(self) -> bool:
        """Tell whether something forbids the repair."""
        return bool(self._refusals)

    def replace(self, file: ParsedFile, node: cst.CSTNode, text: str) -> None:
        """Put ``text`` in the place of ``node``; parentheses around it stay."""
        self.splice(file, file.start(node), file.end(node), text)

    def insert(self, file: ParsedFile, offset: int, text: str) -> None:
        """Put ``text`` before the character at ``offset``."""
        self.splice(file, offset, offset, text)

    def splice(self, file: ParsedFile, start: int, end: int, text: str) -> None:
        """Put ``text`` in the place of the characters ``start:end``."""
        key = (file.path, start, end)
        if self._edits.get(key, text) != text:
            self._clash = True
        self._edits[key] = text

    def touched(self, file: ParsedFile, node: cst.CSTNode) -> bool:
        """Tell whether an edit lies inside ``node``."""
        start, end = file.start(node), file.end(node)
        return any(path == file.path and start <= a and b <= end for path, a, b in self._edits)

    def name(self, file: ParsedFile, name: str, scope: CstScope, module: str = "weakref") -> str:
        """Return how ``module.name`` is written in ``scope`` of ``file``; the import it needs becomes part of the repair."""
        return self._imports.setdefault(file.path, Imports(file)).use(module, name, scope)

    def fix(self, replacement: str, reason: str) -> Fix:
        """Return the repair; ``reason`` opens the text of a repair that stands."""
        edits = self.edits()
        if self._clash or _overlap(edits):
            self.refuse("two of the places that would have to be rewritten lie inside one another")
        if self._refusals:
            return Fix("none", replacement, _joined(list(self._refusals), "; "))
        notes = "".join(f"; {note}" for note in self._notes)
        if self._assumptions:
            return Fix(
                "unsafe", replacement, f"assumes that {_joined(list(self._assumptions), ' and that ')}{notes}", edits
            )
        return Fix("safe", replacement, f"{reason}{notes}", edits)

    def edits(self) -> tuple[Edit, ...]:
        """Return the edits so far, by file and place, imports included."""
        own = dict(self._edits)
        for imports in self._imports.values():
            for edit in imports.edits:  # an import that goes where something else is inserted goes before it
                key = (edit.path, edit.start, edit.end)
                own[key] = edit.text + own.get(key, "")
        return tuple(
            sorted((Edit(*key, text) for key, text in own.items()), key=lambda edit: (edit.path, edit.start, edit.end))
        )


def _joined(texts: list[str], between: str) -> str:
    """Return the first few of ``texts`` and how many more there are."""
    more = f" (and {len(texts) - _TOLD} more)" if len(texts) > _TOLD else ""
    return between.join(texts[:_TOLD]) + more


def _overlap(edits: tuple[Edit, ...]) -> bool:
    """Tell whether one edit reaches into the next; two insertions at one place count, a shared border does not."""
    for edit, after in pairwise(edits):
        is_same = (edit.start, edit.end) == (after.start, after.end)
        if edit.path == after.path and (edit.end > after.start or is_same):
            return True
    return False
