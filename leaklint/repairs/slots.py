"""Slots that a program looks at: room for weak references would be one more of them."""

from __future__ import annotations

import re

from leaklint.flow.terms import Term, options
from leaklint.repairs.program import Program

_NAME = "__slots__"
_QUOTED = re.compile(rf"[\"']{_NAME}[\"']")


def slots_read(program: Program, key: str) -> str:
    """Return where the ``__slots__`` of a class, or of one that may be it, are read: as columns, or to copy by name."""
    classes = program.classes
    family = {above for one in classes.below(key) for above in classes.order(one)}
    for module in program.saying(_NAME):
        path, text = program.names.modules[module].path, program.source(module).text
        for place, term in program.terms(module).attributes.get(_NAME, ()):
            if any(_may_be_of(program, one, family) for one in options(term[1])):
                return f"{path}:{place[0]}"
        quoted = _QUOTED.search(text)
        if quoted is not None:
            return f"{path}:{program.source(module).line_of(quoted.start())}"
    return ""


def _may_be_of(program: Program, term: Term, family: set[str]) -> bool:
    """Tell whether a term may be one of some classes, or an object of one: anything but a known other class."""
    term = term[1] if term[0] == "attr" and term[2] == "__class__" else term
    callee = program.callee(term)
    owner = program.holders.self_of(term) or (callee.key if callee is not None and callee.is_class else "")
    return not owner or owner in family
