"""What all rules look at: the heap of one program and what it retains, worked out once."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import qualname
from leaklint.heap.certainty import LEVELS
from leaklint.heap.handlers import Handler, Handlers
from leaklint.heap.memoisation import Memo, Memos
from leaklint.heap.registration import Registration, Registrations
from leaklint.heap.retained import Retention
from leaklint.heap.standard_tables import Table
from leaklint.heap.weakness import Weak, Weakness
from leaklint.model import Confidence, Finding, Location, Probe, Problem, Related, fingerprint
from leaklint.records import replace
from leaklint.source import Span

if TYPE_CHECKING:
    from leaklint.analysis import Texts
    from leaklint.config import Settings
    from leaklint.heap.retention import Heap

Place = tuple[int, int, int, int]
Subject = Retention | Memo | Registration | Handler | Weak | Table


class Case(NamedTuple):
    """A finding, and what is known of it: to the heap (None of what a run alone has shown), and by a run (``seen``)."""

    finding: Finding
    subject: Subject | None
    seen: Finding | None = None


class Context:
    """One run's heap, with the settings and the texts of its files."""

    def __init__(self, heap: Heap, settings: Settings, texts: Texts) -> None:
        """Take the parts; nothing is worked out yet."""
        self.heap = heap
        self.settings = settings
        self.texts = texts
        self.problems: list[Problem] = []

    @cached_property
    def retentions(self) -> list[Retention]:
        """Every container that keeps something, at any confidence."""
        return self.heap.retentions()

    @cached_property
    def memos(self) -> list[Memo]:
        """Every memoised function that keeps objects."""
        return list(Memos(self.heap).all())

    @cached_property
    def registrations(self) -> list[Registration]:
        """Every registration that keeps an object, the surest first: calls of a chain begin at one place."""
        return sorted(Registrations(self.heap).all(), key=lambda one: -LEVELS.index(one.level))

    @cached_property
    def handlers(self) -> list[Handler]:
        """Every logger and handler that is made for each object."""
        return list(Handlers(self.heap).all())

    @cached_property
    def weak(self) -> list[Weak]:
        """Every container that is weak in name only."""
        return list(Weakness(self.heap).all())

    def shows(self, confidence: Confidence) -> bool:
        """Tell whether the run asks for findings of this confidence; of what a run has shown the rules may be less sure."""
        return bool(self.settings.observed) or LEVELS.index(confidence) >= LEVELS.index(self.settings.confidence)

    def path(self, module: str) -> str:
        """Return the path of a module's file, as findings show it."""
        return self.heap.points_to.names.modules[module].path

    def location(self, module: str, place: Place) -> Location:
        """Return a place of the value flow of a module as findings show it."""
        return Location(self.path(module), *self.span(module, place))

    def span(self, module: str, place: Place) -> Span:
        """Return a place of the value flow of a module in lines and characters from 1."""
        source = self.texts.of_module(module)
        if source is not None:
            return source.span_of(place)
        line, column, end_line, end_column = place
        return Span(line, column + 1, end_line, end_column + 1)

    def module_of(self, function: str) -> str:
        """Return the name of the module of a function or class."""
        return self.heap.points_to.names.module_of(function).name

    def related(self, function: str, place: Place, text: str, *, stores: bool = False) -> Related:
        """Return a second place of a finding, in a function; ``stores`` if that puts something into the holder there."""
        module = self.module_of(function)
        at = self.location(module, place)
        return Related(at.path, at.line, at.column, text, qualname(function) if stores else "")

    def case(
        self, subject: Subject, code: str, name: str, module: str, place: Place, symbol: str, kind: str, message: str,
        confidence: Confidence, retention: tuple[str, ...], related: tuple[Related, ...] = (), probe: Probe | None = None,
    ) -> Case:  # fmt: skip
        """Return a finding at a place of a module with its subject; what repairs it is worked out later."""
        at, mark = self.location(module, place), fingerprint(code, symbol, kind)
        if probe is not None:
            probe = replace(probe, code=code, symbol=symbol, fingerprint=mark)
        finding = Finding(
            code, name, at.path, at.line, at.column, at.end_line, at.end_column, symbol, message, confidence, mark,
            retention, related, probe=probe,
        )  # fmt: skip
        return Case(finding, subject)
