"""Plain values among what is stored, which take no weak references: what callers pass, and what readers test for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import libcst as cst

from leaklint.contracts.texts import GIVING_PARTS, GIVING_TEXT
from leaklint.flow.model import Event
from leaklint.flow.terms import DISPLAYS, NONE, Term, options
from leaklint.heap.effects import Call
from leaklint.heap.key_guards import asked_before
from leaklint.repairs.files import ParsedFile
from leaklint.repairs.holders import last_word
from leaklint.repairs.program import Program, parameter, short
from leaklint.repairs.referents import STIFF, outside_bases
from leaklint.repairs.roles import Role
from leaklint.repairs.scopes import dotted_name, walk
from leaklint.repairs.unknown import direct_reads, names_read

_HOPS = 4
_KINDS = STIFF - {"None", "NoneType", "object", "Exception", "BaseException"}
_MADE = frozenset({"text", "tuple", "list", "dict"})
_ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "**", "<<", ">>", "|", "^", "&", "@"})


def passed(program: Program, calls: Iterable[Call], name: str) -> tuple[str, str] | None:
    """Return the kind of a plain value that a call passes for a parameter, and where; None where none is seen.

    What a caller was passed itself is followed to its own callers, each parameter once.
    """
    pending, known = [(call, name) for call in calls], set[Term]()
    for _ in range(_HOPS + 1):
        further: dict[Term, None] = {}
        for call, word in pending:
            for term in options(call.bound.get(word, ("unknown",))):
                if kind := kind_of(program, term, [call.event]):
                    return kind, program.place(call)
                if term not in known and parameter(program, term):
                    further[term] = None
        known.update(further)
        pending = [(call, term[2]) for term in further for call in program.calls(term[1])]
    return None


def put_in(role: Role, program: Program, node: cst.BaseExpression) -> str:
    """Return the kind of plain value that a stored expression is, as the tests before the store tell; else nothing."""
    function, source = role.file.function(role.use.scope), role.file.source
    statement = role.file.statement(role.node)
    places = {source.place_of(one) for one in (role.node, statement) if one is not None}
    events = [event for event in function.events if event.place in places]
    return next(filter(None, (_by_tests(one, events) for one in options(role.file.denoted(node)))), "")


def kind_of(program: Program, term: Term, events: Iterable[Event]) -> str:
    """Return the kind of plain value that a term is or may be where events take place, and nothing for other terms."""
    if term[0] == "op" and term[1] in _ARITHMETIC:
        return "text" if any(one[0] == "text" or one[2:] == ("str",) for one in term[2]) else "number"
    if term[0] == "comp":
        return "comprehension"
    if term[0] in _MADE or _is_text(program, term):
        return term[0] if term[0] in _MADE else "text"
    plain = {value[1] for value in program.points_to.evaluate(term) if value[0] == "plain" and value[1] in _KINDS}
    return min(plain, default="") or _by_tests(term, events)


def _is_text(program: Program, term: Term) -> bool:
    """Tell whether a term is what a method of a text gives, or a part of that, and no method of the program."""
    whole = term
    while whole[0] in {"elem", "iter"}:
        whole = whole[1]
    giving = GIVING_TEXT if whole is term else GIVING_PARTS
    method = whole[0] == "call" and whole[1][0] == "attr" and whole[1][2] in giving
    return method and program.callee(whole[1]) is None


def _by_tests(term: Term, events: Iterable[Event]) -> str:
    """Return the kind of plain value that a term is where events take place: equal to a constant, one of some, a ``str``."""
    for test, holds in (one for event in events for one in asked_before(event)):
        if test[0] == "op" and len(test[2]) == 2 and term in test[2]:
            other = test[2][0] if test[2][1] == term else test[2][1]
            among = test[1] == ("in" if holds else "not in") and other[0] in DISPLAYS
            if among or test[1] == ("==" if holds else "!="):
                kinds = {one[2] for one in (other[1] if among else (other,)) if one[0] == "const" and one != NONE}
                if kinds:
                    return str(min(kinds))
        elif holds and test[0] == "call" and last_word(test[1]) == "isinstance" and test[2][:1] == (term,):
            classes = test[2][1][1] if test[2][1][0] in DISPLAYS else test[2][1:]
            if kind := min(_KINDS & set(map(last_word, classes)), default=""):
                return kind
    return ""


def tested_for(program: Program, roles: Iterable[Role], classes: Iterable[str], side: str) -> tuple[str, str] | None:
    """Return the plain type that some code asks for of what it reads from a container, and where; None where none does.

    One that a class of what is stored is derived from does not count.
    """
    bases = {base.rpartition(".")[2] for key in classes for base in outside_bases(program, key)}
    bases |= {short(key) for key in classes}
    for role in roles:
        for file, node in _read(role, side):
            words = _asked_for(file, node)
            if kind := min((words & _KINDS) - bases, default=""):
                return kind, file.place(node)
    return None


def _read(role: Role, side: str) -> Iterator[tuple[ParsedFile, cst.CSTNode]]:
    """Yield the expressions that are what is read from a container: the read itself, and the uses of its names."""
    yield from ((role.file, node) for node in direct_reads(role))
    for file, place, name in names_read(role, side):
        for node in walk(place):
            if isinstance(node, cst.Name) and node.value == name:
                yield file, node


def _asked_for(file: ParsedFile, node: cst.CSTNode) -> set[str]:
    """Return the names of the types that code asks whether an expression is of: ``isinstance``, ``type``, ``case str()``."""
    above = file.parent(node)
    if isinstance(above, cst.Match) and above.subject is node:
        patterns = [
            below.cls for case in above.cases for below in walk(case.pattern) if isinstance(below, cst.MatchClass)
        ]
        return {dotted_name(one).rpartition(".")[2] for one in patterns}
    call = file.parent(above) if isinstance(above, cst.Arg) else None
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Name) or call.args[0] is not above:
        return set()
    if call.func.value == "isinstance" and len(call.args) == 2:
        return set(re.findall(r"\w+", file.code(call.args[1].value)))
    compared = next((one for one in file.around(call) if isinstance(one, cst.Comparison)), None)
    return set(re.findall(r"\w+", file.code(compared))) if call.func.value == "type" and compared is not None else set()
