"""Containers that a run has shown to grow: which holders of the program they are, and which statements fill them.

The run saw at which lines they grew. A store there that reaches its container by an expression that is not resolved is
taken for what the run says it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from leaklint.deep import deep_recursion
from leaklint.drafts.facts.events import Guards, stores_at
from leaklint.drafts.facts.model import Event, Function, Module
from leaklint.drafts.facts.places import Places
from leaklint.drafts.facts.tree import read_tree
from leaklint.drafts.program.resolve import ClassRef
from leaklint.source import SourceError

if TYPE_CHECKING:
    from leaklint.drafts.program import Holder, Program, Touch

# By kind of container: how it gains an entry.
_GAINS = {
    "dict": frozenset({"[]=", "setdefault", "__setitem__", "update"}),
    "list": frozenset({"append", "appendleft", "insert", "extend", "extendleft", "+=", "[:]="}),
    "set": frozenset({"add", "update", "|=", "+="}),
}


class ObservedStore(NamedTuple):
    """A line at which a container grew, and the function that was running: its qualified name, or the last part of it."""

    file: str
    line: int
    function: str


class Observed(NamedTuple):
    """A container that grew: the file and name of its holder, what it kept, and where it grew.

    ``name`` is that of ``Holder``, ``kept`` is ``module:Qualified.Name`` of a class, or empty.
    """

    file: str
    name: str
    kept: str = ""
    stores: tuple[ObservedStore, ...] = ()


class Adopted(NamedTuple):
    """The holder that an observed container is; the ``stores`` that only the run ties to it, and the ``unread`` ones."""

    holder: Holder
    observed: Observed
    stores: tuple[Touch, ...]
    unread: tuple[ObservedStore, ...]


def names_of(observed: Sequence[Observed], places: Mapping[str, tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return module and name of the observed containers; ``places`` are those of ``Program``."""
    modules = {file: name for name, (_, file) in places.items()}
    return frozenset((modules[one.file], one.name) for one in observed if one.file in modules)


def adopted(program: Program, observed: Sequence[Observed]) -> Iterator[Adopted]:
    """Yield what the program knows of the observed containers; nothing for those that are no holders of it."""
    modules = {file: name for name, (_, file) in program.places.items()}
    for container in observed:
        named = (holder for holder in program.holders.all.values() if holder.name == container.name)
        module = modules.get(container.file, "")
        holder = next((holder for holder in named if holder.module == module), None)
        owner, _, attribute = container.name.rpartition(".")
        if holder is None and owner and module:
            holder = program.holders.on_class(ClassRef(module, owner), attribute)
        if holder is not None:
            yield _adopted(program, holder, container, modules)


def _adopted(program: Program, holder: Holder, observed: Observed, modules: dict[str, str]) -> Adopted:
    stores: list[Touch] = []
    unread: list[ObservedStore] = []
    for place in observed.stores:
        module = program.modules.get(modules.get(place.file, ""))
        if module is not None and _is_known(program, holder, module, place):
            continue
        event = _event(program, holder, module, place) if module is not None else None
        if event is None:
            unread.append(place)
        else:
            stores.append(event)
    return Adopted(holder, observed, tuple(stores), tuple(unread))


def _is_known(program: Program, holder: Holder, module: Module, place: ObservedStore) -> bool:
    """Tell whether a store into the holder is read at this place, also inside of it: ``REG[k].append(x)``."""
    return any(
        touch.event.op == "store" and touch.module is module and _covers(touch.event, place.line)
        for touch in program.touches.get(holder.key, ())
    )


def _covers(event: Event, line: int) -> bool:
    return event.span.line <= line <= event.span.end_line


def _event(program: Program, holder: Holder, module: Module, place: ObservedStore) -> Touch | None:
    """Return the store at this place, if there is one that goes into no other holder and fits the container."""
    from leaklint.drafts.program import Touch

    gains = _GAINS.get(holder.kind)
    found = [
        Touch(holder, event, function, module, 0)
        for event, function in _events_at(program, module, place)
        if (gains is None or event.how in gains) and not _is_other(program, event, function, module)
    ]
    return found[0] if len(found) == 1 else None


def _is_other(program: Program, event: Event, function: Function, module: Module) -> bool:
    return any(program.holders.meant(value, function, module) is not None for value in event.target)


def _events_at(program: Program, module: Module, place: ObservedStore) -> list[tuple[Event, Function]]:
    """Return the stores on a line of a file, each with its function; none where the file cannot be parsed."""
    found = []
    try:
        with deep_recursion():
            source = program.source(module.name)
            tree = read_tree(source.tree)
            places = Places(source)
            guards = Guards(places)
            for scope in tree.scopes:
                function = module.body if scope is tree.module else module.functions.get(scope.qualname)
                if function is not None and _runs(function, place.function):
                    found += [(event, function) for event in stores_at(place.line, scope, places, guards)]
            tree.release()
    except SourceError:
        return []
    return found


def _runs(function: Function, name: str) -> bool:
    """Tell whether a function goes by the name that the interpreter gives it; before 3.11 that is the last part."""
    if not function.name:
        return name in {"", "<module>"}
    return not name or function.qualname == name or function.qualname.rpartition(".")[2] == name
