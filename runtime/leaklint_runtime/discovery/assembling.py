"""From a candidate, what it leads to, and what emptying it did, to the plain data that is reported."""

from __future__ import annotations

from collections import deque
from types import FunctionType
from typing import Any

from .. import labels, promises
from ..early import ModuleType, get_referents, is_a, is_tracked
from ..fit import LINEAR
from ..units import size
from . import definitions, effects, registries
from .candidates import CONTAINER, FAMILY, SLOT, Candidate, is_namespace
from .effects import EmptyingEffect, EmptyingEffects, Reach
from .measures import MEMO
from .model import ASSUMED, FILLING, SHOWN, Freed, GrowingHolder, StoringLine

SMALL = 64 << 20  # bytes


def holder(
    candidate: Candidate, reach: Reach, measured: EmptyingEffects, place: int, stores: tuple[StoringLine, ...] = ()
) -> GrowingHolder:
    """Return what is reported of the candidate at ``place`` of those that were measured."""
    name, effect = candidate.label, measured.each[place]
    path, line = _definition(candidate)
    bound = _bound(candidate)
    role, keys = effects.role_of(candidate) if candidate.sort in (CONTAINER, SLOT, FAMILY) else ("reference", "")
    certainty, reason = _certainty(candidate, reach, measured, place)
    kind = registries.kind_of_registry(candidate) or candidate.kind()
    freed = Freed(effect.objects, effect.size, len(reach.places) + reach.leaves) if effect.objects >= 0 else None
    return GrowingHolder(
        symbol=name.symbol,
        module=name.module,
        container=name.container,
        container_kind="other" if kind == "queue" else kind,
        scope=name.scope,
        owner=name.owner,
        path=path,
        line=line,
        kind=_kind(candidate, effect, bound),
        entries=candidate.trend,
        bytes_per_unit=_bytes_per_unit(candidate, reach, measured, place),
        bound=bound,
        keeps=reach.keeps,
        role=role,
        keys=keys,
        retained=reach.size,
        retention=(*name.path, *_last_entry(candidate)),
        stores=stores,
        freed=freed,
        certainty=certainty,
        reason=reason,
    )


def _kind(candidate: Candidate, effect: EmptyingEffect, bound: int | None) -> str:
    """Return the kind of the trend, or that it fills up to a bound.

    A memoiser whose keys nobody else has is no cache: no call can ask for these entries again, whatever its bound. And a bound
    at which the holder would have more than ``SMALL`` bytes protects nobody.
    """
    if candidate.trend.kind != LINEAR or bound is None or candidate.size() > bound:
        return candidate.trend.kind
    if 2 * effect.dead > effect.keyed > 0:
        return LINEAR
    each = effect.size / candidate.size() if effect.size > 0 and candidate.size() else 0.0
    return LINEAR if bound * each > SMALL else FILLING


def _definition(candidate: Candidate) -> tuple[str, int]:
    """Return where the holder is written down: in the program or a package, where the path leads through one."""
    name = candidate.label
    if is_a(candidate.obj, MEMO):
        bound = definitions.place_of(*name.steps[0]) if name.steps else ("", 0)  # memo = lru_cache()(Class)
        return bound if bound[1] else definitions.place_of_code(candidate.obj)
    if name.scope in ("closure", "default", "frame") and name.function is not None:
        return definitions.place_of_local(name.function, name.symbol.rpartition(".<locals>.")[2].partition("[")[0])
    found = [definitions.place_of(owner, attribute) for owner, attribute in name.steps]
    if name.steps and not found[0][1]:
        found[0] = definitions.place_in_module(name.module_object, name.steps[0][1])
    known = [place for place in found if place[1]]
    return next((place for place in known if not definitions.is_standard(place[0])), known[0] if known else ("", 0))


def _bound(candidate: Candidate) -> int | None:
    """Return the most entries that the holder says it keeps: its own limit, its owner's, or a guard in the source."""
    obj, name = candidate.obj, candidate.label
    if candidate.sort != CONTAINER:
        return None
    if is_a(obj, MEMO):
        limit: Any = MEMO.cache_info(obj).maxsize
        return limit if type(limit) is int else None
    if is_a(obj, deque):
        limit = deque.maxlen.__get__(obj)
        return limit if type(limit) is int else None
    if name.inside is not None and not is_a(name.inside, (ModuleType, type, FunctionType)):
        declared = [number for number in promises.declared(name.inside) if number > 1]
        if declared:
            return max(declared)
    if name.steps:
        return definitions.guarded_at(*name.steps[0])
    return None


def _bytes_per_unit(candidate: Candidate, reach: Reach, measured: EmptyingEffects, place: int) -> float | None:
    """Return the bytes that the holder gains for each unit of x, by what emptying it freed, else by what it leads to.

    Of a namespace only what it gained was taken out. What another holder keeps as well counts for both. What a copy of the
    process does not have, its threads, cannot be emptied there.
    """
    effect = measured.each[place]
    span = candidate.points[-1][0] - candidate.points[0][0]
    if not span:
        return None
    emptied = candidate.grown if is_namespace(candidate) else candidate.points[-1][1]
    freed = max(effect.size * candidate.grown / emptied, 0) / span if effect.size > 0 and emptied > 0 else 0.0
    is_shared = not _frees_most(effect, reach) and _frees_most(measured.together, reach)
    is_less = is_shared or not freed or place in measured.at_fork
    return (max(freed, reach.size / span) if is_less else freed) or None


def _frees_most(effect: EmptyingEffect, reach: Reach) -> bool:
    """Tell whether emptying freed at least half of the objects that were reached."""
    return 2 * effect.objects >= len(reach.places) and (effect.objects > 0 or effect.size > 0)


def _certainty(candidate: Candidate, reach: Reach, measured: EmptyingEffects, place: int) -> tuple[str, str]:
    """Return how sure it is that this holder keeps what is alive, and why."""
    effect, together, reached = measured.each[place], measured.together, len(reach.places)
    if candidate.name is None:
        return ASSUMED, "nothing that the collector sees leads to these objects: C code holds them"
    if place in measured.at_fork:
        return ASSUMED, "a copy of the process has no threads but one, so emptying it was not tried"
    if effect.objects < 0:
        return ASSUMED, "emptying it was not tried"
    objects = f"{effect.objects:,} objects, " if effect.objects else ""
    freed = objects + size(max(effect.size, 0))
    if _frees_most(effect, reach):
        return SHOWN, f"emptying it in a copy of the process freed {freed}"
    if reached and 2 * together.objects >= reached:
        return (
            SHOWN,
            f"emptying it alone freed {freed}, for another holder keeps the same objects; without both they are freed",
        )
    return (
        ASSUMED,
        f"emptying it freed {freed}, but {reached:,} are reached through it: something else holds them as well",
    )


def _last_entry(candidate: Candidate) -> tuple[str, ...]:
    """Return edge and node of something that the holder keeps, for the end of its retention path."""
    obj = candidate.leads_to()
    if obj is None or candidate.sort not in (CONTAINER, SLOT, FAMILY):
        return ()
    held = [child for child in get_referents(obj)[-8:] if is_tracked(child)]
    return ("[*]", labels.node(held[-1])) if held else ()
