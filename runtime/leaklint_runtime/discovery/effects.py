"""What a growing holder keeps, and what emptying it frees: the second in forked copies of the process, one a holder."""

from __future__ import annotations

from collections import Counter
from functools import partial
from types import FunctionType, MethodType
from typing import Any, Callable, NamedTuple, Sequence
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from .. import allocated, clone, early, labels
from ..early import get_objects, get_referents, getrefcount, getsizeof, is_a, is_tracked, ref
from ..holder import lookup
from ..patience import Patience
from .candidates import CONTAINER, FAMILY, HIDDEN, REGISTRY, Candidate, empty, entries, memo_table
from .measures import MEMO, SIMPLE_QUEUE
from .model import KeptType
from .population import ALONE

NODES = 200_000
_CALLBACKS = (FunctionType, MethodType, partial)
_WEAK = (WeakSet, WeakKeyDictionary, WeakValueDictionary)
_IDENTITY: Any = object.__dict__["__eq__"]
_PLAIN = (dict, list, set, tuple, str, bytes, int, float)


class Reach(NamedTuple):
    """The young objects reached through a holder by strong references: their identities, and the ``size`` of all of them.

    ``keeps`` tells their types; ``leaves`` are the untracked values (text, numbers) that only these objects refer to.
    """

    places: set[int]
    size: int
    leaves: int
    keeps: tuple[KeptType, ...]


def reach(start: Any, young: set[int], members: Sequence[Any] = ()) -> Reach:
    """Return what a holder leads to among the ``young`` objects (identities); at most ``NODES`` objects are visited.

    Of a family the ``members`` are given, which are older and lead to what is young.
    """
    found: set[int] = set()
    tally: dict[int, list[Any]] = {}
    leaves: set[int] = set()
    met: Counter[int] = Counter()  # references to untracked values
    level = [start, *members, *_inner(start)]
    while level and len(found) < NODES:
        children = get_referents(*level)
        counts = list(map(getrefcount, children))
        listed = Counter(map(id, children))
        fresh: dict[int, Any] = {}
        level = []
        for child, count in zip(children, counts):
            place = id(child)
            if place in found or place in fresh:
                continue
            if is_tracked(child):
                if place in young and child is not start:
                    fresh[place] = child
            elif place not in leaves:
                met[place] += 1
                if met[place] > count - listed[place] - ALONE:
                    leaves.add(place)
                    _add(tally, child)
                    level += [child] if type(child) in (dict, tuple) else []
        for child in fresh.values():
            _add(tally, child)
        found.update(fresh)
        level += fresh.values()
    total = sum(row[2] for row in tally.values())
    return Reach(found, total, len(leaves), _largest_types(tally, total))


def _inner(container: Any) -> list[Any]:
    """Return the older object in which a memoiser or a queue of C code keeps what is stored in it, besides itself."""
    if SIMPLE_QUEUE is not None and is_a(container, SIMPLE_QUEUE):
        return [held for held in get_referents(container) if type(held) is list]
    table = memo_table(container) if is_a(container, MEMO) else None
    return [] if table is None else [table]


def _add(tally: dict[int, list[Any]], obj: Any) -> None:
    kind = type(obj)
    size = _size(obj)
    row = tally.setdefault(id(kind), [kind, 0, 0])
    row[1] += 1
    row[2] += size


def _size(obj: Any) -> int:
    """Return the shallow bytes of an object whose type does not compute them in Python."""
    if is_a(type(obj).__sizeof__, FunctionType):
        return int(object.__sizeof__(obj))
    try:
        return getsizeof(obj, 0)
    except Exception:
        return 0


def _largest_types(tally: dict[int, list[Any]], total: int, most: int = 6) -> tuple[KeptType, ...]:
    """Return the types with the most bytes, those of the program before the interpreter's own."""
    rows = sorted(tally.values(), key=lambda row: (row[0] in _PLAIN, -row[2]))
    return tuple(KeptType(type_name(row[0]), row[1], row[2], row[2] / (total or 1)) for row in rows[:most])


def type_name(kind: Any) -> str:
    """Return ``module:Qualified.Name`` of a class, of the interpreter's own types the name alone."""
    module: Any = type.__dict__["__module__"].__get__(kind)
    name: str = type.__dict__["__qualname__"].__get__(kind)
    return name if module == "builtins" or not is_a(module, str) else f"{labels.module_name(module)}:{name}"


def role_of(candidate: Candidate) -> tuple[str, str]:
    """Return how the entries keep what they keep (``key``, ``value``, ``element``, ``callback``), and the type of keys."""
    keys, values = entries(candidate)
    kind = type_name(_most_frequent(keys)) if keys else ""
    if any(is_a(value, _CALLBACKS) for value in values):
        return "callback", kind
    if not keys:
        return "element", kind
    if is_a(candidate.obj, MEMO):
        return "key", kind
    plain = all(is_a(value, (*_PLAIN, type(None))) for value in values)
    return ("key" if plain and not all(is_a(key, _PLAIN) for key in keys) else "value"), kind


def holds_weakly(candidate: Candidate) -> bool:
    """Tell whether a candidate is what a weak container is made of, and has nothing but weak references to living objects."""
    keys, values = entries(candidate)
    found = [*keys, *values]
    if not found or not any(is_a(obj, _WEAK) for obj in candidate.chain[-3:]):
        return False
    return all(is_a(entry, ref) and entry() is not None for entry in found)


def _most_frequent(objects: Sequence[Any]) -> Any:
    kinds = [type(obj) for obj in objects]
    return max(kinds, key=kinds.count)


class EmptyingEffect(NamedTuple):
    """Emptying a holder freed ``objects`` and ``size`` bytes (-1: not tried); ``falls`` are the places of others that shrank.

    ``dead`` of ``keyed`` objects among the keys of a memoiser were gone then: nobody could have asked for these entries again.
    """

    objects: int = -1
    size: int = -1
    falls: tuple[int, ...] = ()
    dead: int = 0
    keyed: int = 0


class EmptyingEffects(NamedTuple):
    """What emptying ``each`` candidate did, and all of them ``together``; ``failure`` says why it could not be tried.

    ``at_fork`` are the places of those that the copy did not have: the threads of a process are not copied. Of ``untried``
    ones nothing is known, for the time was up.
    """

    each: tuple[EmptyingEffect, ...]
    together: EmptyingEffect
    at_fork: tuple[int, ...] = ()
    failure: str = ""
    untried: int = 0


def measured(
    candidates: Sequence[Candidate],
    seconds: float = 60.0,
    reached: Sequence[int] = (),
    patience: Patience | None = None,
) -> EmptyingEffects:
    """Empty each candidate in a copy of the process, and then all at once; ``seconds`` are allowed for each.

    The first candidates come first, and those whose turn has not come when the ``patience`` is over are not emptied.

    ``reached`` are the numbers of young objects that are reached through each. Where it is given, what is frozen stays so,
    which saves most of the time; only where less is freed than was reached the whole heap is collected in one more copy.
    """
    nothing = tuple(EmptyingEffect() for _ in candidates)
    if not clone.possible():
        return EmptyingEffects(nothing, EmptyingEffect(), failure="this platform has no safe fork")
    sizes = [candidate.size() for candidate in candidates]
    limit = seconds * (2 * len(candidates) + 4)
    patience = patience or Patience(limit)
    outcome = clone.run(lambda: _experiments(candidates, sizes, seconds, reached, patience), limit)
    if outcome.failure:
        return EmptyingEffects(nothing, EmptyingEffect(), failure=outcome.failure)
    value = outcome.value
    each = tuple(_effect(row) for row in value["effects"])
    return EmptyingEffects(each, _effect(value["together"]), tuple(value["at_fork"]), untried=value["untried"])


def _effect(row: dict[str, Any]) -> EmptyingEffect:
    return EmptyingEffect(**{**row, "falls": tuple(row.get("falls", ()))}) if row else EmptyingEffect()


def _experiments(
    candidates: Sequence[Candidate],
    sizes: Sequence[int],
    seconds: float,
    reached: Sequence[int],
    patience: Patience,
) -> dict[str, Any]:
    at_fork = [place for place, item in enumerate(candidates) if _fell(item, sizes[place])]
    everything = list(range(len(candidates)))
    found: list[dict[str, Any]] = [{} for _ in candidates]
    tried: set[int] = set()

    def empty_each(places: Sequence[int]) -> Callable[[Sequence[int]], dict[str, Any]]:
        allocated.collected()
        less = _beyond_nothing(candidates, seconds)
        for place in places:
            if patience.over():
                break
            found[place] = less([place])
            tried.add(place)
        return less

    unclear = everything
    if reached:
        less = empty_each(everything)
        unclear = [place for place in everything if not _explains(found[place], reached[place])]
    if unclear and not (reached and patience.over()):
        early.unfreeze()
        less = empty_each(unclear)
    together = less(everything) if len(candidates) > 1 and not patience.over() else {}
    return {"effects": found, "together": together, "at_fork": at_fork, "untried": len(candidates) - len(tried)}


def _beyond_nothing(candidates: Sequence[Candidate], seconds: float) -> Callable[[Sequence[int]], dict[str, Any]]:
    """Return what tells by how much more is freed in a copy where candidates are emptied than in one where nothing is done."""
    control = clone.run(lambda: _without(candidates, ()), seconds).value

    def measured(places: Sequence[int]) -> dict[str, Any]:
        row: dict[str, Any] = clone.run(partial(_without, candidates, places), seconds).value
        for name in ("objects", "size"):
            if row.get(name, -1) >= 0 and control.get(name, -1) >= 0:
                row[name] = max(0, row[name] - control[name])
        return row

    return measured


def _explains(row: dict[str, Any], reached: int) -> bool:
    """Tell whether emptying a holder freed at least half of what is reached through it."""
    return bool(row) and 2 * row["objects"] >= reached and (row["objects"] > 0 or row["size"] > 0)


def _without(candidates: Sequence[Candidate], places: Sequence[int]) -> dict[str, Any]:
    sizes = [candidate.size() for candidate in candidates]
    objects, used = len(get_objects()), allocated.in_use()
    keys = _key_references(candidates[places[0]]) if len(places) == 1 else []
    emptied = [empty(candidates[place]) for place in places]
    if places and not any(emptied):
        return {}
    allocated.collected()
    after = allocated.in_use()
    others = [place for place in range(len(candidates)) if place not in places]
    return {
        "objects": max(0, objects - len(get_objects())),
        "size": max(0, used - after) if used is not None and after is not None else -1,
        "falls": [place for place in others if _fell(candidates[place], sizes[place])],
        "dead": sum(key() is None for key in keys),
        "keyed": len(keys),
    }


def _fell(candidate: Candidate, before: int) -> bool:
    """Tell whether the candidate lost at least half of what it had gained."""
    return (
        candidate.sort in (CONTAINER, REGISTRY, FAMILY, HIDDEN)
        and 2 * (before - candidate.size()) >= candidate.grown > 0
    )


def _key_references(candidate: Candidate) -> list[Any]:
    """Return weak references to the objects among a memoiser's keys that are equal to nothing but themselves."""
    found: list[Any] = []
    for key in entries(candidate)[0] if is_a(candidate.obj, MEMO) else ():
        for part in key if is_a(key, (tuple, list)) else (key,):
            if lookup(type(part), "__eq__") is _IDENTITY and not is_a(part, (type, FunctionType, type(None))):
                try:
                    found.append(ref(part))
                except TypeError:
                    continue
    return found
