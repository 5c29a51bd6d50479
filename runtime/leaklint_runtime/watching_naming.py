"""The names of containers that grow in a running program, what they keep and what emptying them frees: found in a copy of it.

The program itself only stands still while it is forked. Where it cannot be, or memory is short, the names alone are looked
for in the process itself.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import Any, NamedTuple, Sequence

from . import allocated, clone, early, footprint
from .discovery import assembling, definitions, effects
from .discovery.candidates import HIDDEN, Candidate, empty
from .discovery.effects import EmptyingEffect, EmptyingEffects, Reach
from .discovery.labelling import named
from .discovery.model import GrowingHolder, from_json, to_json
from .discovery.session import leading, outermost
from .early import contents, get_objects, get_referents, get_referrers, is_tracked

MOST = 8  # containers that are named at a time
SECONDS = 60.0  # for each experiment in the copy
MOST_FREED = 200_000  # objects whose identities are told by a copy
DIRECT = 10_000  # entries that are looked at where nothing is freed
_NICE = 10
_OWN = __name__.partition(".")[0]
_STARTED_IN = os.path.abspath(os.curdir)


class Named(NamedTuple):
    """The holders by the places of the candidates that they were made of; of others another one is the reason, or the end.

    ``failure`` says why the sizes were not measured, or nothing was named.
    """

    holders: dict[int, GrowingHolder]
    failure: str = ""


def holders(candidates: Sequence[Candidate], avoided: Sequence[Any], limit: int | None = None) -> Named:
    """Name the candidates, at most ``MOST`` of them, in a copy of the process.

    ``avoided`` are objects of the caller through which no path leads; ``limit`` are the bytes that the process may use.
    """
    chosen = list(candidates[:MOST])
    frames = _frames()
    why = _prevented(limit)
    if not why:
        outcome = clone.run(lambda: _in_copy(chosen, avoided, frames), SECONDS * (2 * len(chosen) + 4))
        if not outcome.failure:
            return Named({int(place): from_json(row) for place, row in outcome.value.items()})
        why = outcome.failure
    nothing = EmptyingEffects(tuple(EmptyingEffect() for _ in chosen), EmptyingEffect(), failure=why)
    found = _assembled(chosen, named(chosen, [*avoided, chosen], None), set(), nothing)
    return Named(found, f"what emptying a holder frees was not measured: {why}")


def _frames() -> list[FrameType]:
    """Return the frames that other threads run, which a copy has, but not in their threads; those of leaklint's left out."""
    mine = threading.get_ident()
    found = [frame for thread, frame in sys._current_frames().items() if thread != mine]
    return [frame for frame in found if not _runs_ours(frame)]


def _runs_ours(frame: Any) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_FOLDER):
            return True
        frame = frame.f_back
    return False


_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _prevented(limit: int | None) -> str:
    """Return why no copy is made; empty where one can be."""
    if not clone.possible():
        return "this platform has no safe fork"
    if limit is not None:
        with suppress(footprint.FootprintError):
            if 2 * footprint.resident() > limit:
                return "a copy of the process might not fit into the memory that is left"
    return ""


def _in_copy(candidates: Sequence[Candidate], avoided: Sequence[Any], frames: Sequence[FrameType]) -> dict[str, Any]:
    with suppress(OSError, AttributeError):
        os.nice(_NICE)
    early.unfreeze()
    early.disable()
    _restore_main()
    known = [
        item for item in named(candidates, [*avoided, candidates], frames) if item.sort != HIDDEN or not _is_ours(item)
    ]
    young = _freed(known)
    measured = effects.measured(known, SECONDS)
    found = _assembled(candidates, known, young, measured)
    return {str(place): to_json(holder) for place, holder in found.items()}


def _restore_main() -> None:
    """Give the script its file back, which the interpreter takes away when it has run, before the exit handlers."""
    names: Any = contents(sys.modules["__main__"])
    script = os.path.join(_STARTED_IN, sys.argv[0]) if getattr(sys, "argv", None) else ""
    if names.get("__file__") is None and names.get("__spec__") is None and os.path.isfile(script):
        names["__file__"] = script


def _is_ours(candidate: Candidate) -> bool:
    """Tell whether an object of this package holds the container, which no path may lead through."""
    level = [candidate.obj]
    for _ in range(3):
        level = [holder for holder in get_referrers(*level) if holder is not level]
        if any(str(contents(type(holder)).get("__module__")).partition(".")[0] == _OWN for holder in level):
            return True
    return False


def _assembled(
    candidates: Sequence[Candidate], known: list[Candidate], young: set[int], measured: EmptyingEffects
) -> dict[int, GrowingHolder]:
    """Return the holders of those that lead, by their places among the candidates."""
    reaches = [_reach(item, young) for item in known]
    outer, _ = outermost(known, reaches, young)
    places = {_identity(item): place for place, item in enumerate(candidates)}
    found = {}
    for place in leading(known, reaches, measured):
        if any(known[place] is item for item in outer):
            holder = assembling.holder(known[place], reaches[place], measured, place)
            found[places[_identity(known[place])]] = holder
    definitions.forget()
    return found


def _identity(candidate: Candidate) -> tuple[str, int]:
    return candidate.sort if candidate.obj is None else "", id(candidate.obj)


def _freed(candidates: Sequence[Candidate]) -> set[int]:
    """Return the identities of the objects that are gone when all candidates are emptied, tried in a further copy."""
    outcome = clone.run(lambda: {"places": _emptied(candidates)}, SECONDS)
    return set(outcome.value.get("places", ()))


def _emptied(candidates: Sequence[Candidate]) -> list[int]:
    allocated.collected()
    before = set(map(id, get_objects()))
    for item in candidates:
        empty(item)
    allocated.collected()
    before.difference_update(map(id, get_objects()))
    return list(before)[:MOST_FREED]


def _reach(candidate: Candidate, young: set[int]) -> Reach:
    """Return what only the candidates keep of what this one leads to; where nothing is freed, what it refers to itself."""
    start = candidate.leads_to()
    found = effects.reach(start, young)
    if found.places or found.size or start is None:
        return found
    direct = {id(child) for child in get_referents(start)[-DIRECT:] if is_tracked(child)}
    return effects.reach(start, direct)
