"""From the value flow of files to findings: join the files, ask the heap, let the rules speak, work out the repairs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from leaklint.config import Settings
from leaklint.model import Finding, Problem
from leaklint.records import dataclass
from leaklint.selection import shown
from leaklint.source import Source, SourceError
from leaklint.suppress import physical_lines, unsuppressed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from leaklint.flow.model import Module
    from leaklint.reading import Read


@dataclass(frozen=True, slots=True)
class Analysis:
    """What an analysis found. ``analysed`` is the number of files in which something may be kept."""

    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    analysed: int = 0


def analysed(reads: Sequence[Read], sources: Mapping[str, Source], settings: Settings) -> Analysis:
    """Join what the files say and let the rules speak. ``sources`` gives files in memory by their absolute names."""
    modules: dict[str, Module] = {}
    files: dict[str, Read] = {}
    for one in reads:
        if one.flow is not None:
            name = one.module if one.module not in modules else f"{one.module}@{one.path}"
            modules[name] = one.flow if name == one.module else _renamed(one)
            files[name] = one
    problems = tuple(one.problem for one in reads if one.problem is not None)
    problems += tuple(Problem(one.problem[0], 0, one.problem[1]) for one in settings.contracts if one.problem[0])
    keeping = sum(may_keep(module) for module in modules.values())
    if not (keeping or settings.registrars or settings.contracts or settings.observed):
        return Analysis(problems=problems)
    from leaklint.deep import deep_recursion

    texts = Texts(files, sources)
    with deep_recursion():
        found, missing = _reported(modules, texts, settings)
    ordered = tuple(sorted(found, key=lambda finding: finding.place))
    return Analysis(ordered, (*problems, *missing), keeping)


def may_keep(module: Module) -> bool:
    """Tell whether a function of a file puts something away, or the file imports what retains what it is handed."""
    from leaklint.contracts.containers import ADDERS
    from leaklint.contracts.library import shipped
    from leaklint.flow.terms import walk

    if any(shipped(top).retains for top in {name.partition(".")[0] for name in module.imports.values()}):
        return True
    for function in module.functions.values():
        inside = function.kind not in {"module", "class"}
        for event in function.events:
            if inside and event.kind in {"setitem", "setattr", "setname", "extend", "setpart", "setslice"}:
                return True
            if inside and event.kind == "raise" and event.terms[0][0] in {"name", "attr"}:
                return True
            if event.kind in {"call", "setname", "return"} and any(
                term[0] == "dotted"
                or (term[0] == "attr" and not ADDERS.keys().isdisjoint({term[2], f"__{term[2]}__"}))
                or term[::2] == ("name", "setattr")
                for top in event.terms
                for term in walk(top)
            ):
                return True
    return any(function.decorators for function in module.functions.values()) or bool(module.stars)


def _renamed(read: Read) -> Module:
    """Return the value flow of a file whose module's name another file has, too."""
    from leaklint.reading import reread

    return reread(read)


def _reported(modules: Mapping[str, Module], texts: Texts, settings: Settings) -> tuple[list[Finding], list[Problem]]:
    from leaklint.contracts.declared import contracts_of
    from leaklint.heap.points_to import PointsTo
    from leaklint.heap.retention import Heap
    from leaklint.rules import cases_of
    from leaklint.rules.context import Context

    context = Context(Heap(PointsTo(modules, contracts_of(settings)), settings), settings, texts)
    cases = cases_of(context)
    if settings.observed:  # how sure the rules are matters not of what a run has shown
        from leaklint.discovered.joined import joined

        cases = joined(cases, context)
    asked = set(map(id, _asked_for([case.finding for case in cases], texts, settings)))
    cases = [case for case in cases if id(case.finding) in asked]
    if not cases:
        return [], context.problems
    from leaklint.drafts import repaired

    found = repaired(cases, context)
    if settings.observed:  # what a run has shown may stand elsewhere by now
        found = _asked_for(found, texts, settings)
    return [finding for finding in found if finding.path not in texts.lost], [*texts.lost.values(), *context.problems]


def _asked_for(findings: Iterable[Finding], texts: Texts, settings: Settings) -> list[Finding]:
    found = [finding for finding in findings if shown(finding, settings)]
    return _without_noqa(found, texts) if settings.noqa else found


class Texts:
    """The files of one analysis, read again where their texts are needed. ``lost`` are those that are gone meanwhile."""

    def __init__(self, files: Mapping[str, Read], sources: Mapping[str, Source]) -> None:
        """Take files by the names of their modules, and texts in memory by absolute path."""
        self.files = files
        self.lost: dict[str, Problem] = {}
        self._sources = dict(sources)
        self._paths = {one.path: one for one in files.values()}

    def of_module(self, name: str) -> Source | None:
        """Return the text of a module, or None if its file has vanished or changed."""
        return self.of(self.files[name]) if name in self.files else None

    def of_path(self, path: str) -> Source | None:
        """Return the text of a file as findings show it."""
        return self.of(self._paths[path]) if path in self._paths else None

    def of(self, read: Read) -> Source | None:
        """Return the text of a file, if it is still what was analysed."""
        if read.path in self.lost:
            return None
        source = self._sources.get(read.file)
        if source is None:
            from leaklint.digest import digest_of
            from leaklint.source import read_bytes

            try:
                data = read_bytes(read.file)
                source = Source.decode(data, read.path)
            except SourceError as error:
                self.lost[read.path] = Problem(read.path, error.line, error.message)
                return None
            if read.digest and digest_of(data) != read.digest:
                self.lost[read.path] = Problem(read.path, 0, "has changed while it was read; check it again")
                return None
            self._sources[read.file] = source
        return source


def _without_noqa(findings: Iterable[Finding], texts: Texts) -> list[Finding]:
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    kept: list[Finding] = []
    for path, group in by_path.items():
        lines: Sequence[str] = ()
        with suppress(SourceError):
            source = texts.of_path(path)
            lines = physical_lines(source.text) if source is not None else ()
        kept += unsuppressed(group, lines) if lines else group
    return kept
