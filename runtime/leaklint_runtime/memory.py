"""Where the memory of a process went: ``ledger()`` splits what it occupies into parts, each by an experiment.

The experiments (a full collection, ``malloc_trim``, filling pymalloc's holes, emptying a finding's container) run in
forked clones, so that the process itself goes on untouched; each clone starts from the same state, so their order does
not matter. Where there is no fork, or with ``intervene=True``, those that do no harm run in the process itself.
"""

from __future__ import annotations

import os
import platform
from functools import partial
from typing import Any, NamedTuple, Sequence

from . import baseline as fresh_start
from . import clone, early, libc, measuring
from .census import Kind
from .footprint import Footprint, FootprintError, footprint
from .ledger import (
    BASELINE,
    FRAGMENTED,
    GC_LAG,
    HOARD,
    HOW,
    MANAGED,
    NATIVE,
    SHARED,
    UNKNOWN,
    Held,
    Ledger,
    Part,
)
from .wire import WireProbe, probe_from

__all__ = ["FootprintError", "ledger", "listen", "mark", "note", "outside"]

PAGE = 4096
MOST = 24  # containers that are emptied one by one
_SINCE = {"mark": "what the process held at mark()", "none": "files of the program and its libraries alone"}
mark = fresh_start.mark


def listen() -> str:
    """Let ``leaklint memory PID`` ask this process for its ledger from now on; returns the path of its socket.

    Raises ``OSError`` where there are no Unix sockets.
    """
    from . import inside

    return inside.listen()


def ledger(
    findings: Sequence[Any] = (),
    intervene: bool = False,
    baseline: str = "fresh",
    seconds: float = 60.0,
) -> Ledger:
    """Return the ledger of this process.

    ``findings`` are probes (or their JSON form, or findings with a ``probe``), whose containers are looked up in the
    modules that are imported and emptied, one by one, in clones. With ``intervene`` the process itself is collected and
    trimmed instead of a clone. ``baseline`` is ``fresh`` (an interpreter is started that imports the same libraries),
    ``mark`` (what ``mark()`` found) or ``none``. No experiment may take more than ``seconds``.

    Raises ``FootprintError`` where the platform does not tell a process's memory. What could not be measured is told in
    the notes, and its bytes stand under the part that remains.
    """
    started = early.perf_counter()
    found = measuring.containers(probes_of(findings))
    before = footprint()
    measured = _measured(found, intervene, seconds)
    after, mapped = footprint(), _mapped(before)
    if measured.freed and before.anonymous is not None:
        # The total of the very moment that the experiments looked at: a busy process has gone on since.
        moment = measured.freed["start"]["anonymous"] - before.anonymous
        before = before._replace(rss=before.rss + moment, anonymous=before.anonymous + moment)
    start = _baseline(baseline, seconds)
    parts = _parts(before, measured, start, abs(_mapped(after) - mapped), _SINCE.get(baseline, HOW[BASELINE]))
    notes = [*measured.notes, *([f"no baseline: {start.failure}"] if start.failure else [])]
    if before.swap:
        notes.append(f"{before.swap} bytes are swapped out and no part of the total")
    return Ledger(
        pid=os.getpid(),
        total=before.rss,
        parts=tuple(parts),
        uss=before.uss,
        pss=before.pss,
        swap=before.swap,
        held=measured.held,
        held_together=measured.together,
        kinds=tuple(Kind(*row) for row in measured.freed.get("kinds", ())),
        garbage=measured.freed.get("garbage"),
        python=platform.python_version(),
        seconds=early.perf_counter() - started,
        notes=tuple(notes),
    )


def probes_of(findings: Sequence[Any]) -> list[WireProbe]:
    """Return the probes of findings: as they are, from their JSON form, or from a finding's JSON form."""
    found: list[WireProbe] = []
    for item in findings:
        if isinstance(item, WireProbe):
            found.append(item)
        elif isinstance(item, dict):
            plain = item.get("probe", item)
            if plain:
                found.append(probe_from(plain))
    return found


def note(text: str) -> None:
    """Mark this moment in the profile that is being made; does nothing where none is."""
    from . import agent

    agent.note(text)


class Measured(NamedTuple):
    """What the experiments showed; a dict is empty where its experiment failed, and a note says why."""

    freed: dict[str, Any]
    filled: dict[str, Any]
    held: tuple[Held, ...]
    together: int | None
    notes: tuple[str, ...]


def _measured(holders: Sequence[measuring.LocatedHolder], intervene: bool, seconds: float) -> Measured:
    notes: list[str] = []
    value: dict[str, Any] = {}
    if clone.possible():
        # A clone stands still, so that each of its own clones looks at the same state, however busy this process is.
        outcome = clone.run(partial(_experiments, holders, seconds), (len(holders) + 3) * seconds)
        value, notes = outcome.value, [f"not measured: {outcome.failure}"] if outcome.failure else []
    elif not intervene:
        notes.append("this platform has no safe fork: nothing was tried; intervene=True tries it in the process itself")
    notes += value.get("notes", ())
    freed = measuring.freed() if intervene else value.get("freed", {})
    filled = value.get("filled") or (measuring.filled() if intervene else {})
    gone = value.get("held", [{}] * len(holders))
    held = [
        Held(item.symbol, one.get("entries", _entries(item)), one.get("objects"), one.get("returned"))
        for item, one in zip(holders, gone)
    ]
    if not libc.can_trim():
        notes.append("this C library has no malloc_trim: what it hoards is counted as native")
    if freed and not freed["start"]["pymalloc"]:
        notes.append("the interpreter does not use pymalloc: its allocator's holes are counted as native")
    together = value.get("together", {}).get("objects", 0 if held and value else None)
    return Measured(freed, filled, tuple(held), together, tuple(notes))


def _experiments(holders: Sequence[measuring.LocatedHolder], seconds: float) -> dict[str, Any]:
    """Try everything, each in a clone of this clone."""
    notes: list[str] = []

    def tried(name: str, work: clone.Work) -> dict[str, Any]:
        outcome = clone.run(work, seconds)
        if outcome.failure:
            notes.append(f"{name} not measured: {outcome.failure}")
        return outcome.value

    freed = tried("garbage and hoard", measuring.freed)
    filled = tried("fragmentation", measuring.filled)
    held: list[dict[str, Any]] = [{"entries": _entries(item)} for item in holders]
    full = [place for place, row in enumerate(held) if row["entries"] != 0]
    full.sort(key=lambda place: -(held[place]["entries"] or 0))
    for place in full[:MOST]:
        item = holders[place]
        held[place].update(tried(item.symbol, partial(measuring.without, [item.holder])))
    if len(full) > MOST:
        notes.append(f"{len(full) - MOST} containers with fewer entries were not emptied one by one")
    for row in held:
        if row["entries"] == 0:
            row.update(objects=0, returned=0)
    together: dict[str, Any] = {}
    if len(full) == 1:
        together = held[full[0]]
    elif full:
        together = tried("all findings together", partial(measuring.without, [item.holder for item in holders]))
    return {"freed": freed, "filled": filled, "held": held, "together": together, "notes": notes}


def _mapped(footprint: Footprint) -> int:
    """Return the bytes that are no anonymous memory."""
    return footprint.rss - (footprint.anonymous or 0)


def _entries(located: measuring.LocatedHolder) -> int | None:
    try:
        return located.holder.size()
    except Exception:
        return None


def _baseline(kind: str, seconds: float) -> fresh_start.Baseline:
    if kind == "fresh":
        return fresh_start.fresh(seconds)
    if kind == "mark":
        return fresh_start.marked() or fresh_start.Baseline(failure="mark() was not called")
    if kind != "none":
        raise ValueError(f"baseline must be fresh, mark or none, not {kind!r}")
    return fresh_start.Baseline()


def _parts(before: Footprint, measured: Measured, start: fresh_start.Baseline, drift: int, since: str) -> list[Part]:
    """Split the total. ``drift`` is by how much the mapped files changed meanwhile."""
    known = before.anonymous is not None
    shared, files = before.shared or 0, before.files or 0
    parts = [Part(SHARED, shared, 0, HOW[SHARED])] if known else []
    freed = measured.freed
    if not freed or not known:
        return [*parts, Part(UNKNOWN, before.rss - shared, drift, HOW[UNKNOWN])]
    first, trimmed, left = freed["start"], freed["trimmed"], freed["left"]
    hoard = measuring.returned(first, trimmed)
    lag = measuring.objects(trimmed, left)
    fragmented, unsure = _fragmented(trimmed, measured.filled)
    large = freed["large"] if left["pymalloc"] else freed["size"]
    alive = measuring.live(large, left)
    base_python, base_native = min(start.python, alive["python"]), min(start.native, alive["native"])
    managed = alive["python"] - base_python
    others = hoard + lag + fragmented + managed + base_python + base_native + files + shared
    native = max(0, before.rss - others)
    # malloc rounds each piece up, by 8 bytes more or less than the average.
    rounding = 8 * freed["pieces"]
    return [
        *parts,
        Part(BASELINE, base_python + base_native + files, PAGE, since),
        Part(MANAGED, managed, rounding + PAGE, HOW[MANAGED]),
        Part(GC_LAG, lag, PAGE, HOW[GC_LAG], measuring.returned(trimmed, left)),
        Part(HOARD, hoard, PAGE, HOW[HOARD], hoard),
        Part(FRAGMENTED, fragmented, unsure, HOW[FRAGMENTED], 0),
        Part(NATIVE, native, rounding + unsure + drift + 4 * PAGE, HOW[NATIVE]),
    ]


def _fragmented(trimmed: measuring.State, filled: dict[str, Any]) -> tuple[int, int]:
    """Return the resident bytes of arenas that are in no block, and how unsure that is.

    What did not fit without the process growing was never written to, and so is no part of its memory.
    """
    free = trimmed["mapped"] - trimmed["used"]
    if not filled.get("filled"):
        return free, free
    # Where there is too much to fill, the rest is taken to be like the part that was filled.
    share = min(1.0, filled["grown"] / filled["filled"])
    size = free - int(share * free)
    return size, min(size, abs(free - filled["filled"])) // 2 + PAGE


def outside(pid: int) -> Ledger:
    """Return what can be told of another process from outside. Raises ``FootprintError`` if it cannot be read."""
    started = early.perf_counter()
    found = footprint(pid)
    shared, files, heap, stacks = found.shared or 0, found.files or 0, found.heap or 0, found.stacks or 0
    parts = [Part(SHARED, shared, 0, HOW[SHARED])]
    if found.anonymous is not None:
        parts += [
            Part("files", files, 0, "pages of files that only this process maps"),
            Part("heap", heap, 0, "the C library's main heap, with what it hoards"),
            Part("stacks", stacks, 0, "the main thread's stack"),
        ]
    rest = found.rss - sum(part.size for part in parts)
    parts.append(Part(UNKNOWN, rest, 0, "anonymous memory: objects, garbage and holes are not told apart from outside"))
    return Ledger(
        pid=pid,
        total=found.rss,
        parts=tuple(parts),
        uss=found.uss,
        pss=found.pss,
        swap=found.swap,
        seconds=early.perf_counter() - started,
    )
