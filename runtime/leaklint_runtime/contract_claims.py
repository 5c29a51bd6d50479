"""What a retention contract claims, tried on the library itself: is it kept, for how long, and what ends it?

An entry's experiment is a text that defines functions (see docs/contracts.md). Objects are handed over and let go here;
whether they are alive afterwards decides. Every claim either holds, or raises ``BrokenError`` with what was seen instead.
"""

from __future__ import annotations

import threading
from typing import Any, Callable, Dict, Iterator, Tuple

from . import early

Entry = Dict[str, Any]
Claim = Tuple[str, Callable[[], None]]
PATIENCE = 3.0  # seconds for what ends in threads of the library
SETTLE = 0.15  # seconds after which threads of the library have had their turn
ENOUGH = 300  # objects after which a bounded container has let the first one go, unless the entry says
NAMES = ("make", "retain", "undo", "weak", "end", "call")


class BrokenError(Exception):
    """The library does not do what the entry claims; the text says what it did."""


class UnavailableError(Exception):
    """This machine lacks what the experiment needs; the text says what."""


class Thing:
    """What is handed over where an experiment makes nothing of its own."""

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Be called back."""

    def on(self, *args: Any, **kwargs: Any) -> None:
        """Be called back by name."""

    def close(self) -> None:
        """Be closed."""


def unavailable(why: str) -> None:
    """Say that this machine lacks what the experiment needs. Always raises ``UnavailableError``."""
    raise UnavailableError(why)


class ClaimTrial:
    """The experiment of one entry, run once to define its functions."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.space: dict[str, Any] = {"__name__": "experiment", "Thing": Thing, "unavailable": unavailable}
        exec(compile(entry["experiment"], "<experiment>", "exec", dont_inherit=True), self.space)

    def has(self, name: str) -> bool:
        """Tell whether the experiment defines a function of this name."""
        return callable(self.space.get(name))

    def hand(self, name: str) -> tuple[Any, Any]:
        """Hand a new object over by the function ``name``; return a weak reference to the object, and the token."""
        made = self.space.get("make", Thing)()
        reference = early.ref(made)
        token = self.space[name](made)
        del made
        return reference, token

    def let_go(self, name: str) -> Any:
        """Hand a new object over, drop what came back, and return a weak reference to the object."""
        return self.hand(name)[0]

    def forget(self) -> None:
        """Drop every name of the experiment."""
        self.space.clear()


def died(reference: Any) -> bool:
    """Collect until the object is gone or the patience is over, and tell whether it is gone."""
    end = early.perf_counter() + PATIENCE
    while True:
        early.collect()
        if reference() is None:
            return True
        if early.perf_counter() > end:
            return False
        early.sleep(0.02)


def lives(reference: Any) -> bool:
    """Collect, with time for threads that run, and tell whether the object is still there."""
    for _ in range(2):
        early.collect()
        if threading.active_count() > 1:
            early.sleep(SETTLE)
    early.collect()
    return reference() is not None


def claims(entry: Entry, trial: ClaimTrial) -> Iterator[Claim]:
    """Yield what the entry claims, each with a function that tries it, in an order in which none disturbs the next."""
    if not any(trial.has(name) for name in ("retain", "weak", "call")):
        raise BrokenError("the experiment defines none of retain, weak, call")
    if trial.has("call"):
        yield _returned(entry), lambda: _call(entry, trial)
    if trial.has("weak"):
        yield "held weakly: gone with the caller's own reference", lambda: _weak(trial, "weak")
    if not trial.has("retain"):
        return
    if only_weak(entry):
        yield "held weakly: gone with the caller's own reference", lambda: _weak(trial, "retain")
        return
    yield "kept although the caller let go", lambda: _retained(trial)
    if trial.has("undo"):
        yield "given back by the undoing call", lambda: _undone(trial)
    if entry.get("slot"):
        yield "replaced by the next", lambda: _replaced(trial)
    most = bound(entry, trial)
    if most is not None:
        yield f"let go after {most} more", lambda: _bounded(trial, most)
    yield _lifetime(lifetime(entry, trial)), lambda: _ended(entry, trial)


def missing(entry: Entry, trial: ClaimTrial) -> str:
    """Say what the entry claims that its experiment does not try, or nothing."""
    if entry.get("undo") and not only_weak(entry) and trial.has("retain") and not trial.has("undo"):
        return "the entry names an undoing call, and the experiment has no undo()"
    if entry.get("weak_form") and not trial.has("weak"):
        return "the entry names a weak form, and the experiment has no weak()"
    if any(row.get("hold") == "weak-methods" for row in entry.get("retains", ())) and not trial.has("weak"):
        return "the entry says that bound methods are held weakly, and the experiment has no weak()"
    if any(row.get("hold", "strong") == "strong" for row in entry.get("retains", ())) and not trial.has("retain"):
        return "the entry says that something is retained, and the experiment has no retain()"
    return ""


def only_weak(entry: Entry) -> bool:
    """Tell whether nothing that the entry speaks of is held strongly."""
    rows = entry.get("retains", ())
    if str(entry.get("container", "")).startswith("weak"):
        return True
    return bool(rows) and all(row.get("hold", "strong") == "weak" for row in rows)


def bound(entry: Entry, trial: ClaimTrial) -> int | None:
    """Return after how many more objects the first is let go, or None for never."""
    memo = entry.get("memoises")
    if isinstance(memo, dict):
        return trial.space.get("enough", memo["bound"]) if "bound" in memo else None
    return int(trial.space.get("enough", ENOUGH)) if entry.get("container") == "bounded" else None


def lifetime(entry: Entry, trial: ClaimTrial) -> str:
    """Return how long things are kept: in a container as long as it lives, by a memoiser as long as the function."""
    if entry["table"] != "class":
        return str(entry.get("lifetime", "receiver" if "memoises" in entry else "process"))
    return (
        "process" if entry.get("lives") in ("process", "handed out") else "thread" if trial.has("end") else "receiver"
    )


def _weak(trial: ClaimTrial, name: str) -> None:
    if not died(trial.let_go(name)):
        raise BrokenError("still alive after the caller let go, though it is said to be held weakly")


def _retained(trial: ClaimTrial) -> None:
    if not lives(trial.let_go("retain")):
        raise BrokenError("gone as soon as the caller let go: it is not retained")


def _undone(trial: ClaimTrial) -> None:
    reference, token = trial.hand("retain")
    trial.space["undo"](token)
    del token
    if not died(reference):
        raise BrokenError("still alive after the undoing call")


def _replaced(trial: ClaimTrial) -> None:
    first = trial.let_go("retain")
    second = trial.let_go("retain")
    if not died(first):
        raise BrokenError("still alive after the next took its place")
    if not lives(second):
        raise BrokenError("the one that took the place is gone")


def _bounded(trial: ClaimTrial, count: int) -> None:
    first = trial.let_go("retain")
    for _ in range(count):
        trial.let_go("retain")
    if not died(first):
        raise BrokenError(f"still alive after {count} more, though there is said to be a bound")


def _lifetime(lasting: str) -> str:
    reasons = {
        "process": "alive although nothing of the caller is left",
        "receiver": "gone with what it was handed to",
        "result": "gone with what the call made",
        "loop": "gone with the loop",
        "thread": "gone when the thread has ended",
        "call": "gone when the call is over",
    }
    return reasons.get(lasting, f"gone with the {lasting}")


def _ended(entry: Entry, trial: ClaimTrial) -> None:
    lasting = lifetime(entry, trial)
    reference = trial.let_go("retain")
    if trial.has("end"):
        trial.space["end"]()
    elif lasting in ("thread", "call"):
        raise BrokenError(f"the experiment has no end() that ends the {lasting}")
    else:
        trial.forget()
    if lasting == "process":
        if not lives(reference):
            raise BrokenError("gone with the names of the caller: it is not kept as long as the process runs")
    elif not died(reference):
        raise BrokenError(f"still alive after the {lasting} was gone")


def _returned(entry: Entry) -> str:
    return f"returns: {entry.get('returns', 'plain')}"


def _call(entry: Entry, trial: ClaimTrial) -> None:
    """Try what is said of a call's result. Whatever the result is, nothing but the result may keep the argument."""
    kind = str(entry.get("returns", "plain")).partition(" ")[0]
    made = trial.space.get("make", Thing)()
    reference = early.ref(made)
    result = trial.space["call"](made)
    if kind == "argument" and result is not made:
        raise BrokenError("the result is not the argument")
    if kind == "fresh" and result == trial.space["call"](made):
        raise BrokenError("two calls gave equal results")
    del made
    alive = lives(reference)
    if kind in ("plain", "fresh", "nothing") and alive:
        raise BrokenError("the result, or the library, keeps the argument")
    if kind in ("argument", "element", "copy") and not alive:
        raise BrokenError("the result does not keep the argument")
    del result
    if not died(reference):
        raise BrokenError("still alive after the result was dropped")
