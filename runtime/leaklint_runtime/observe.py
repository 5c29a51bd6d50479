"""The experiment: make, let go, collect, count; in rounds, and further until a bound would have shown."""

from __future__ import annotations

from sys import _current_frames as current_frames
from typing import Any, NamedTuple

from . import early, fit, promises
from .act import give_turns
from .early import is_a
from .holder import Holder
from .patience import Patience
from .strategy import Make
from .trackers import Tracker, tracker_for
from .wire import WireRefcount

WARM = 2
STRESS = 1_200
INNER = 2
TURN, PATIENCE = 0.02, 6  # seconds between two looks at threads, and looks without progress
ENDING = 3.0  # seconds that threads of the rounds get to end where nothing is seen of progress
SLOW = 0.5
THREADS = 200  # more are not started to find out whether a bound exists
COSTLY_KINDS = {"thread": 24, "signal": 64}


class ExperimentLimits(NamedTuple):
    """``rounds`` of one object each within ``total`` seconds (but three at least).

    Then at most ``seconds`` more to find out whether a bound exists.
    """

    rounds: int = 8
    seconds: float = 0.3
    total: float = 8.0


class Observation(NamedTuple):
    """What the rounds showed.

    ``lagging`` objects were alive right after ``del`` and gone after a collection. ``entered`` tells whether the holder
    had more entries while an object lived than before it. ``alive``, ``sizes`` and ``blocks`` are points (objects made,
    count). ``made`` counts all acts, ``classes`` tells whether classes were made, which always need a
    collection to die. ``failure`` is the exception that ended the rounds early, or empty.
    """

    tracker: Tracker | None
    created: int
    survivors: int
    lagging: int
    entered: bool
    alive: tuple[fit.Point, ...]
    sizes: tuple[fit.Point, ...]
    blocks: tuple[fit.Point, ...]
    refcount: WireRefcount
    rounds: int
    made: int
    classes: bool
    failure: str


class Control:
    """An object that nobody keeps, to compare reference counts with."""


def count_of(box: list[Any]) -> int:
    """Return the reference count of the object in a one-element list; the same code path for object and control."""
    return early.getrefcount(box[0])


class Experiment:
    """The rounds of one experiment and what was counted after each.

    From ``run`` to ``thaw`` the heap of before is frozen out of the collections, which keeps each of them short.
    """

    def __init__(self, make: Make, holder: Holder | None, empty: int = 0) -> None:
        self.make, self.holder = make, holder
        self.done, self.warm, self.rounds, self.lagging = 0, 0, 0, 0
        self.threads = 1
        self.failure = ""
        self.before: int | None = None
        self.classes = False
        self.alive: list[fit.Point] = []
        self.sizes: list[fit.Point] = []
        self.inner: list[fit.Point] = []
        self.blocks: list[fit.Point] = []
        self.tracker = self._warm_up()
        self.entered = size_of(holder) > empty

    def _warm_up(self) -> Tracker | None:
        """Do the act once or twice, so that lazy imports and caches are filled, and choose how to track its result."""
        started = early.perf_counter()
        tracker: Tracker | None = None
        while self.warm < WARM and (not self.warm or early.perf_counter() - started < SLOW):
            box = [self.make(self.warm)]
            self.warm += 1
            tracker = tracker_for(box[0])
            box.clear()
        return tracker

    def run(self, limits: ExperimentLimits) -> None:
        """Freeze the heap and do the rounds; go further if anything stays. A failing act ends the rounds."""
        early.freeze()
        early.disable()
        self.threads = len(current_frames())
        end = early.perf_counter() + limits.total
        self.note()
        while self.rounds < limits.rounds and not self.failure and (self.rounds < 3 or early.perf_counter() < end):
            self.round()
        if not self.failure and (self.alive[-1][1] or self.rising()):
            self.stress(limits)

    def thaw(self) -> Observation:
        """Unfreeze the heap, give ending threads time, and return what was seen.

        Garbage from before the rounds may still hold survivors; ``collected`` settles that, at the price of a full
        collection, for those that no chain explains.
        """
        early.enable()
        early.unfreeze()
        _settle(self.tracker, self.threads)
        return self.seen()

    def collected(self) -> Observation:
        """Collect the whole heap, twice if finalizers may have let go of more, and return what is seen then."""
        if early.collect():
            early.collect()
        return self.seen()

    def note(self) -> None:
        """Count after a collection."""
        early.collect()
        self.alive.append((self.done, self.tracker.alive() if self.tracker else 0))
        self.blocks.append((self.done, early.getallocatedblocks()))
        if self.holder is not None:
            for depth, points in ((0, self.sizes), (INNER, self.inner)):
                size = self.holder.size(depth)
                if size is not None:
                    points.append((self.done, size))

    def make_one(self, careful: bool) -> bool:
        """Make one object, watch it and let it go; False if that failed."""
        try:
            box = [self.make(self.warm + self.done)]
        except Exception as error:
            self.failure = f"{type(error).__name__}: {error}"
            return False
        self.done += 1
        if self.tracker is not None and box[0] is not None:
            self.tracker.add(box[0])
            if careful:
                self.before = count_of(box)
                self.classes = is_a(box[0], type)
        if careful and self.inner:
            self.entered = self.entered or size_of(self.holder) > self.inner[-1][1]
        # A traceback kept by the target may keep this very frame.
        box.clear()
        return True

    def round(self) -> None:
        """One object, then a count without and one with a collection."""
        if not self.make_one(careful=True):
            return
        self.rounds += 1
        now = self.tracker.alive() if self.tracker else 0
        self.note()
        if not _others():
            self.lagging += max(0, now - int(self.alive[-1][1]))

    def rising(self) -> bool:
        """Tell whether the holder grows."""
        return fit.classify(self.counted() or self.blocks) != fit.CONSTANT

    def counted(self) -> list[fit.Point]:
        """Return the holder's entries, or those of its inner containers where only these change."""
        return self.sizes if fit.classify(self.sizes) != fit.CONSTANT else self.inner

    def stress(self, limits: ExperimentLimits) -> None:
        """Go on in growing batches until enough objects, the time is up, or what is alive no longer rises."""
        most, seconds = STRESS, limits.seconds
        if self.holder is not None:
            most = COSTLY_KINDS.get(self.holder.kind, most)
            promised = promises.farthest(self.holder)
            if 2 * promised > most:
                most, seconds = 2 * promised, limits.total
        patience = Patience(seconds)
        batch = limits.rounds
        while not self.failure and self.done < most and not patience.over():
            for _ in range(batch):
                if not self.make_one(careful=False) or patience.over():
                    break
            self.note()
            if len(current_frames()) > THREADS:
                break
            if len(self.alive) > 12 and fit.classify(self.alive if self.tracker else self.counted()) == fit.BOUNDED:
                break
            batch = min(256, batch * 2)

    def seen(self) -> Observation:
        """Return what was seen."""
        tracker = self.tracker
        created, survivors = (tracker.created, tracker.alive()) if tracker else (self.done, 0)
        counts = WireRefcount(self.before, _after(tracker), _control())
        return Observation(
            tracker=tracker,
            created=created,
            survivors=survivors,
            lagging=self.lagging,
            entered=self.entered,
            alive=tuple(self.alive),
            sizes=tuple(self.counted()),
            blocks=tuple(self.blocks),
            refcount=counts,
            rounds=self.rounds,
            made=self.warm + self.done,
            classes=self.classes,
            failure=self.failure,
        )


def _others() -> bool:
    """Tell whether other threads run; what they still use is neither leaked nor waiting for the collector."""
    return len(current_frames()) > 1


def _settle(tracker: Tracker | None, threads: int) -> None:
    """Give threads that are about to end the time to let their objects go, as long as there is progress.

    Those that were started in the rounds, beyond the ``threads`` of before, may work for a while before they end.
    """
    if tracker is None or not tracker.alive():
        return
    give_turns(0.05)
    alive, quiet = tracker.alive(), 0.0
    while alive and _others() and quiet < (ENDING if len(current_frames()) > threads else PATIENCE * TURN):
        early.sleep(TURN)
        early.collect()
        now = tracker.alive()
        quiet = quiet + TURN if now >= alive else 0.0
        alive = now


def size_of(holder: Holder | None) -> int:
    """Return the number of entries of a holder and its inner containers; 0 where nothing can be counted."""
    size = holder.size(INNER) if holder is not None else None
    return 0 if size is None else size


def _after(tracker: Tracker | None) -> int | None:
    """Return the reference count of the oldest survivor, taken the way ``before`` was."""
    box = tracker.survivors(1) if tracker is not None else []
    return count_of(box) if box else None


def _control() -> int:
    box = [Control()]
    return count_of(box)
