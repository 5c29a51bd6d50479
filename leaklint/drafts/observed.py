"""Repairs of what a run alone has shown to grow, asked for as for any other leak: the run says what the heap does not."""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.contracts.containers import ADDERS
from leaklint.drafts import calls
from leaklint.drafts.containers import mended
from leaklint.drafts.view import Leak, RepairContext, StoredEntry
from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term
from leaklint.heap.kinds import DISTINCT, KINDS, UNRESOLVED
from leaklint.heap.memoisation import Memos
from leaklint.model import Finding, Fix
from leaklint.records import replace
from leaklint.source import Span

_TELLING = DISTINCT | UNRESOLVED
_UNTOLD = UNRESOLVED | {"param", "instance"}  # kinds of which a run may tell the class
_SIDES = frozenset({"[]=", "setdefault", "__setitem__", "update"})


def repaired(view: RepairContext, finding: Finding) -> Finding | None:
    """Return a finding that a run alone has shown, with its repair, where its holder stands in the files now.

    None where the file has changed since, and no longer has the holder.
    """
    if finding.code.startswith("LK4") and finding.code != "LK403":
        fix = _of_call(view, finding)
    elif finding.probe is not None and finding.probe.container_kind == "memo":
        fix = _of_memo(view, finding)
    else:
        module, name = view.module_of(finding.path), finding.symbol.partition(":")[2]
        holder = view.program.holders.named(module, name, finding.line)
        if holder is not None and holder.kind != "weak":
            entries = _entries(view, finding, holder.kind)
            if entries:
                fix = mended(view, Leak(finding.code, holder, entries, finding.confidence))
                return _placed(replace(finding, fix=fix), holder.path, view.context.span(module, holder.place))
        fix = None
    if fix is None and _has_changed(view, finding):
        return None
    return replace(finding, fix=fix or Fix("none", finding.fix.replacement, f"no edit is known: {_why(finding)}"))


def _placed(finding: Finding, path: str, span: Span) -> Finding:
    return replace(
        finding, path=path, line=span.line, column=span.column, end_line=span.end_line, end_column=span.end_column
    )


def _why(finding: Finding) -> str:
    """Return what keeps the rules from a finding, as ``rules.unseen`` has said."""
    return finding.hint.partition(": ")[2]


def _has_changed(view: RepairContext, finding: Finding) -> bool:
    """Tell whether the file of a finding is no longer as it was when the run saw it."""
    module = view.module_of(finding.path)
    if (
        not module
        or finding.probe is None
        or not finding.probe.digest
        or finding.probe.file != view.context.texts.files[module].file
    ):
        return False
    return finding.probe.digest != view.program.source(module).digest


def _of_call(view: RepairContext, finding: Finding) -> Fix | None:
    """Return the repair of a call that registers something for good; None for one that no contract knows."""
    module = view.module_of(finding.path)
    for external in view.context.heap.effects.external:
        place = external.event.place
        if view.context.module_of(external.function) == module and place[0] <= finding.line <= place[2]:
            if finding.code == "LK402" and external.name.endswith(".addHandler"):
                return calls.added(view, module, place)
            kind = _kind_of(view, external.name) if finding.code == "LK401" else ""
            if kind:
                return calls.registered(view, module, place, kind)
    return None


def _kind_of(view: RepairContext, name: str) -> str:
    contract, _ = view.context.heap.points_to.contracts.of_call(name)
    return contract.kind if contract is not None else ""


def _of_memo(view: RepairContext, finding: Finding) -> Fix | None:
    """Return the repair of a memoised function of which the calls do not repeat; None where no decorator memoises it."""
    key = f"{view.module_of(finding.path)}:{finding.symbol.partition(':')[2]}"
    for _, place, function, memo, _ in Memos(view.context.heap).applied():
        if function is not None and function.key == key and memo[2] is None:
            return calls.bounded(view, key, place[0])
    return None


def _entries(view: RepairContext, finding: Finding, kind: str) -> tuple[StoredEntry, ...]:
    """Return what the stores that a run saw put in, the most telling first; texts and numbers pile up, too."""
    found = list(_stored(view, finding, kind))
    telling = [_typed(entry, view, finding) for entry in found]
    telling = [entry for entry in telling if entry.kind in _TELLING]
    entries = telling or [replace(entry, kind="made", cls="") for entry in found]
    return tuple(sorted(entries, key=lambda entry: (KINDS.index(entry.kind), entry.side == "key")))


def _typed(entry: StoredEntry, view: RepairContext, finding: Finding) -> StoredEntry:
    """Return an entry with the class of what a run saw there, where nothing in the files tells it."""
    cls = view.class_of(finding.probe.subject) if finding.probe is not None else ""
    if entry.cls or not cls or entry.kind not in _UNTOLD or entry.side == "key":
        return entry
    return replace(entry, kind=entry.kind if entry.kind == "param" else "instance", cls=cls)


def _stored(view: RepairContext, finding: Finding, kind: str) -> Iterator[StoredEntry]:
    """Yield what is put in at the lines at which a run saw the holder grow."""
    keeping = view.context.heap.keeping
    for item in finding.related:
        module = view.module_of(item.path)
        for event in _events(view, module, item.line, item.function) if item.function and module else ():
            for key, value, how in _put_in(event):
                side = "value" if how in _SIDES and kind != "set" else "element"
                depth = int((kind == "dict") != (how in _SIDES) and kind in {"dict", "list", "set"})
                for one in keeping.of(value):
                    yield view.entry(one, value, side, depth, (module, item.line))
                for one in keeping.of(key) if key is not None else ():
                    if one.kind in {"self", "instance", "method", "closure", "class", "param"}:
                        yield view.entry(one, key, "key", depth, (module, item.line))


def _events(view: RepairContext, module: str, line: int, name: str) -> Iterator[Event]:
    for function in view.context.heap.points_to.functions.values():
        if function.key.partition(":")[0] == module and _runs(function, name):
            for event in function.events:
                if event.place[0] <= line <= event.place[2]:
                    yield event


def _runs(function: Function, name: str) -> bool:
    """Tell whether a function goes by the name that the interpreter gives it; before 3.11 that is the last part."""
    qualname = function.key.partition(":")[2]
    return name == qualname or name == function.name or (not qualname and name == "<module>")


def _put_in(event: Event) -> Iterator[tuple[Term | None, Term, str]]:
    """Yield key, value and how of what an assignment to an item, or a call of a method, puts into a container."""
    if event.kind == "setitem":
        yield event.terms[1], event.terms[2], "[]="
    elif event.kind == "call":
        term = event.terms[0]
        name = term[1][2] if term[1][0] == "attr" else ""
        if name in ADDERS:
            key, value = ADDERS[name]
            given = term[2]
            if 0 <= value < len(given):
                yield (given[key] if 0 <= key < len(given) else None), given[value], name
