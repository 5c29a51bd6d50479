"""Code that asks a value for its plain type, and the containers that may come there, by whatever way or computed name."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from leaklint.contracts.library import named_by_nature, of_nature
from leaklint.flow.expressions import place_of
from leaklint.flow.terms import DISPLAYS, Term, walk
from leaklint.repairs.draft import Draft
from leaklint.repairs.holders import HolderDefinition, last_word
from leaklint.repairs.program import Program, once
from leaklint.repairs.referents import outside_bases

# By kind of container: the types that it passes for, and its weak counterpart does not.
_PASSES = {
    "dict": frozenset({"dict"}),
    "list": frozenset({"list", "Sequence", "MutableSequence"}),
    "set": frozenset({"set"}),
}
_CASE = re.compile(r"^\s*case\b.*\b(?:dict|list|set)\s*\(", re.MULTILINE)
_RUNS = frozenset({"eval", "exec", "compile"})
_WRITES = frozenset({"encode", "iterencode", "dump"})
_MOST = 60  # terms that one value is followed through: handed in by callers, and by theirs


class TypeTest(NamedTuple):
    """A place that asks what ``term`` is, for one of some types; ``types`` are empty where any type makes a difference."""

    place: str
    term: Term
    types: frozenset[str] = frozenset()

    def tells(self, kind: str) -> bool:
        """Tell whether the outcome is another for a weak container than for a plain one of a kind."""
        return not self.types or not self.types.isdisjoint(_PASSES.get(kind, ()))


def judge(draft: Draft, holder: HolderDefinition) -> None:
    """Refuse where what is handed on may come to code that needs a plain one; where that finds it by name is an assumption."""
    program = draft.files.program
    if draft.is_handed_on and (place := asked_plain(program, holder)):
        draft.refuse(f"the container may come to {place}, which asks for a plain one")
    if place := found_by_name(program, holder):
        draft.assume(
            f"the code at {place}, which may find the container by a name that it works out, does not tell a weak one"
        )


def asked_plain(program: Program, holder: HolderDefinition) -> str:
    """Return where the program asks what a value is that may be a container; nothing where that is not seen."""
    known = _reached(program)
    for test in _tests(program):
        if test.tells(holder.kind):
            if test not in known:
                known[test] = frozenset(_sites(program, test.term))
            if holder.made[-1] in known[test]:
                return test.place
    return ""


@once
def _reached(_: Program) -> dict[TypeTest, frozenset[Term]]:
    """Return the places that make the containers that may come to a test, as far as that is known."""
    return {}


def _sites(program: Program, term: Term) -> Iterator[Term]:
    for way in argument_terms(program, term):
        yield from (value[2] for value in program.points_to.evaluate(way) if value[0] == "container")


def found_by_name(program: Program, holder: HolderDefinition) -> str:
    """Return where the program may come to a container by a name that it works out, and asks what it has; else nothing."""
    for test in _tests(program):
        if test.tells(holder.kind) and any(
            _may_name(program, way, holder) for way in argument_terms(program, test.term)
        ):
            return test.place
    for module in program.saying(holder.word):
        path = program.names.modules[module].path
        for function in program.names.modules[module].functions.values():
            for event in function.events:
                if event.kind == "call" and _says(program, event.terms[0], holder.word):
                    return f"{path}:{event.place[0]}"
        if place := _matched(program, module, holder):
            return f"{path}:{place}"
    return ""


def argument_terms(program: Program, term: Term) -> Iterator[Term]:
    """Yield a term and what callers hand in for the parameters that it stands for."""
    pending, known = [term], set[Term]()
    while pending and len(known) < _MOST:
        way = pending.pop()
        if way not in known:
            known.add(way)
            yield way
            for value in program.points_to.evaluate(way):
                if value[0] == "param" and value[1] in program.functions:
                    pending += _handed_in(program, value)


def _handed_in(program: Program, param: Term) -> Iterator[Term]:
    """Yield what a parameter has by default and at the calls that are seen, also one of ``**words``."""
    calling, function = program.points_to.calling, program.functions[param[1]]
    for call, _ in calling.given_for(param):
        yield calling.handed_in(call.bound, param)
    names = {one.name for one in function.params}
    for one in function.params:
        if one.name == param[2] and one.default is not None:
            yield one.default
        if one.name == param[2] and one.kind == "**":
            for call in program.points_to.calls.get(function.key, ()):
                yield from (value for word, value in call.term[3] if word not in names)


@once
def _tests(program: Program) -> list[TypeTest]:
    """Return the places that ask what a value is."""
    found: list[TypeTest] = []
    for module in program.names.modules.values():
        for event in (one for function in module.functions.values() for one in function.events):
            place = f"{module.path}:{event.place[0]}"
            found += _of_call(program, place, event.terms[0]) if event.kind == "call" else ()
    for name in program.modules:
        if _CASE.search(program.source(name).text):
            found += _of_matches(program, name)
    for name, at, term in program.attributes("__class__"):
        found.append(TypeTest(f"{program.names.modules[name].path}:{at[0]}", term[1]))
    return found


def _of_call(program: Program, place: str, call: Term) -> Iterator[TypeTest]:
    """Yield what a call asks for: ``isinstance``, ``type``, ``dict.get(x)``, a generic function, or one that copies it."""
    name, arguments = last_word(call[1]), call[2]
    if not arguments:
        return
    if name == "isinstance" and len(arguments) == 2:
        types = arguments[1][1] if arguments[1][0] in DISPLAYS else (arguments[1],)
        named = all(value[0] in {"ext", "class"} for one in types for value in program.points_to.evaluate(one))
        words = frozenset(map(last_word, types)) & frozenset().union(*_PASSES.values())
        if words or not named:
            yield TypeTest(place, arguments[0], words if named else frozenset())
    elif (name == "type" and len(arguments) == 1) or name in of_nature("makes a copy"):
        yield TypeTest(place, arguments[0])
    elif (
        call[1][0] == "attr"
        and last_word(call[1][1]) in _PASSES
        and program.outside(call[1][1]).startswith("builtins.")
    ):
        yield TypeTest(place, arguments[0], frozenset({last_word(call[1][1])}))
    elif _is_generic(program, call[1]) or (name in _WRITES and _is_writer(program, call[1])):
        yield TypeTest(place, arguments[0])


def _is_generic(program: Program, callee: Term) -> bool:
    """Tell whether a call runs a function that its decorator makes choose what it does by the type of an argument."""
    found = program.callee(callee)
    decorators = program.functions[found.key].decorators if found is not None and not found.is_class else ()
    return any(last_word(one.term) in of_nature("chooses by the type") for one in decorators)


def _is_writer(program: Program, method: Term) -> bool:
    """Tell whether a method is of an object that writes plain containers in its own way, and others in another."""
    if method[0] != "attr":
        return False
    outside = [program.outside(one[1]) for one in _assigned(program, method[1]) if one[0] == "call"]
    for value in program.points_to.evaluate(method[1]):
        if value[0] in {"inst", "self"} and value[1] in program.names.classes:
            outside += outside_bases(program, value[1])
    return not named_by_nature("writes by the type").isdisjoint(outside)


def _assigned(program: Program, term: Term) -> list[Term]:
    """Return a term, and of a name of a module what it is bound to."""
    return [term, *program.names.assigned_to(program.names.name(*term[1:]))] if term[0] == "name" else [term]


def _of_matches(program: Program, name: str) -> Iterator[TypeTest]:
    """Yield what the patterns of ``match`` statements ask for: ``case dict()``, also of a part of the subject."""
    path, terms = program.names.modules[name].path, program.terms(name)
    for node in ast.walk(program.source(name).tree):
        if not isinstance(node, ast.Match) or place_of(node.subject) not in terms.at:
            continue
        subject = terms.at[place_of(node.subject)]
        for pattern in (below for case in node.cases for below in ast.walk(case.pattern)):
            if isinstance(pattern, ast.MatchClass) and isinstance(pattern.cls, ast.Name):
                for term in (subject, ("iter", subject)):
                    yield TypeTest(f"{path}:{pattern.lineno}", term, frozenset({pattern.cls.id}))


def _may_name(program: Program, term: Term, holder: HolderDefinition) -> bool:
    """Tell whether a value may come from what has the container by a name that is worked out: ``getattr(x, name)``."""
    for part in walk(term):
        if part[0] == "attr" and part[2] == "__dict__" and _has(program, part[1], holder, own=True):
            return True
        if part[0] != "call":
            continue
        computed = len(part[2]) > 1 and part[2][1][0] != "const"
        if last_word(part[1]) == "getattr" and computed and _has(program, part[2][0], holder):
            return True
        if (
            part[1][0] == "name"
            and part[1][2] == "globals"
            and holder.scope == "module"
            and part[1][1] == holder.module
        ):
            return True
    return False


def _has(program: Program, base: Term, holder: HolderDefinition, *, own: bool = False) -> bool:
    """Tell whether an expression may be what has the container as an attribute; with ``own`` in a namespace of its own."""
    for way in argument_terms(program, base):
        for value in program.points_to.evaluate(way):
            if value == ("module", holder.module) and holder.scope == "module":
                return True
            kinds = {"class"} if own and holder.scope == "class" else {"class", "self", "inst"}
            if value[0] in kinds and holder.cls and holder.cls in program.classes.order(value[1]):
                return True
    return False


def _says(program: Program, call: Term, word: str) -> bool:
    """Tell whether a call takes the name of the container as a text, or code in which it stands as one."""
    name = last_word(call[1])
    if name in of_nature("asks by name"):
        return any(word in one[1].strip("'\"").split(".") for one in call[2] if one[0] == "const")
    if name not in _RUNS or not call[2] or not program.outside(call[1]).startswith("builtins."):
        return False
    parts = (part for one in _assigned(program, call[2][0]) for part in walk(one) if part[0] == "const")
    return any(re.search(rf"\b{re.escape(word)}\b", part[1]) for part in parts)


def _matched(program: Program, module: str, holder: HolderDefinition) -> str:
    """Return the line of a pattern that asks an attribute of the container's name for its type; nothing where there is none."""
    if not _CASE.search(program.source(module).text):
        return ""
    for node in ast.walk(program.source(module).tree):
        if isinstance(node, ast.MatchClass) and holder.word in node.kwd_attrs and holder.cls:
            return str(node.lineno)
    return ""
