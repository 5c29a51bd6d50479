"""What explains a survivor: the chain of holders, the bytes that go with it, hidden references, and what frees it."""

from __future__ import annotations

import sys
from typing import Any, List, NamedTuple

from . import chains, early, labels, observe, paths
from .case import ProofSetup
from .counterfactual import Counterfactual
from .holder import Holder
from .observe import Observation
from .retained import retained
from .trackers import IMMORTAL

SAMPLE = 64
SIBLINGS = 8  # of them, for what a survivor keeps and shares with those made after it
FREE_THREADED = not getattr(sys, "_is_gil_enabled", lambda: True)()
INVISIBLE = {
    "atexit": "the exit handlers (atexit)",
    "fork": "the fork handlers (os.register_at_fork)",
}
UNSEEN = "a holder that the collector cannot see"
#: By kind of registry what a chain that starts with it has in its text.
MARKS = {
    "signal": ("signal",),
    "atexit": ("atexit", UNSEEN),
    "fork": ("fork", UNSEEN),
    "finalize": ("finalize", UNSEEN),
}


Chains = List[List[Any]]


class Evidence(NamedTuple):
    """``facts`` are fields of a verdict. ``elsewhere`` names another holder, if the flagged one is not the cause.

    ``root`` names the holder that the chain of the facts starts with; ``inside`` tells whether the flagged one holds all
    of the survivors that were looked at. ``astray`` tells that it is a registry, and nothing shows that it holds any.
    """

    facts: dict[str, Any]
    elsewhere: str
    root: str = ""
    inside: bool = False
    astray: bool = False


def inside(case: ProofSetup, observed: Observation) -> Chains:
    """Return chains from the flagged holder to some of the survivors; none if it does not hold them."""
    if case.holder is None or observed.tracker is None or not observed.survivors:
        return []
    return paths.within(case.holder, observed.tracker.survivors(SAMPLE))


def gather(case: ProofSetup, observed: Observation, outcome: Counterfactual, inside: Chains) -> Evidence:
    """Explain the survivors of a run.

    ``outcome`` is what taking the holder away has shown, ``inside`` the chains that lead from the holder to survivors.
    """
    tracker, holder = observed.tracker, case.holder
    assert tracker is not None
    survivors = tracker.survivors(SAMPLE)
    facts = _inside(survivors, inside, holder) if inside else _anywhere(case, survivors)
    facts["bytes_per_instance"] = retained(survivors[:SIBLINGS], holder.parts() if holder is not None else ())
    facts["cause"] = outcome.text(case.label)
    elsewhere = ""
    if holder is not None and outcome.freed == 0:
        if inside:
            other = _beside(case, survivors, holder)
            elsewhere = other
        else:
            elsewhere = _named(facts)
    marks = MARKS.get(case.probe.container_kind, ())
    shown = " ".join(facts["path"][: facts["suspect"] + 2])
    astray = bool(marks) and outcome.freed <= 0 and not any(mark in shown for mark in marks)
    return Evidence(facts, elsewhere, _named(facts), len(inside) == len(survivors), astray)


def _named(facts: dict[str, Any]) -> str:
    """Return the start of a chain up to its suspect edge."""
    text = facts["path"]
    return str(text[0] + "".join(text[1 : facts["suspect"] + 1 : 2]))


def _beside(case: ProofSetup, survivors: list[Any], holder: Holder) -> str:
    """Return the other holder of a survivor that the flagged one holds, too; nothing if none can be named."""
    walls = [*holder.parts(), *([holder.value()] if holder.owner is not None else [])]
    found = paths.backward(survivors[0], case.module, ours=[survivors, walls], walls=walls)
    drawn = _drawn(chains.named(found.chain)) if found.named else {"origins": ()}
    return _named(drawn) if "app" in drawn["origins"][:2] else ""


def holder_path(holder: Holder | None) -> dict[str, Any]:
    """Return the facts that lead to the holder itself, for verdicts on its growth."""
    return (
        _drawn(chains.named(holder.leading(), holder.owner)) if holder is not None and holder.owner is not None else {}
    )


def _drawn(chain: chains.Chain) -> dict[str, Any]:
    text = chain.text()
    return {"path": text, "suspect": chain.suspect, "origins": chain.origins, "trace": chains.trace(text)}


def _inside(survivors: list[Any], inside: Chains, holder: Holder | None) -> dict[str, Any]:
    """Return the facts of survivors that the flagged holder reaches."""
    hidden = _hidden(inside[0], len(inside[0]) - 1, [survivors, *inside])
    chain = chains.named(inside[0], holder.owner if holder is not None else None)
    return {**_drawn(chain), "alike": _alike(inside, inside[0]), "hidden": hidden}


def _anywhere(case: ProofSetup, survivors: list[Any]) -> dict[str, Any]:
    """Return the facts of a survivor that is held from anywhere, found by a search through the heap."""
    found = paths.backward(survivors[0], case.module, ours=[survivors])
    if found.named:
        same = paths.alike(found, survivors)
        hidden = _hidden(survivors, 0, [survivors, found.chain, *same])
        return {**_drawn(chains.named(found.chain)), "alike": _alike(same, found.chain), "hidden": hidden}
    hidden = _hidden(found.chain, 0, [survivors, found.chain])
    root = labels.Root(INVISIBLE.get(case.probe.container_kind, UNSEEN))
    return {**_drawn(chains.named([root, *found.chain])), "alike": 1, "hidden": hidden}


def _alike(chains_: list[list[Any]], model: list[Any]) -> int:
    shape = [type(obj) for obj in model]
    return sum([[type(obj) for obj in other] == shape for other in chains_])


def _hidden(objects: list[Any], place: int, ours: list[list[Any]]) -> int | None:
    """Return how many references to ``objects[place]`` nobody accounts for: C code, untracked containers, registries.

    The count beyond a control's, less the references that the collector sees. ``ours`` are all the lists here that hold
    the object. None for immortal objects, and where counts are split between threads or deferred.
    """
    found = early.getrefcount(objects[place])
    if found >= IMMORTAL or FREE_THREADED:
        return None
    control = [observe.Control()]
    mine = sum([item is objects[place] for held in ours for item in held])
    extra = found - early.getrefcount(control[0]) - (mine - 1)
    if place and extra <= paths.times(objects[place - 1], objects, place):
        return 0
    return max(0, extra - paths.references(objects[place], ours=ours)) if extra > 0 else 0
