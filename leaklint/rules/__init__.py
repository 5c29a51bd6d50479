"""The rules, one file each. ``RULES`` maps a code to its rule; nothing here loads libcst."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leaklint.internal import described
from leaklint.model import Problem
from leaklint.paths import is_command
from leaklint.rules import (
    lk101,
    lk102,
    lk103,
    lk201,
    lk202,
    lk203,
    lk204,
    lk301,
    lk401,
    lk402,
    lk403,
    lk404,
    lk501,
    lk601,
    lk602,
)

if TYPE_CHECKING:
    from leaklint.rules.context import Case, Context

__all__ = ["RULES", "Rule", "cases_of"]

_MODULES = (lk101, lk102, lk103, lk201, lk202, lk203, lk204, lk301, lk401, lk402, lk403, lk404, lk501, lk601, lk602)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its code, its name, its page (the docstring of its file), and what finds it."""

    code: str
    name: str
    doc: str
    find: Callable[[Context], Iterator[Case]]


RULES: dict[str, Rule] = {
    module.CODE: Rule(module.CODE, module.NAME, inspect.cleandoc(module.__doc__ or ""), module.find)
    for module in _MODULES
}


def cases_of(context: Context) -> list[Case]:
    """Return what the rules find in a program, at any confidence; one finding a place and code.

    A rule that fails costs no findings but its own: that is a problem of the run.
    """
    from leaklint.selection import chosen

    found: dict[tuple[str, int, int, str], Case] = {}
    for rule in RULES.values():
        if chosen(rule.code, context.settings):
            try:
                for case in rule.find(context):
                    found.setdefault(case.finding.place, case)
            except Exception as error:
                context.problems.append(Problem(rule.code, 0, f"findings may be missing: {described(error)}"))
    return [_of_command(case) if is_command(case.finding.path) else case for case in found.values()]


def _of_command(case: Case) -> Case:
    """What the code of a command line keeps, it keeps for one command: ask for it to see it."""
    message = f"{case.finding.message} (code of a command line, which runs for one command)"
    return case._replace(finding=replace(case.finding, confidence="low", message=message))
