"""What else of the program knows stored objects without keeping them: weak references to them, and their numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import libcst as cst

from leaklint.flow.model import Event
from leaklint.flow.terms import Term
from leaklint.repairs.draft import Draft
from leaklint.repairs.filed import under_own_number
from leaklint.repairs.hazards import misused, numbers_of
from leaklint.repairs.holders import last_word
from leaklint.repairs.program import Program, once, short
from leaklint.repairs.roles import Role
from leaklint.repairs.type_tests import argument_terms

_REFERENCES = frozenset({"ref", "proxy", "WeakMethod"})
_PUTS = frozenset({"add", "setdefault", "__setitem__", "append"})


def judge_elsewhere(draft: Draft, classes: Iterable[str], roles: tuple[Role, ...]) -> None:
    """Whoever refers weakly to an object, or has its number, may count on the container that keeps it."""
    program = draft.files.program
    for key in classes:
        for other, place in _referred_to(program).items():
            if program.classes.related(key, other):
                draft.assume(
                    f"what refers weakly to a {short(other)} at {place} does not count on the container to keep it"
                )
        for module, call in _numbered(program, key):
            file = draft.files[module]
            node = file.at(file.source.span_of(call[-1][1:]), cst.Call)
            inside = (
                next((one for one in file.around(node) if isinstance(one, cst.FunctionDef)), None) if node else None
            )
            if node is None or inside is None:
                continue
            text = file.code(node.args[0].value)
            uses = (
                [] if text == "self" else list(numbers_of(file, inside, text))
            )  # those of ``self`` are judged at its class
            filed = under_own_number(program, file, uses, text)
            for use in uses:
                if id(use) not in filed and misused(file, use, roles):
                    draft.assume(f"the id() of a {short(key)} at {file.place(use)} means nothing once that is gone")


@once
def _referred_to(program: Program) -> dict[str, str]:
    """Return by class the first place that refers weakly to an object of it."""
    found: dict[str, str] = {}
    for module in program.modules.values():
        for event in (event for function in module.functions.values() for event in function.events):
            for term in _referred(program, event):
                for value in (
                    value for way in argument_terms(program, term) for value in program.points_to.evaluate(way)
                ):
                    if value[0] in {"self", "inst"} and value[1] in program.names.classes:
                        found.setdefault(value[1], f"{module.path}:{event.place[0]}")
    return found


def _referred(program: Program, event: Event) -> Iterator[Term]:
    """Yield what an event refers to weakly: by a reference of its own, or by putting it into a weak container."""
    if event.kind == "setitem" and _is_weak(program, event.terms[0]):
        yield from event.terms[1:]
    call = event.terms[0] if event.kind == "call" else ()
    if not call or not call[2]:
        return
    if last_word(call[1]) in _REFERENCES and program.outside(call[1]).startswith("weakref."):
        first = call[2][0]
        yield first[1] if first[0] == "attr" and program.callee(first) is not None else first
    elif call[1][0] == "attr" and call[1][2] in _PUTS and _is_weak(program, call[1][1]):
        yield from call[2]


def _is_weak(program: Program, term: Term) -> bool:
    values = program.points_to.evaluate(term)
    return any(value[0] == "container" and value[1].startswith("weak:") for value in values)


def _numbered(program: Program, key: str) -> Iterator[tuple[str, Term]]:
    """Yield the calls that ask for the number of an object of a class, each with its module."""
    for module in program.saying("id"):
        for term in dict.fromkeys(program.terms(module).at.values()):
            if term[0] == "call" and term[1][::2] == ("name", "id") and len(term[2]) == 1:
                values = (
                    value for way in argument_terms(program, term[2][0]) for value in program.points_to.evaluate(way)
                )
                if any(value[0] in {"self", "inst"} and program.classes.related(key, value[1]) for value in values):
                    yield module, term
