"""Slots that a program looks at: room for weak references would be one more of them."""

from __future__ import annotations

import re

from leaklint.flow.terms import Term, options
from leaklint.repairs.program import Program, short

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


def slots_given(program: Program, key: str) -> str:
    """Return what may give a class slots that its body does not show: its metaclass, or a decorator; nothing if none may."""
    makers = [program.classes.metaclass(key)]
    for one in program.classes.order(key):
        terms = (decorator.term for decorator in program.names.classes[one].decorators)
        callees = (program.callee(term[1] if term[0] == "call" else term) for term in terms)
        makers += [callee.key for callee in callees if callee is not None]
    return next((short(maker) for maker in makers if maker is not None and _speaks_of_slots(program, maker)), "")


def _speaks_of_slots(program: Program, key: str) -> bool:
    """Tell whether a function, or a method of a class, has the name of the slots as a text."""
    functions = [*(one for above in program.classes.order(key) for one in program.methods(above))]
    functions += [one for one in program.functions.values() if key in {one.key, one.parent}]
    return any(f"'{_NAME}'" in repr(event.terms) for one in functions for event in one.events)


def layout_kept(program: Program, key: str) -> str:
    """Return where objects that may be of a class become ones of another class, which must have the same slots."""
    family = {above for one in program.classes.below(key) for above in program.classes.order(one)}
    for module in program.saying("__class__"):
        events = (event for one in program.names.modules[module].functions.values() for event in one.events)
        for event in events:
            if event.kind == "setattr" and event.name == "__class__":
                if any(_may_be_of(program, one, family) for one in options(event.terms[0])):
                    return f"{program.names.modules[module].path}:{event.place[0]}"
    return ""
