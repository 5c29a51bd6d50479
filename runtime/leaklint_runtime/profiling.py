"""A profile: what was sampled of a function or a command, the trends in it, and its picture."""

from __future__ import annotations

import os
from typing import Any, Mapping, NamedTuple, Sequence

from . import charts, growth
from .discovery import model
from .discovery.model import FILLING, GrowingHolder
from .fit import BOUNDED, CONSTANT, LINEAR
from .footprint import machine_limit as machine_limit
from .ledger import MANAGED, NATIVE, Ledger, from_json, to_json
from .plot import Chart

CALL, SECOND = "call", "second"


class Sample(NamedTuple):
    """At ``x`` calls or seconds: resident, unique and living bytes, and blocks (None: not known)."""

    x: float
    rss: int
    uss: int | None = None
    alive: int | None = None
    blocks: int | None = None


class LengthPoints(NamedTuple):
    """The entries of a finding's container in one process, as (x, entries) points."""

    symbol: str
    pid: int
    points: tuple[tuple[float, float], ...]


class Profile(NamedTuple):
    """What was seen of ``target``; ``unit`` is that of x, ``limit`` the bytes that it may use, ``marks`` are (x, text)."""

    target: str
    unit: str
    samples: tuple[Sample, ...]
    lengths: tuple[LengthPoints, ...] = ()
    marks: tuple[tuple[float, str], ...] = ()
    limit: int | None = None
    ledgers: tuple[Ledger, ...] = ()
    status: int = 0
    notes: tuple[str, ...] = ()
    holders: tuple[GrowingHolder, ...] = ()

    def memory(self) -> tuple[str, growth.Trend]:
        """Return which figure tells best what the memory does, and its trend: living, else unique, else resident.

        Tables grow in few large steps, so where a holder gains entries to the end the memory does not level off.
        """
        name, found = self._measured_memory()
        rising = [item for item in self.holders if item.kind == LINEAR]
        if found.kind != LINEAR and rising:
            pace = sum(item.bytes_per_unit or 0.0 for item in rising)
            found = found._replace(kind=LINEAR, slope=max(found.slope, pace), high=max(found.high, pace))
        elif found.kind == LINEAR and not rising and 2 * self._gained_by(FILLING) >= found.slope:
            found = found._replace(kind=FILLING)
        elif found.kind == LINEAR and not rising and 2 * self._gained_by(FILLING, BOUNDED) >= found.slope:
            found = found._replace(kind=BOUNDED)
        return name, found

    def _measured_memory(self) -> tuple[str, growth.Trend]:
        in_use = growth.in_use_floor(len(self.samples))
        for name, floor in (("alive", in_use), ("uss", growth.MEMORY_FLOOR), ("rss", growth.MEMORY_FLOOR)):
            points = [(item.x, float(getattr(item, name))) for item in self.samples if getattr(item, name) is not None]
            if len(points) == len(self.samples):
                return name, growth.trend(points, floor)
        return "rss", growth.trend([])

    def _gained_by(self, *kinds: str) -> float:
        """Return the bytes a unit that went into holders of these kinds."""
        return sum(item.bytes_per_unit or 0.0 for item in self.holders if item.kind in kinds)

    def containers(self) -> list[growth.Container]:
        """Return the trend of each container, those that grow first, the largest of them first."""
        found = [
            growth.Container(item.symbol, entries, self._size(item, entries), item.pid)
            for item in self.lengths
            for entries in [growth.trend(item.points)]
        ]
        return sorted(found, key=lambda one: (one.entries.kind != LINEAR, -(one.size or 0), -one.entries.slope))

    def _size(self, lengths: LengthPoints, entries: growth.Trend) -> float | None:
        """Return the bytes that the container gains a unit, by what emptying it freed at the end."""
        for one in self.ledgers:
            for held in one.held:
                if one.pid == lengths.pid and held.symbol == lengths.symbol and held.size is not None and held.entries:
                    return held.size / held.entries * entries.slope
        return None

    def sentences(self) -> list[str]:
        """Return the verdicts: one for each container that changed, then one on the memory as a whole."""
        _, process = self.memory()
        resident = float(self.samples[-1].rss) if self.samples else 0.0
        several = len({item.pid for item in self.lengths}) > 1
        sentences = [self.sentence(item) for item in self.holders]
        known = {item.symbol for item in self.holders}
        for container in self.containers():
            if container.symbol not in known:
                text = growth.sentence(container, self.unit, resident, self.limit, process)
                sentences.append(f"{text} (process {container.pid})" if several else text)
        units = self.samples[-1].x - self.samples[0].x if self.samples else 0.0
        sentences.append(growth.memory_sentence(process, self.unit, resident, self.limit, units))
        if process.kind == LINEAR and not self._names_growth():
            sentences.append(_UNNAMED)
        return sentences

    def sentence(self, holder: GrowingHolder) -> str:
        """Return the verdict on a discovered holder."""
        container = growth.Container(holder.symbol, holder.entries, holder.bytes_per_unit, holder.pid)
        resident = float(self.samples[-1].rss) if self.samples else 0.0
        where = f" (process {holder.pid})" if len({item.pid for item in self.holders}) > 1 else ""
        if holder.kind == FILLING:
            return growth.filling_sentence(container, self.unit, holder.bound) + where
        return growth.sentence(container, self.unit, resident, self.limit, self._measured_memory()[1]) + where

    def _names_growth(self) -> bool:
        return any(item.entries.kind == LINEAR for item in self.containers()) or any(
            item.kind == LINEAR for item in self.holders
        )

    def about(self, symbol: str) -> str:
        """Return the verdict on this container, or the first verdict if there is none on it."""
        sentences = self.sentences()
        return next((text for text in sentences if text.startswith(f"{symbol} ")), sentences[0])

    @property
    def leaks(self) -> bool:
        """Tell whether the memory or a container grows without end."""
        return self.memory()[1].kind == LINEAR or self._names_growth()

    @property
    def growing_parts(self) -> tuple[str, ...]:
        """Return the parts of the ledger that grow: ``managed`` where objects do, else ``native`` where the memory does."""
        if self._names_growth():
            return (MANAGED,)
        if self.memory()[1].kind != LINEAR:
            return ()
        blocks = [(item.x, float(item.blocks)) for item in self.samples if item.blocks is not None]
        return (MANAGED,) if growth.trend(blocks).kind == LINEAR else (NATIVE,)


_UNNAMED = "no holder that leaklint can see grows with it: memory of C code, or objects that only C code refers to"


def of_calls(target: str, messages: Sequence[Mapping[str, Any]], limit: int | None) -> Profile:
    """Build the profile of a function from what ``workload`` told."""
    rounds = [item for item in messages if "round" in item]
    samples = tuple(
        Sample(item["round"], item["rss"], item.get("uss"), item.get("alive"), item.get("blocks")) for item in rounds
    )
    found = [from_json(item["ledger"]) for item in messages if "ledger" in item]
    pid = found[0].pid if found else 0
    lengths = _lengths(pid, [(float(item["round"]), item["sizes"]) for item in rounds])
    named = [item for item in messages if "holders" in item][-1:]
    holders = tuple(model.from_json(row)._replace(pid=pid) for item in named for row in item["holders"])
    notes = tuple(note for item in [*named, *[item for item in messages if "late" in item]] for note in item["notes"])
    return Profile(target, CALL, samples, lengths, _warmed(samples), limit, tuple(found), notes=notes, holders=holders)


def of_command(target: str, measured: Any, limit: int | None) -> Profile:
    """Build the profile of a command from ``launch.CommandMeasurement``."""
    start = measured.family[0]["t"] if measured.family else 0.0
    ends = [item["end"] for lines in measured.inside.values() for item in lines if "end" in item]
    end = max(ends, default=float("inf"))  # what comes after is the ledger's doing
    busy = [item["busy"] for lines in measured.inside.values() for item in lines if "busy" in item]
    samples = tuple(
        Sample(item["t"] - start, item["rss"], item["uss"])
        for item in measured.family
        if item["t"] <= end and not any(first <= item["t"] <= last for first, last in busy)
    )
    lengths: list[LengthPoints] = []
    marks: list[tuple[float, str]] = []
    for pid, lines in sorted(measured.inside.items()):
        lengths += _lengths(pid, [(item["t"] - start, item["sizes"]) for item in lines if "sizes" in item])
        marks += [(item["t"] - start, item["mark"]) for item in lines if "mark" in item]
        if pid != measured.pid:
            marks += [(item["start"] - start, f"process {pid} starts") for item in lines if "start" in item]
    notes = []
    if not measured.inside:
        notes.append("no Python process was seen from inside: no containers (isolated with -I or -E, or no Python)")
    if measured.late:
        notes.append("the command was interrupted when its time was up")
    found = tuple(from_json(item) for item in measured.ledgers.values())
    holders = []
    for pid, lines in sorted(measured.inside.items()):
        named = [item for item in lines if "holders" in item]
        holders += [model.from_json(row)._replace(pid=pid) for row in _last_holders(named, measured)]
        notes += named[-1]["notes"] if named else ()
    return Profile(
        target,
        SECOND,
        samples,
        tuple(lengths),
        tuple(sorted(marks)),
        limit,
        found,
        measured.status,
        tuple(notes),
        tuple(holders),
    )


def _last_holders(messages: Sequence[Mapping[str, Any]], measured: Any) -> list[Mapping[str, Any]]:
    """Return the holders that were named last; of a command that was stopped also those that went with its main function."""
    rows = list(messages[-1]["holders"]) if messages else []
    if len(messages) > 1 and (measured.late or measured.status in _STOPPED):
        symbols = {row["symbol"] for row in rows}
        rows += [row for row in messages[-2]["holders"] if row["symbol"] not in symbols]
    return rows


_STOPPED = (-2, -15, 130, 143)  # by SIGINT or SIGTERM, also where a handler or a shell tells of it


def _warmed(samples: Sequence[Sample]) -> tuple[tuple[float, str], ...]:
    if len(samples) < 5:
        return ()
    return ((samples[int(len(samples) * growth.WARM)].x, "warmed up"),)


def _lengths(pid: int, samples: Sequence[tuple[float, Mapping[str, Any]]]) -> tuple[LengthPoints, ...]:
    """Return the lengths of containers; of one whose inner containers alone change, the sum of all levels."""
    symbols = dict.fromkeys(symbol for _, sizes in samples for symbol in sizes)
    found = []
    for symbol in symbols:
        pairs = [(x, sizes[symbol]) for x, sizes in samples if symbol in sizes and sizes[symbol][0] is not None]
        outer = tuple((x, float(pair[0])) for x, pair in pairs)
        inner = tuple((x, float(pair[1])) for x, pair in pairs if pair[1] is not None)
        changes = growth.trend(outer).kind != CONSTANT
        if outer:
            found.append(LengthPoints(symbol, pid, outer if changes or len(inner) < len(outer) else inner))
    return tuple(found)


def chart(profile: Profile, before: Profile | None = None) -> Chart:
    """Draw memory, and the containers that changed, over calls or seconds; ``before`` a repair on the same sheet."""
    sides = [("before", before), ("after", profile)] if before else [("", profile)]
    changed = {item.symbol for _, side in sides for item in side.lengths if growth.trend(item.points).kind != CONSTANT}
    memory, fits = [], []
    rows: list[charts.ChartSeries] = []
    for name, side in sides:
        kind, process = side.memory()
        # The first call imports and fills what the others find done: its rise would hide theirs.
        seen = side.samples[1:] if side.unit == CALL and len(side.samples) > 2 else side.samples
        points = tuple((item.x, float(getattr(item, kind) or item.rss)) for item in seen)
        memory.append(charts.ChartSeries(name or _NAMES[kind], points))
        if process.kind == LINEAR and points:
            at, end = process.warm, points[-1][0]
            start = process.last - process.slope * (end - at)
            fits.append(charts.ChartSeries("", ((at, start), (end, process.last))))
        shown = [item for item in side.lengths if item.symbol in changed]
        rows += [charts.ChartSeries(_name(item, name), item.points) for item in _largest(shown, 2 if before else 4)]
    kind, _ = profile.memory()
    panels = [charts.Panel(f"{_NAMES[kind]}, MiB", "bytes", tuple(memory), tuple(fits))]
    if rows:
        panels.append(charts.Panel("entries", "", tuple(rows)))
    leading = (before or profile).containers()
    about = leading[0].symbol if leading else ""
    text = "\n".join(f"{name}: {side.about(about)}" if name else side.about(about) for name, side in sides)
    target = os.path.basename(profile.target) if profile.unit == CALL else profile.target
    title = f"{target} before and after" if before else target
    marks = () if before else profile.marks
    return charts.growth(panels, title, text, _ACROSS[profile.unit], marks)


_NAMES = {"alive": "bytes in use", "uss": "unique set size", "rss": "resident set size"}
_ACROSS = {CALL: "calls, each followed by a full collection", SECOND: "seconds"}


def _name(lengths: LengthPoints, side: str) -> str:
    short = lengths.symbol.rpartition(":")[2]
    return f"{short} {side}".rstrip()


def _largest(lengths: Sequence[LengthPoints], most: int) -> list[LengthPoints]:
    return sorted(lengths, key=lambda item: -item.points[-1][1])[:most]


def plain(profile: Profile) -> Any:
    """Return the JSON form of a profile, with its verdicts."""
    kind, process = profile.memory()
    verdict = {"sentences": profile.sentences(), "leaks": profile.leaks, "figure": kind, "memory": to_json(process)}
    verdict["containers"] = to_json(profile.containers())
    return {"version": 1, **to_json(profile), "verdict": verdict}


def revived(value: Mapping[str, Any]) -> Profile:
    """Build a profile from its JSON form. Raises ``KeyError`` or ``TypeError`` if it is none."""
    return Profile(
        target=str(value["target"]),
        unit=str(value["unit"]),
        samples=tuple(Sample(**{name: item[name] for name in Sample._fields}) for item in value["samples"]),
        lengths=tuple(
            LengthPoints(item["symbol"], item["pid"], tuple((float(x), float(y)) for x, y in item["points"]))
            for item in value["lengths"]
        ),
        marks=tuple((float(x), str(text)) for x, text in value["marks"]),
        limit=value["limit"],
        ledgers=tuple(from_json(item) for item in value["ledgers"]),
        status=int(value["status"]),
        notes=tuple(value["notes"]),
        holders=tuple(model.from_json(item) for item in value.get("holders", ())),
    )
