"""Whether what a memo returns may be worked out again: a second object, or the next number, is not the same."""

from __future__ import annotations

import libcst as cst

from leaklint.contracts.library import of_nature
from leaklint.flow.model import Function
from leaklint.flow.terms import DISPLAYS, Term, as_text, children, options, root, walk
from leaklint.repairs.callees import demand_of_use
from leaklint.repairs.escapes import results_of
from leaklint.repairs.files import Files
from leaklint.repairs.holders import last_word
from leaklint.repairs.program import short
from leaklint.repairs.referents import compares_by_value, outside_bases
from leaklint.repairs.roles import Role
from leaklint.repairs.state import MAKING, changed, changes
from leaklint.repairs.told_apart import told_apart

_HOPS = 5
_ANEW = of_nature("another each time")
_VALUES = (
    of_nature("plain") | of_nature("text") | of_nature("value") | of_nature("enum") | of_nature("not weakly referable")
)
_CONTAINERS = frozenset({"dict", "list", "set"})
_OUTER = frozenset({"name", "cell"})
_REPEATED = frozenset({"setdefault", "__setitem__"})  # methods that come to the same when they are called again


def not_again(files: Files, function: Function) -> str:
    """Return why what a function returned is not as good when it is worked out again; nothing where nothing shows that.

    It is an object of its own that changes or that everybody has to get, the next one of a row, or callers change it.
    """
    return _changed_by_callers(files, function) or _Again(files).of_function(function, _HOPS)


class _Again:
    """Looks at what functions return, those that they call included, each once."""

    def __init__(self, files: Files) -> None:
        self.program = files.program
        self.seen: set[str] = set()

    def of_function(self, function: Function, hops: int) -> str:
        if not hops or function.key in self.seen:
            return ""
        self.seen.add(function.key)
        terms = [one for event in function.events if event.kind == "return" for one in options(event.terms[0])]
        found = (self._of_term(function, term, hops) for term in terms)
        return next(filter(None, found), "") or self._drawn(function) or self._counted(function, terms)

    def _of_term(self, function: Function, term: Term, hops: int) -> str:
        if term[0] in DISPLAYS:
            found = (self._of_term(function, one, hops) for part in children(term) for one in options(part))
            return next(filter(None, found), "")
        return self._of_call(function, term, hops) if term[0] == "call" else ""

    def _drawn(self, function: Function) -> str:
        """Return why a function that draws from a row that outlives it, or draws lots, would come to something else."""
        for event in function.events:
            call = event.terms[0] if event.kind == "call" else ()
            if call and all(root(one)[0] in _OUTER for one in (*call[2], *(given for _, given in call[3]))):
                if self.program.outside(call[1]).rpartition(".")[2] in _ANEW:
                    return f"{function.name}() calls {as_text(call[1])}(), which gives another one each time"
        return ""

    def _of_call(self, function: Function, term: Term, hops: int) -> str:
        callee = self.program.callee(term[1])
        if callee is not None and callee.is_class:
            return self._of_class(callee.key, function.name)
        if callee is not None:
            return self.of_function(self.program.functions[callee.key], hops - 1)
        outside = self._outside(term[1])
        return f"the {outside} that {function.name}() makes may be the one that everybody has to get" if outside else ""

    def _outside(self, maker: Term) -> str:
        """Return the name of a class outside of the program whose instances are no plain values, as far as its name tells."""
        last = last_word(maker)
        is_class = last[:1].isupper() and not last.isupper()
        return last if is_class and last not in _VALUES and self.program.outside(maker) else ""

    def _of_class(self, key: str, name: str) -> str:
        if changes(self.program, key):
            return f"the {short(key)} that {name}() makes changes afterwards, and a second one would not know of it"
        if not self._is_value(key):
            return f"the {short(key)} that {name}() makes may be the one that everybody has to get"
        place = "" if compares_by_value(self.program, key) else told_apart(self.program, key)
        return f"the {short(key)} that {name}() makes is told from others by its identity at {place}" if place else ""

    def _is_value(self, key: str) -> bool:
        """Tell whether one object of a class is as good as another: equal, or made of plain values and never compared."""
        outside = [base.rpartition(".")[2] for base in outside_bases(self.program, key)]
        return bool(compares_by_value(self.program, key)) or not _VALUES.isdisjoint(outside) or not self._has_parts(key)

    def _has_parts(self, key: str) -> bool:
        """Tell whether making an object makes others for it, which may be filled, locked or opened later."""
        made = (one for above in self.program.classes.order(key) for one in self.program.methods(above))
        given = (
            event.terms[1] for one in made if one.name in MAKING for event in one.events if event.kind == "setattr"
        )
        return any(self._is_part(one) for term in given for one in options(term))

    def _is_part(self, term: Term) -> bool:
        if term[0] != "call":
            return term[0] in _CONTAINERS
        return bool(self.program.class_made(term) or self._outside(term[1]))

    @staticmethod
    def _counted(function: Function, terms: list[Term]) -> str:
        """Return why a function that returns what it changes itself, as a count, would go on counting."""
        named = {part for term in terms for part in walk(term) if part[0] in _OUTER}
        for event in function.events:
            term = changed(event)
            again = event.kind != "setitem" and not (event.kind == "call" and event.terms[0][1][-1] in _REPEATED)
            if term is not None and again and root(term) in named:
                return f"{function.name}() returns what comes of {root(term)[2]}, which it changes each time"
        return ""


def _changed_by_callers(files: Files, function: Function) -> str:
    """Return why what callers change, or know by its identity, has to be the same object for all."""
    for role in results_of(files, function):
        if role.kind == "identity" and not _is_with_none(role):
            return f"what {function.name}() returns is told by its identity at {role.place}"
        place = demand_of_use(files, role, _HOPS).changed or (role.place if _is_set(role) else "")
        if place:
            return f"what {function.name}() returns is changed at {place}, and the next caller counts on that"
    return ""


def _is_with_none(role: Role) -> bool:
    return isinstance(role.node, cst.Comparison) and "None" in role.file.code(role.node).split()


def _is_set(role: Role) -> bool:
    """Tell whether an attribute of an object is set."""
    above = role.file.parent(role.node)
    return role.kind == "method" and (
        isinstance(above, cst.AssignTarget) or (isinstance(above, cst.AugAssign) and above.target is role.node)
    )
