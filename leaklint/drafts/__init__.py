"""Repairs and experiments for findings, from a view of its own of the files that one concerns.

What leaks is decided by ``leaklint.heap``. What a repair changes is worked out here, on facts that keep every reference with
its place in the text; a repair is made only where this view knows of all the stores that the heap knows of.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from leaklint.model import Finding, Fix

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from leaklint.drafts.facts.model import Module
    from leaklint.drafts.leaks import Context as View
    from leaklint.reading import Read
    from leaklint.rules.context import Context as RuleContext
    from leaklint.source import Source

_MOST_RELATED = 8
_WORD = re.compile(r"[^\W\d]\w*")
_NO_REPAIR = Fix("none", "", "no repair is known to be right here")


def equipped(findings: list[Finding], context: RuleContext) -> list[Finding]:
    """Return findings with what repairs them and what proves them, and with advice that is what the repair would do.

    What a run has shown to grow is among them, also where no rule sees it. The view of the repairs is told what the heap
    knows in the way in which it is told what a run has shown.
    """
    from leaklint.drafts.observed import completed

    view = _view(findings, context)
    drafts = list(_all(view)) if view is not None else []
    by_place = {(draft.code, draft.path, draft.line): draft for draft in drafts}
    by_symbol = {(draft.code, draft.symbol): draft for draft in drafts}
    found = []
    for finding in findings:
        draft = by_place.get((finding.code, finding.path, finding.line)) or by_symbol.get(
            (finding.code, finding.symbol)
        )
        found.append(_equipped(finding, draft))
    return found if view is None else completed(found, drafts, view, context.settings.observed)


def _equipped(finding: Finding, draft: Finding | None) -> Finding:
    from leaklint.drafts.observed import advice

    fix = _NO_REPAIR
    if draft is not None:
        fix = draft.fix
        if fix.edits and not _knows_all(finding, draft):
            fix = Fix(
                "none", fix.replacement, "a store that the repair would have to change is not resolved well enough"
            )
    way_out = advice(fix if fix.safety != "none" else _NO_REPAIR)
    message = f"{finding.message}; {way_out}"
    return replace(finding, fix=fix, message=message, related=finding.related[:_MOST_RELATED])


def _knows_all(finding: Finding, draft: Finding) -> bool:
    """Tell whether the repair was worked out with all stores in view."""
    stores = {(one.path, one.line) for one in finding.related if one.function}
    known = {(one.path, one.line) for one in draft.related}
    return stores <= known or not stores


def _view(findings: Iterable[Finding], context: RuleContext) -> View | None:
    """Return the view of the repairs on the files that findings concern, None if none of them can be read."""
    from leaklint.drafts.leaks import Context
    from leaklint.drafts.observed import containers
    from leaklint.drafts.program import Program
    from leaklint.source import SourceError

    modules: dict[str, Module] = {}
    sources: dict[str, Source] = {}
    for name, read, source in _concerned(findings, context):
        try:
            modules[name] = _facts(source, name)
        except (SourceError, RecursionError):
            continue
        sources[name] = source
        del read
    if not modules:
        return None
    files = context.texts.files
    places = {name: (files[name].root, files[name].file) for name in modules}
    told = (*findings, *context.settings.observed)
    program = Program(modules, sources, places, containers(told))
    return Context(program, replace(context.settings, confidence="low", observed=told))


def _all(view: View) -> Iterable[Finding]:
    from leaklint.drafts import (
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
    )  # fmt: skip

    for module in (lk101, lk102, lk103, lk201, lk202, lk203, lk204, lk301, lk401, lk402, lk403, lk404, lk501):
        yield from module.find(view)


def _facts(source: Source, name: str) -> Module:
    """Return the facts of a file, read once for as long as the source is kept."""
    from leaklint.deep import deep_recursion
    from leaklint.drafts.facts.read import read_module

    known = source.facts
    if known is None or known[0] != name:
        try:
            with deep_recursion():
                known = source.facts = (name, read_module(source, name))
        finally:
            source.drop_trees()
    return known[1]


def _concerned(findings: Iterable[Finding], context: RuleContext) -> Iterable[tuple[str, Read, Source]]:
    """Yield the files that say the name of a holder, of its class, or of what it keeps, and the packages around them."""
    from leaklint.drafts.observed import files_of

    files = context.texts.files
    shown = files_of(context.settings.observed)
    classes: dict[str, list[str]] = {}
    for key in context.heap.points_to.names.classes:
        classes.setdefault(key.rpartition(":")[2].rpartition(".")[2], []).append(key)
    words = {word for finding in (*findings, *context.settings.observed) for word in _names(finding, context, classes)}
    chosen: dict[str, Source] = {}
    for name, read in files.items():
        source = context.texts.of(read)
        if source is not None and (read.file in shown or not words.isdisjoint(_WORD.findall(source.text))):
            chosen[name] = source
    packages = {name.rpartition(".")[0] for name in chosen}
    for name, read in files.items():
        if name in packages and name not in chosen and os.path.basename(read.file) == "__init__.py":
            source = context.texts.of(read)
            if source is not None:
                chosen[name] = source
    for name in files:
        if name in chosen:
            yield name, files[name], chosen[name]


def _names(finding: Finding, context: RuleContext, classes: Mapping[str, list[str]]) -> set[str]:
    """Return the names that a file has to say to concern a finding; ``classes`` gives keys by the last part of a name."""
    qualname = finding.symbol.partition(":")[2].split(".")
    names = {word for word in qualname[-2:] if word.isidentifier() and not word.startswith("__")}
    kept = re.match(r"[\w.]+", finding.retention[-1]) if finding.retention else None
    words = kept.group().split(".") if kept is not None else []
    hierarchy = context.heap.points_to.classes
    for key in (*classes.get(words[-1] if words else "", ()), *classes.get(qualname[0], ())):
        names.update(hierarchy.class_of(one).name for one in hierarchy.order(key))
    return names
