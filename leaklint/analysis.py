"""From gated files to findings: read in full what matters, join the facts, let the rules speak, read more if they ask."""

from __future__ import annotations

import re
from contextlib import suppress

from leaklint.cache.keys import digest_of
from leaklint.config import Settings
from leaklint.deep import deep_recursion
from leaklint.leaning import Scanned, leaning, ways_to
from leaklint.model import Finding, Problem
from leaklint.offers import Offer, uses
from leaklint.paths import is_test
from leaklint.records import dataclass, field
from leaklint.selection import shown
from leaklint.source import Source, SourceError, read_bytes
from leaklint.suppress import physical_lines, unsuppressed

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Protocol

    from leaklint.facts.model import Module
    from leaklint.program import Program
    from leaklint.rules.leaks import Context

    class Reads(Protocol):
        """What reads files in full: here and now, in other processes, or from what is remembered."""

        def __call__(self, wanted: Sequence[Wanted]) -> list[Module | Problem]:
            """Return the facts of each file, or why they cannot be had."""
            ...


_ROUNDS = 4  # how often files are added that the findings so far make matter


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to be read in full, under the name that its module has in the program."""

    file: str
    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What made files matter: names used and classes defined that a rule asked after, and what a repair would change.

    ``offers`` are what files have that may leak: who calls what fills it, and who empties it, decides.
    """

    used: frozenset[str] = frozenset()
    defined: frozenset[str] = frozenset()
    changed: frozenset[tuple[str, str]] = frozenset()  # the name of what is found, and that of its class or module
    offers: frozenset[Offer] = frozenset()

    def __or__(self, other: Asked) -> Asked:
        """Return what either asks."""
        return Asked(
            self.used | other.used,
            self.defined | other.defined,
            self.changed | other.changed,
            self.offers | other.offers,
        )


@dataclass(frozen=True, slots=True)
class Analysis:
    """What an analysis found, and on which files it rests: ``first`` the gates chose, ``read`` were read in the end.

    Any other file changes nothing, as long as it answers to nothing in ``asked``.
    """

    findings: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()
    gated: int = 0
    first: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    asked: Asked = field(default_factory=Asked)


def analysed(
    scanned: Sequence[Scanned], sources: dict[str, Source], settings: Settings, reads: Reads | None = None
) -> Analysis:
    """Join what the files say and let the rules speak. ``sources`` gives files in memory by their absolute names."""
    scanned = [one for one in scanned if not is_test(one.path)]  # what tests fill, their own process frees
    # a registrar may be called anything, so no gate knows its name
    whole = not settings.gate or bool(settings.registrars)
    wanted = list(scanned) if whole else leaning(scanned)
    first = tuple(one.file for one in wanted)
    if settings.observed:  # what holds and fills what a run has shown, whatever the gates say
        from leaklint.rules.observed import files_of

        named = files_of(settings.observed)
        wanted += [one for one in scanned if one.file in named and one.file not in first]
    reader = _Reader(sources, reads or read_here)
    judged = _judged(wanted, scanned, reader, settings)
    asked = judged.asked
    for _ in range(_ROUNDS):
        if not judged.more:
            break
        chosen = judged.more.union(one.file for one in wanted)
        wanted = [one for one in scanned if one.file in chosen]
        judged = _judged(wanted, scanned, reader, settings)
        asked |= judged.asked
    if not judged.mended:
        judged = _judged(wanted, wanted, reader, settings)
        asked |= judged.asked
    found = _without_noqa(judged.found, judged.sources.values()) if settings.noqa else judged.found
    return Analysis(
        findings=tuple(sorted(found, key=lambda finding: finding.place)),
        problems=tuple(judged.problems),
        gated=len(judged.sources),
        first=first,
        read=tuple(one.file for one in wanted),
        asked=asked,
    )


def answers(one: Scanned, asked: Asked, text_of: Callable[[Scanned], str]) -> bool:
    """Tell whether a file that was not read in full matters for what was asked.

    It may make an instance, call a maker or define a class that a rule asked after, or use a container that may leak.
    Or it does what a weak container cannot (``json.dumps(REGISTRY)``), so a repair has to see it.
    """
    gate = one.gate
    if not asked.used.isdisjoint(gate.mentions) or not asked.used.isdisjoint(gate.imports):
        return True
    if not asked.defined.isdisjoint(gate.classes):
        return True
    if asked.offers and uses(gate, asked.offers):
        return True
    text = text_of(one) if asked.changed else ""
    return any(
        name in text and near in text and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None
        for name, near in asked.changed
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """What the rules say of some files. ``more`` are others that matter; repairs are ``mended`` once there are none."""

    found: list[Finding]
    sources: dict[str, _Kept]
    problems: list[Problem]
    asked: Asked = field(default_factory=Asked)
    more: frozenset[str] = frozenset()
    mended: bool = True


def _judged(wanted: Sequence[Scanned], scanned: Sequence[Scanned], reader: _Reader, settings: Settings) -> _Judged:
    """Read files in full and apply the rules, once more without each file that vanishes meanwhile."""
    while True:
        try:
            return _judged_once(wanted, scanned, reader, settings)
        except _GoneError as gone:
            reader.forget(gone)


def _judged_once(wanted: Sequence[Scanned], scanned: Sequence[Scanned], reader: _Reader, settings: Settings) -> _Judged:
    modules, sources, places, problems = reader.modules(wanted)
    if not modules:
        return _Judged([], {}, problems)
    from leaklint.program import Program
    from leaklint.rules.leaks import Context
    from leaklint.rules.observed import containers

    chosen = {one.file for one in wanted}
    rest = [one for one in scanned if one.file not in chosen]
    texts = {name: kept.source for name, kept in sources.items()}
    program = Program(modules, texts, places, containers(settings.observed))
    context = Context(program, settings)
    program.mends = not rest
    found, asked = _ruled(context, wanted)
    more = frozenset(one.file for one in rest if answers(one, asked, reader.text))
    if found and not program.mends and not more:  # repairs are worked out once all is there that they have to see
        program.mends = True
        found, asked = _ruled(context, wanted)
        more = frozenset(one.file for one in rest if answers(one, asked, reader.text))
    return _Judged(found, sources, problems, asked, more, program.mends or not found)


def _ruled(context: Context, wanted: Sequence[Scanned]) -> tuple[list[Finding], Asked]:
    from leaklint.rules import findings_of

    program = context.program
    found = [finding for finding in findings_of(context) if shown(finding, context.settings)]
    changed = frozenset(_near(finding) for finding in found)
    return found, Asked(frozenset(program.asked), frozenset(program.lacking), changed, _offers(program, wanted))


def _offers(program: Program, wanted: Sequence[Scanned]) -> frozenset[Offer]:
    """Return for each file with a container that may leak what others could do to it."""
    ways = ways_to(wanted)
    found = []
    for module, (functions, held) in program.open.items():
        file = program.places[module][1]
        found.append(Offer(frozenset(functions), frozenset(held), ways[file]))
    return frozenset(found)


def _near(finding: Finding) -> tuple[str, str]:
    module, _, qualname = finding.symbol.partition(":")
    owner, _, name = qualname.rpartition(".")
    return name, owner.rpartition(".")[2] or module.rpartition(".")[2]


class _GoneError(SourceError):
    """A file was read, and cannot be read again, or not as it was."""

    def __init__(self, file: str, problem: Problem) -> None:
        super().__init__(problem.message, problem.line)
        self.file = file
        self.problem = problem


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file of the program, read again when its text or tree is asked for, unless it was given in memory.

    ``mark`` is that of the text that its facts were read from, if there are any.
    """

    one: Scanned
    sources: dict[str, Source]
    mark: str = ""

    def source(self) -> Source:
        given = self.sources.get(self.one.file)
        if given is not None:
            return given
        try:
            source = Source.read(self.one.file, self.one.path)
        except SourceError as error:
            raise _GoneError(self.one.file, Problem(self.one.path, error.line, error.message)) from error
        if self.mark and source.mark != self.mark:
            raise _GoneError(self.one.file, Problem(self.one.path, 0, "has changed while it was read; check it again"))
        return source


class _Reader:
    """Facts and texts of the files of one analysis, each read once."""

    def __init__(self, sources: dict[str, Source], reads: Reads) -> None:
        self.sources = sources
        self.reads = reads
        self.given = frozenset(sources)  # not on disk, or not as they are there
        self.facts: dict[tuple[str, str], Module | Problem] = {}

    def text(self, one: Scanned) -> str:
        try:
            return _Kept(one, self.sources).source().text
        except SourceError:
            return ""

    def modules(
        self, wanted: Sequence[Scanned]
    ) -> tuple[dict[str, Module], dict[str, _Kept], dict[str, tuple[str, str]], list[Problem]]:
        """Return facts, files and places (import root, file) by module name, and the problems of the other files."""
        named: dict[str, Scanned] = {}
        for one in wanted:
            named[one.module if one.module not in named else f"{one.module}@{one.path}"] = one
        self._read([Wanted(one.file, one.path, name) for name, one in named.items()])
        results = {name: self.facts[one.file, name] for name, one in named.items()}
        modules = {name: result for name, result in results.items() if not isinstance(result, Problem)}
        problems = [result for result in results.values() if isinstance(result, Problem)]
        sources = {name: _Kept(named[name], self.sources, module.mark) for name, module in modules.items()}
        places = {name: (named[name].root, named[name].file) for name in modules}
        return modules, sources, places, problems

    def forget(self, gone: _GoneError) -> None:
        """From now on take a file for one that cannot be read."""
        for file, name in list(self.facts):
            if file == gone.file:
                self.facts[file, name] = gone.problem

    def _read(self, wanted: Sequence[Wanted]) -> None:
        missing = [one for one in wanted if (one.file, one.name) not in self.facts]
        for one in missing:
            if one.file in self.given:
                self.facts[one.file, one.name] = facts_of(self.sources[one.file], one.name)
        on_disk = [one for one in missing if one.file not in self.given]
        for one, result in zip(on_disk, self.reads(on_disk), strict=True):
            self.facts[one.file, one.name] = result


def read_here(wanted: Sequence[Wanted]) -> list[Module | Problem]:
    """Read files in full, one after the other."""
    return [read_facts(one)[1] for one in wanted]


def read_facts(one: Wanted) -> tuple[str, Module | Problem]:
    """Return the digest of a file's bytes (empty if there are none) and its facts, or why it has none."""
    try:
        data = read_bytes(one.file)
    except SourceError as error:
        return "", Problem(one.path, error.line, error.message)
    digest = digest_of(data)
    try:
        source = Source.decode(data, one.path)
    except SourceError as error:
        return digest, Problem(one.path, error.line, error.message)
    return digest, facts_of(source, one.name)


def facts_of(source: Source, name: str) -> Module | Problem:
    """Return the facts of a file, read once for as long as the source is kept, or why it has none."""
    from leaklint.facts.read import read_module

    known = source.facts
    if known is None or known[0] != name:
        try:
            with deep_recursion():
                known = source.facts = (name, read_module(source, name))
        except SourceError as error:
            return Problem(source.path, error.line, error.message)
        except RecursionError:
            return Problem(source.path, 0, "is nested too deeply to be read")
        finally:
            source.drop_trees()
    return known[1]


def _without_noqa(findings: Iterable[Finding], files: Iterable[_Kept]) -> list[Finding]:
    kept_files: Mapping[str, _Kept] = {kept.one.path: kept for kept in files}
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    kept: list[Finding] = []
    for path, group in by_path.items():
        lines: Sequence[str] = ()
        with suppress(SourceError):
            lines = physical_lines(kept_files[path].source().text) if path in kept_files else ()
        kept += unsuppressed(group, lines) if lines else group
    return kept
