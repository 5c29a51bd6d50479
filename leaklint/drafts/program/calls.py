"""Calls by the name of what is called, so that a rule looks at few of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from leaklint.drafts.facts.model import Call, Function, Module, Value
from leaklint.drafts.program import Program
from leaklint.drafts.program.once import once

_ANY = ""  # what is called goes by a name that tells nothing: an alias, or the result of another call


class Made(NamedTuple):
    """A call, and where it stands."""

    module: Module
    function: Function
    call: Call


def calls_to(program: Program, names: Iterable[str], modules: Iterable[str] = ()) -> list[Made]:
    """Return the calls in functions that may be of something with one of these last names, in the order of the program.

    All calls of the named ``modules`` come with them.
    """
    known = _by_name(program)
    found = {rank: one for name in {*names, _ANY} for rank, one in known.get(name, ())}
    wanted = frozenset(modules)
    if wanted:
        found.update((rank, one) for ranked in known.values() for rank, one in ranked if one.module.name in wanted)
    return [found[rank] for rank in sorted(found)]


@once
def _by_name(program: Program) -> dict[str, list[tuple[int, Made]]]:
    """Return the calls of all functions by last names, each with its place in the order of the program."""
    aliases = frozenset(name for module in program.modules.values() for name in module.aliases)
    found: dict[str, list[tuple[int, Made]]] = {}
    rank = 0
    for module in program.modules.values():
        for function in module.functions.values():
            for call in function.calls:
                rank += 1
                one = (rank, Made(module, function, call))
                for value in call.callee:
                    found.setdefault(_last_name(value, module, aliases), []).append(one)
    return found


def _last_name(value: Value, module: Module, aliases: frozenset[str]) -> str:
    if not value.path:
        return _ANY
    name = value.path[-1]
    if len(value.path) == 1 and name in module.imports:
        name = module.imports[name].rpartition(".")[2]
    return _ANY if name in aliases else name
