"""Which files findings concern, and what the analysis said of a holder that leaks, as repairs take it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leaklint.flow.model import Decorator, Function
from leaklint.flow.terms import options, walk
from leaklint.heap.memoisation import Memo
from leaklint.heap.registration import Registration
from leaklint.heap.retained import Retention, Store
from leaklint.heap.weakness import Weak
from leaklint.model import Confidence, Related
from leaklint.repairs.holders import HolderDefinition
from leaklint.repairs.program import Program, ReportedHolder, StorePlace
from leaklint.rules.experiments import qualname_of

if TYPE_CHECKING:
    from leaklint.flow.terms import Term
    from leaklint.heap.effects import Effect
    from leaklint.heap.heap_place import HeapPlace
    from leaklint.heap.retained_objects import Retained
    from leaklint.reading import Read
    from leaklint.rules.context import Case, Context
    from leaklint.source import Source

_WORD = re.compile(r"[^\W\d]\w*")
_DEFINED = re.compile(r"^[ \t]*(?:async[ \t]+)?def[ \t]+(\w+)", re.MULTILINE)
_HANDED = re.compile(r"\b(\w+)\((?:[^()\n]*,)?\s*(?:\w+\.)*(\w+)\s*[,)]")
_SLOTS_READ = re.compile(r"[.\"']__slots__\b")  # room for weak references would be one more
_STORED = re.compile(r"\b(\w+)\[[^\n]{0,300}\]\s*=\s*(?:\w+\.)*(\w+)\(")


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """What one store puts into a holder: ``kind`` is that of ``Retained`` or ``callback``, ``name`` its type.

    ``cls`` is the key of its class, empty for one outside of the program; ``side`` is value, key or element,
    ``depth`` how many containers deep inside of the holder; ``handed`` tells whether a caller handed in just this; ``place``
    is module and line of the store.
    """

    kind: str
    cls: str
    name: str
    side: str
    depth: int
    handed: bool
    place: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Leak:
    """What the analysis, or a run, said of a holder, under the code of its rule; entries start with the most telling one."""

    code: str
    holder: HolderDefinition
    entries: tuple[StoredEntry, ...]
    confidence: Confidence

    @property
    def first(self) -> StoredEntry:
        """Return the entry that the finding is told by."""
        return self.entries[0]


class RepairContext:
    """The files that some findings concern, beside what the rules look at."""

    def __init__(self, context: Context, program: Program) -> None:
        """Take both; the files are those of the program."""
        self.context = context
        self.program = program

    def leak(self, code: str, retention: Retention) -> Leak | None:
        """Return what the analysis said of a holder, or None if its place was not read."""
        holder = self.holder(retention.location)
        if holder is None:
            return None
        return Leak(code, holder, tuple(map(self._entry, retention.stores)), retention.level)

    def holder(self, location: HeapPlace) -> HolderDefinition | None:
        """Return the holder that stands at a location of the heap."""
        module, name = _home(location)
        return self.program.holders.named(module, name, location.place[0])

    def class_of(self, key: str) -> str:
        """Return the key of a class if it is one of the program, else nothing."""
        return key if key in self.program.names.classes else ""

    def decorator(self, key: str, line: int) -> tuple[Function, Decorator] | None:
        """Return the decorator of a function that stands on a line, if the function is in one of the files in view."""
        function = self.program.functions.get(key) if self.program.module_of(key) in self.program.modules else None
        for decorator in function.decorators if function is not None else ():
            if function is not None and decorator.place[0] == line:
                return (function, decorator)
        return None

    def module_of(self, path: str) -> str:
        """Return the module of a file in view, empty for another one."""
        module = _module_at(path, self.context)
        return module if module in self.program.modules else ""

    def entry(
        self, retained: Retained, value: Term | None, side: str, depth: int, place: tuple[str, int]
    ) -> StoredEntry:
        """Return what a store of a value puts in at a place."""
        whole = value is not None and all(one[0] == "param" for one in options(value))  # and not a part of it
        own = retained.kind == "self" and value is not None and self.program.is_self(value)
        handed = whole and (own or retained.kind == "param" or bool(retained.chain))
        return StoredEntry(retained.kind, self.class_of(retained.cls), retained.name, side, depth, handed, place)

    def _entry(self, store: Store) -> StoredEntry:
        effect = store.effect
        location = self.context.heap.location(effect.container)
        depth = location.depth if location is not None else 0
        value = effect.key if store.side == "key" else effect.value
        place = (self.context.module_of(effect.function), effect.event.place[0])
        entry = self.entry(store.retained, value, store.side, depth, place)
        return replace(entry, kind="callback") if self._is_called(store) else entry

    def _is_called(self, store: Store) -> bool:
        """Tell whether what callers hand in is called later: a function that is made for that may have no other owner."""
        retained, heap = store.retained, self.context.heap
        if retained.kind != "param":
            return False
        function = heap.points_to.functions.get(retained.function)
        hints = [one.annotation for one in function.params if one.name == retained.name] if function is not None else []
        declared = any("Callable" in term for hint in hints if hint is not None for term in walk(hint))
        return declared or heap.stored._is_of_callables(store.effect)


def view_of(cases: Iterable[Case], context: Context) -> RepairContext | None:
    """Return the view on the files that findings concern, None if none of them can be read."""
    cases = list(cases)
    files = context.texts.files
    sources = {name: source for name, source in _concerned(cases, context) if files[name].problem is None}
    if not sources:
        return None
    reported = [one for case in cases if (one := _reported(case, context)) is not None]
    return RepairContext(context, Program(context.heap, sources, reported, context.texts.of_module))


def _home(location: HeapPlace) -> tuple[str, str]:
    """Return the module and the name of the holder at a location."""
    return location.owner.partition(":")[0], qualname_of(location)


def _reported(case: Case, context: Context) -> ReportedHolder | None:
    """Return which holder a finding is about, and where it grows: as the heap knows, and as a run has shown."""
    subject = case.subject
    seen = tuple(_seen_places(case.seen.related, context)) if case.seen is not None else ()
    if isinstance(subject, Retention):
        effects = {(store.effect.function, store.effect.event.place): store.effect for store in subject.stores}
        stores = tuple(_store_place(effect, context) for effect in effects.values() if effect.how != "read")
        return ReportedHolder(*_home(subject.location), (*stores, *seen))
    if isinstance(subject, Weak):
        return ReportedHolder(*_home(subject.location))
    if subject is None:
        module = _module_at(case.finding.path, context)
        return ReportedHolder(module, case.finding.symbol.partition(":")[2], seen) if module else None
    return None


def _store_place(effect: Effect, context: Context) -> StorePlace:
    module = context.module_of(effect.function)
    span = context.span(module, effect.event.place)
    return StorePlace(module, context.path(module), span.line, span.end_line, span)


def _seen_places(related: Iterable[Related], context: Context) -> Iterator[StorePlace]:
    """Yield the places at which a run saw something stored."""
    for one in related:
        if one.function:
            module = _module_at(one.path, context)
            yield StorePlace(module, one.path, one.line, one.line, seen=True, function=one.function)


def _module_at(path: str, context: Context) -> str:
    file = os.path.abspath(path)
    return next((name for name, read in context.texts.files.items() if read.file == file), "")


def _concerned(cases: list[Case], context: Context) -> Iterator[tuple[str, Source]]:
    """Yield the files that say the name of a holder, of its class, or of what it keeps, and the packages around them.

    And those that define functions which get something by such a name, or make what is stored.
    """
    files = context.texts.files
    seen = [case.seen for case in cases if case.seen is not None]
    shown = {os.path.abspath(path) for one in seen for path in (one.path, *(item.path for item in one.related))}
    words = {word for case in cases for word in _names(case, context)}
    chosen: dict[str, Source] = {}

    def take(name: str, read: Read, concerned: bool | None = None) -> None:
        source = context.texts.of(read)
        if source is not None and (
            concerned or _SLOTS_READ.search(source.text) or not words.isdisjoint(_WORD.findall(source.text))
        ):
            chosen[name] = source

    for name, read in files.items():
        take(name, read, read.file in shown)
    called = {word for source in chosen.values() for word in _called_with(source.text, words)}
    for name, read in files.items() if called else ():
        source = context.texts.of(read) if name not in chosen else None
        if source is not None and not called.isdisjoint(_DEFINED.findall(source.text)):
            chosen[name] = source
    packages = {name.rpartition(".")[0] for name in chosen}
    for name, read in files.items():
        if name in packages and name not in chosen and os.path.basename(read.file) == "__init__.py":
            take(name, read, concerned=True)
    for name in files:
        if name in chosen:
            yield name, chosen[name]


def _called_with(text: str, words: set[str]) -> Iterator[str]:
    """Yield the names of functions that are handed something by one of the words, or whose result is stored under it."""
    for found in _HANDED.finditer(text):
        if found[2] in words:
            yield found[1]
    for found in _STORED.finditer(text):
        if found[1] in words:
            yield found[2]


def _names(case: Case, context: Context) -> set[str]:
    """Return the names that a file has to say to concern a finding."""
    hierarchy = context.heap.points_to.classes
    module, _, qualname = case.finding.symbol.partition(":")
    parts = qualname.split(".")
    names = {word for word in parts[-2:] if word.isidentifier() and not word.startswith("__")}
    for key in {f"{module}:{parts[0]}", *_classes(case)}:
        if key in context.heap.points_to.names.classes:
            names.update(hierarchy.class_of(one).name for one in hierarchy.order(key))
    return names


def _classes(case: Case) -> Iterator[str]:
    """Yield the keys of the classes that a finding is about: the one that has the holder, and those of what is kept."""
    subject = case.subject
    if isinstance(subject, Retention):
        yield subject.location.owner
        yield from (store.retained.cls for store in subject.stores)
    elif isinstance(subject, Weak):
        yield subject.location.owner
    elif isinstance(subject, (Memo, Registration)):
        yield subject.retained.cls
    elif subject is None and case.finding.probe is not None:
        yield case.finding.probe.subject
