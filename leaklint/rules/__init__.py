"""The rules, one file each. ``RULES`` maps a code to its rule; nothing here loads libcst."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leaklint.paths import is_command
from leaklint.rules import lk101, lk102, lk103, lk201, lk202, lk203, lk204, lk301, lk401, lk402, lk403, lk404, lk501

if TYPE_CHECKING:
    from leaklint.model import Finding
    from leaklint.rules.context import Context

__all__ = ["RULES", "Rule", "findings_of"]

_MODULES = (lk101, lk102, lk103, lk201, lk202, lk203, lk204, lk301, lk401, lk402, lk403, lk404, lk501)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its code, its name, its page (the docstring of its file), and what finds it."""

    code: str
    name: str
    doc: str
    find: Callable[[Context], Iterator[Finding]]


RULES: dict[str, Rule] = {
    module.CODE: Rule(module.CODE, module.NAME, inspect.cleandoc(module.__doc__ or ""), module.find)
    for module in _MODULES
}


def findings_of(context: Context) -> list[Finding]:
    """Return what the rules find in a program, at any confidence; one finding a place and code."""
    from leaklint.selection import chosen

    found: dict[tuple[str, int, int, str], Finding] = {}
    for rule in RULES.values():
        if chosen(rule.code, context.settings):
            for finding in rule.find(context):
                found.setdefault(finding.place, finding)
    return [_of_command(finding) if is_command(finding.path) else finding for finding in found.values()]


def _of_command(finding: Finding) -> Finding:
    """What the code of a command line keeps, it keeps for one command: ask for it to see it."""
    return replace(finding, confidence="low")
