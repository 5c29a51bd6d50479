"""Holders that a run has shown to grow: the same findings, made from the other end.

What a run has shown takes the place of one judgement alone, that a container leaks. Who stores, who removes, and what a
repair would break is worked out as for any other leak.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from leaklint.drafts.facts.model import Call, Module
from leaklint.drafts.levels import LEVELS
from leaklint.drafts.program import ClassRef, Holder, Program
from leaklint.drafts.program.moments import AT_IMPORT, at_import, once
from leaklint.drafts.program.observed import Observed, ObservedStore
from leaklint.drafts.program.removal import removal
from leaklint.model import Finding, Fix, Related
from leaklint.paths import is_test

if TYPE_CHECKING:
    from leaklint.drafts.leaks import Context, Leak, Store
    from leaklint.drafts.program import Touch

Key = tuple[str, str, str]
_MOST_RELATED = 8
_NO_FLOW = "no value that the analysis follows is kept by it for longer than it is used"


def containers(findings: Sequence[Finding]) -> tuple[Observed, ...]:
    """Return what a program is to know of the holders of findings that a run has shown."""
    return tuple(
        Observed(
            os.path.abspath(finding.path),
            finding.symbol.partition(":")[2],
            finding.probe.subject if finding.probe is not None else "",
            tuple(ObservedStore(os.path.abspath(item.path), item.line, item.function) for item in _stores(finding)),
        )
        for finding in findings
    )


def files_of(findings: Sequence[Finding]) -> frozenset[str]:
    """Return the files, by their absolute names, that findings stand in or speak of."""
    paths = {path for finding in findings for path in (finding.path, *(item.path for item in finding.related))}
    return frozenset(map(os.path.abspath, paths))


def by_holder(program: Program, findings: Sequence[Finding]) -> dict[Key, Finding]:
    """Return the findings by the key of the holder of the program that each is about."""
    known = {(known.observed.file, known.observed.name): key for key, known in program.adopted.items()}
    places = ((os.path.abspath(finding.path), finding.symbol.partition(":")[2]) for finding in findings)
    return {known[place]: finding for place, finding in zip(places, findings, strict=True) if place in known}


def _stores(finding: Finding) -> Iterator[Related]:
    return (item for item in finding.related if item.function)


def typed(store: Store, program: Program, kept: str) -> Store:
    """Return the store with the class of what a run saw there, where nothing in the files tells it."""
    if store.thing.ref is not None or store.thing.kind not in {"param", "made", "part", "callback", "instance"}:
        return store
    module, _, name = kept.partition(":")
    if module not in program.modules or name not in program.modules[module].classes:
        return store
    kind = store.thing.kind if store.thing.kind in {"param", "instance"} else "instance"
    return replace(store, thing=replace(store.thing, kind=kind, ref=ClassRef(module, name)))


def qualified(program: Program, leak: Leak, fix: Fix) -> Fix:
    """Return the repair of a holder that a run has shown to grow: what the files do not tell of it is an assumption."""
    known = program.adopted[leak.holder.key]
    if known.unread and fix.safety != "none":
        place = known.unread[0]
        told = f"the store that the run saw at {os.path.relpath(place.file)}:{place.line} could not be read"
        return Fix("none", fix.replacement, f"{told}, so nothing tells what a repair would do to it")
    if not known.stores or fix.safety == "none":
        return fix
    places = ", ".join(f"{touch.module.path}:{touch.event.span.line}" for touch in known.stores)
    assumed = f"that nothing but {places} reaches it by an expression that is not followed"
    text = fix.reason.removeprefix("assumes ")
    reason = f"assumes {assumed} and {text}" if fix.safety == "unsafe" else f"assumes {assumed}; {text}"
    return replace(fix, safety="unsafe", reason=reason)


def placed(seen: Finding, static: Finding, hint: str) -> Finding:
    """Return the finding of a holder that only a run has shown, as it stands in the files now and with its repair."""
    return replace(
        seen,
        path=static.path,
        line=static.line,
        column=static.column,
        end_line=static.end_line,
        end_column=static.end_column,
        message=f"{seen.message}; {advice(static.fix)}",
        fix=static.fix,
        hint=f"{seen.code} would have to see this: {hint}",
    )


def enriched(static: Finding, seen: Finding) -> Finding:
    """Return the finding of a rule with what a run has shown of the same holder: how it grows, through what, from where."""
    growth = seen.message.partition(";")[0]
    stores = {(item.path, item.line): item for item in (*seen.related, *static.related)}
    surer = max(static.confidence, seen.confidence, key=LEVELS.index)
    probe = replace(seen.probe, fingerprint=static.fingerprint, code=static.code) if seen.probe is not None else None
    return replace(
        static,
        confidence=surer,
        message=f"{static.message}; at run time {growth}",
        retention=(*static.retention, *seen.retention),
        related=tuple(stores.values())[:_MOST_RELATED],
        probe=probe or static.probe,
    )


def completed(
    findings: Sequence[Finding], drafts: Sequence[Finding], context: Context, observed: Sequence[Finding]
) -> list[Finding]:
    """Return the findings of the rules, one for each holder, with what a run has shown: also of holders that no rule sees.

    ``drafts`` are what the view of the repairs, ``context``, says of the files that hold them.
    """
    result = list(findings)
    holders = {seen.fingerprint: key for key, seen in by_holder(context.program, observed).items()}
    for seen in observed:
        holder = context.program.holders.all.get(holders.get(seen.fingerprint, ("", "", "")))
        symbol = holder.symbol if holder is not None else seen.symbol
        same = [place for place, item in enumerate(result) if is_same(item, seen) or item.symbol == symbol]
        if same:
            if result[same[0]].origin == "static":
                result[same[0]] = enriched(result[same[0]], seen)
            continue
        draft = next((item for item in drafts if is_same(item, seen) or item.symbol == symbol), None)
        if draft is None:
            result += _unplaced(context, seen)
        else:
            result.append(draft if draft.origin == "runtime" else placed(seen, draft, _NO_FLOW))
    return result


def is_same(finding: Finding, other: Finding) -> bool:
    """Tell whether two findings are about the same holder: by fingerprint, by name, or because both stand at one place."""
    if finding.fingerprint == other.fingerprint:
        return True
    if os.path.abspath(finding.path) != os.path.abspath(other.path):
        return False
    if finding.place[1:3] == other.place[1:3]:
        return True
    # of registrations the name is that of the function, which may have several
    return finding.symbol == other.symbol and not finding.code.startswith("LK4")


def _unplaced(context: Context, seen: Finding) -> Iterator[Finding]:
    """Yield what a run has shown of a file of the program that is as it was, where nothing of it can be repaired."""
    program = context.program
    files = {file: name for name, (_, file) in program.places.items()}
    module = files.get(os.path.abspath(seen.path), "")
    if not module:
        return
    if seen.probe is not None and seen.probe.digest and seen.probe.file == program.places[module][1]:
        if seen.probe.digest != program.source(module).digest:
            return
    hint = _unknown(program, program.modules[module], seen)
    fix = Fix("none", seen.fix.replacement, f"no edit is known: {hint}")
    way = "take it back when its owner is done" if seen.code.startswith("LK4") else advice(fix)
    yield replace(seen, fix=fix, message=f"{seen.message}; {way}", hint=f"{seen.code} would have to see this: {hint}")


def _unknown(program: Program, module: Module, seen: Finding) -> str:
    """Return why the rules know no more of a finding in a module than the run does."""
    kind = seen.probe.container_kind if seen.probe is not None else ""
    name = seen.symbol.partition(":")[2]
    if seen.code.startswith("LK4"):
        return "the call is not taken for one that registers an object for good"
    if kind == "memo":
        return "the function is not taken for a memoiser that keeps objects"
    if name in module.functions or not name:
        return "what it puts into a table of the standard library is not taken to stay there"
    named = (holder for holder in program.holders.all.values() if holder.module == module.name and holder.name == name)
    holder = next(named, None)
    if holder is None:
        return f"{name} is no container of process lifetime to the rules"
    made = holder.binding.made
    return f"no store into what {made.text} makes is read" if made.kind == "object" else "no store into it is read"


def unseen(program: Program, holder: Holder, touches: Sequence[Touch], *, plain: bool) -> str:
    """Return what keeps the rules from calling a holder a leak by themselves; ``plain`` if what is stored keeps nothing."""
    if holder.key in program.holders.shown:
        return f"no object of {holder.name.rpartition('.')[0]} is taken for one that lives as long as the process"
    adopted = {touch.event.span for touch in program.adopted[holder.key].stores}
    stores = [touch for touch in touches if touch.event.span not in adopted]
    if not stores:
        return "its stores reach it by an expression that is not resolved"
    running = [touch for touch in stores if touch.function.name not in AT_IMPORT and not is_test(touch.module.path)]
    running = [touch for touch in running if not at_import(program, touch.function, touch.module)]
    if not running:
        return "its stores are taken for what runs while modules are imported"
    if all(once(program, touch) for touch in running):
        return "its stores are taken for what runs once in a process"
    gone = removal(program, holder, running)
    if gone.quality == "good":
        return f"{gone.why} is taken for a release"
    if plain:
        return "what is stored is taken for texts, numbers and other values that are few"
    if holder.scope == "closure":
        return "the function around it is not taken for one whose inner function lives on"
    return "its keys, or what is stored, are taken for few"


def registration(findings: Sequence[Finding], module: Module, call: Call) -> Finding | None:
    """Return what a run has shown of a call that registers something for good."""
    here = os.path.abspath(module.path)
    return next(
        (
            finding
            for finding in findings
            if call.span.line <= finding.line <= call.span.end_line and os.path.abspath(finding.path) == here
        ),
        None,
    )


def advice(fix: Fix) -> str:
    """Return in a few words what would repair a finding."""
    verb = "keep" if fix.replacement.startswith("at most") else "use"
    return f"{verb} {fix.replacement}" if fix.replacement else "bound it or remove entries when their owner is done"
