"""Slots that a program looks at: room for weak references would be one more of them."""

from __future__ import annotations

import re

from leaklint.flow.terms import Term, options
from leaklint.repairs.files import Files
from leaklint.repairs.program import Program

_NAME = "__slots__"
_QUOTED = re.compile(rf"[\"']{_NAME}[\"']")


def slots_read(files: Files, key: str) -> str:
    """Return where the ``__slots__`` of a class, or of one that may be it, are read: as columns, or to copy by name."""
    classes = files.program.classes
    family = {above for one in classes.below(key) for above in classes.order(one)}
    for file in files.mentioning(_NAME, lambda *_: True):
        for node in file.attributes.get(_NAME, ()):
            if any(_may_be_of(files.program, term, family) for term in options(file.denoted(node.value))):
                return file.place(node)
        quoted = _QUOTED.search(file.text)
        if quoted is not None:
            return f"{file.path}:{file.source.line_of(quoted.start())}"
    return ""


def _may_be_of(program: Program, term: Term, family: set[str]) -> bool:
    """Tell whether a term may be one of some classes, or an object of one: anything but a known other class."""
    term = term[1] if term[0] == "attr" and term[2] == "__class__" else term
    callee = program.callee(term)
    owner = program.holders.self_of(term) or (callee.key if callee is not None and callee.is_class else "")
    return not owner or owner in family
