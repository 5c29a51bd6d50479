"""The ledger as plain data: what a process's memory consists of. Every figure is bytes unless it says otherwise."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Sequence

from .census import Kind
from .wire import known_fields
from .wire import to_json as to_json

SHARED, BASELINE, MANAGED, GC_LAG = "shared", "baseline", "managed", "gc-lag"
HOARD, FRAGMENTED, NATIVE, UNKNOWN = "hoard", "fragmented", "native", "unknown"
#: The parts in the order they are shown; ``unknown`` stands for what could not be looked into.
PARTS = (SHARED, BASELINE, MANAGED, GC_LAG, HOARD, FRAGMENTED, NATIVE, UNKNOWN)
#: What can be done about a part, in the words that tables print.
ADVICE: Mapping[str, str] = {
    GC_LAG: "garbage that waits for the collector: gc.collect(), a lower gc.set_threshold, or break the cycles",
    HOARD: "free, kept by the C library: malloc_trim(0), MALLOC_TRIM_THRESHOLD_=65536 before the start, MALLOC_ARENA_MAX=2",
    FRAGMENTED: (
        "free between small objects in pymalloc's arenas: new objects reuse it, only a restart gives it back;"
        " keep long-lived small objects apart from short-lived ones"
    ),
    NATIVE: "memory of C code and threads that no Python object accounts for",
    MANAGED: "objects that the program holds",
    "findings": "held by containers that findings name: repair them (leaklint fix)",
    "rest": "objects that no finding accounts for",
    "spilled": "on disk, no part of the process",
}
NATIVE_GROWS = (
    "memory of C code grows that no Python object accounts for: look at the libraries in use;"
    " until they are mended, restart"
)
NATIVE_IS_LARGE = "memory of C code and threads: it is large; whether it grows, leaklint profile tells"
#: How each part was measured, in the words that tables print.
HOW: Mapping[str, str] = {
    SHARED: "pages of files and shared memory that other processes map as well",
    BASELINE: "what a fresh interpreter takes that has imported the same libraries",
    MANAGED: "objects alive after a full collection, beyond the baseline",
    GC_LAG: "objects that a full collection frees",
    HOARD: "what malloc_trim gives back",
    FRAGMENTED: "new objects that fit into pymalloc's holes without the process growing",
    NATIVE: "what is left: in use by C code, stacks, and malloc's own holes",
    UNKNOWN: "not looked into",
}


class Part(NamedTuple):
    """One part of the process's resident memory; ``uncertainty`` bytes either way.

    ``returned`` is by how much the process shrinks where the part's intervention was tried, or None.
    """

    name: str
    size: int
    uncertainty: int = 0
    how: str = ""
    returned: int | None = None


class Held(NamedTuple):
    """What a finding's container holds: emptying it in a clone freed ``size`` bytes; None where that was not tried."""

    symbol: str
    entries: int | None
    size: int | None
    returned: int | None = None


class Ledger(NamedTuple):
    """The parts of ``total`` resident bytes of process ``pid``, which they sum to.

    ``held`` are the findings' containers, ``held_together`` what emptying all of them freed (they may hold the same
    objects), ``kinds`` the types with the most bytes. ``old`` and ``recent`` split what no live object accounts for by
    whether it was there already ``window`` seconds ago (None without a history). ``garbage`` counts unreachable
    objects. ``notes`` say what could not be measured and why.
    """

    pid: int
    total: int
    parts: tuple[Part, ...]
    uss: int | None = None
    pss: int | None = None
    swap: int | None = None
    held: tuple[Held, ...] = ()
    held_together: int | None = None
    kinds: tuple[Kind, ...] = ()
    garbage: int | None = None
    old: int | None = None
    recent: int | None = None
    window: float = 30.0
    python: str = ""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    name: str = ""

    def size(self, name: str) -> int:
        """Return the bytes of a part; 0 if there is none of that name."""
        return sum(part.size for part in self.parts if part.name == name)

    @property
    def sum(self) -> int:
        """Return the bytes of all parts together."""
        return sum(part.size for part in self.parts)

    @property
    def unmanaged(self) -> int:
        """Return the bytes that are neither of live objects nor of the interpreter, its libraries or shared pages."""
        return self.total - self.size(SHARED) - self.size(BASELINE) - self.size(MANAGED)

    @property
    def leading(self) -> str:
        """Return what takes most beyond interpreter and libraries: a finding's symbol, or a part's name."""
        sizes = {part.name: part.size for part in self.parts if part.name not in (SHARED, BASELINE)}
        name = max(sizes, key=lambda key: sizes[key], default="")
        held = max(self.held, key=lambda item: item.size or 0, default=None)
        if name == MANAGED and held is not None and 2 * (held.size or 0) > sizes[name]:
            return held.symbol
        return name


def from_json(value: Mapping[str, Any]) -> Ledger:
    """Build a ledger from its JSON form; unknown keys are ignored. Raises ``TypeError`` or ``KeyError`` if it is none."""
    given = known_fields(Ledger, value)
    given["parts"] = tuple(Part(**known_fields(Part, item)) for item in value["parts"])
    given["held"] = tuple(Held(**known_fields(Held, item)) for item in value.get("held", ()))
    given["kinds"] = tuple(Kind(**known_fields(Kind, item)) for item in value.get("kinds", ()))
    given["notes"] = tuple(value.get("notes", ()))
    return Ledger(**given)


class History:
    """Samples of a quantity over the last ``window`` seconds, as Dask keeps them: old is the least of them.

    What has been there for the whole window is old; the rest is recent.
    """

    def __init__(self, window: float = 30.0) -> None:
        self.window = window
        self.samples: list[tuple[float, int]] = []

    def add(self, now: float, size: int) -> tuple[int, int]:
        """Note ``size`` bytes at ``now`` seconds and return how many are old and how many recent."""
        self.samples.append((now, size))
        while len(self.samples) > 1 and self.samples[0][0] < now - self.window:
            self.samples.pop(0)
        old = min(item for _, item in self.samples)
        return old, size - old


def split(samples: Sequence[tuple[float, int]], window: float = 30.0) -> tuple[int, int] | None:
    """Return old and recent bytes for samples of (seconds, bytes), the newest last; None for none."""
    history = History(window)
    found: tuple[int, int] | None = None
    for now, size in samples:
        found = history.add(now, size)
    return found
