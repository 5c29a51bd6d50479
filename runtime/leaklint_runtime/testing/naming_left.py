"""At the end of a run: which containers and crowds of objects live as long as the process, and their names, as plain data."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Dict, NamedTuple, Sequence

from ..discovery import definitions, naming
from ..discovery.candidates import CHAIN, CONTAINER, Candidate
from ..discovery.measures import MEMO, measured_types
from ..discovery.model import KeptType, to_json
from ..early import ModuleType, contents, getsizeof, is_a
from ..fit import LINEAR
from ..growth import Trend
from .instances import class_name, names
from .judged import LEAST
from .suspects import IDENTITY, Left, sort_of

if TYPE_CHECKING:
    from .discover import Discover

Record = Dict[str, Any]
MOST, SECONDS = 24, 10.0
SAMPLES = 60


class Group(NamedTuple):
    """Objects of one class that are reached through the same holder, the last of ``chain``."""

    chain: list[Any]
    left: list[Left]


def records(watch: Discover, worker: bool) -> list[Record]:
    """Return a record for each holder of process lifetime in which tests left something that is still there.

    A worker of pytest-xdist tells of those, too, in which too few of its own tests left something.
    """
    least = 1 if worker or watch.repeat else LEAST
    suspects = [suspect for suspect in watch.suspects if suspect.left and (suspect.rose or worker)]
    suspects = sorted(suspects, key=lambda suspect: -_tests(suspect.left))[:MOST]
    crowds = [] if watch.repeat else [crowd.alive(SAMPLES) for crowd in watch.crowds.values()]
    crowds = sorted(
        [crowd for crowd in crowds if len({test for test, _ in crowd}) >= least], key=lambda crowd: -len(crowd)
    )[:MOST]
    if not crowds and not any(_tests(suspect.left) >= least for suspect in suspects):
        return []
    members = [obj for crowd in crowds for _, obj in crowd]
    chains = naming.find_chains(
        [*[suspect.container for suspect in suspects], *members], _avoided(watch), SECONDS, None
    )
    chains = {place: chain for place, chain in chains.items() if _of_process(chain, watch)}
    for suspect in suspects:
        chain = chains.get(id(suspect.container), [])
        if _in_memo(chain):
            suspect.container = chain[-2]
            chains[id(suspect.container)] = list(chain[:-1])
    groups = [group for crowd in crowds for group in _grouped(crowd, chains, set(map(id, members)))]
    found = []
    for suspect in suspects:
        if id(suspect.container) in chains:
            more = [group for group in groups if suspect.rose and group.chain[-1] is suspect.container]
            groups = [group for group in groups if not any(group is other for other in more)]
            left = _merged(suspect.left, more)
            item = Candidate(CONTAINER, suspect.container, tuple(suspect.points), _trend(suspect.points))
            item = item._replace(chain=tuple(chains[id(suspect.container)]))
            record = _record(item, left, suspect.alive(), suspect.references, suspect.stores)
            found.append({**record, "rose": suspect.rose})
    found += [_record_of(group) for group in groups if _tests(group.left) >= least]
    definitions.forget()
    return found


def _merged(left: Sequence[Left], groups: Sequence[Group]) -> list[Left]:
    """Return what tests left in a suspect together with what was only seen at the end: of tests after which nobody looked."""
    known = {row[0] for row in left}
    return [*left, *[row for group in groups for row in group.left if row[0] not in known]]


def _grouped(crowd: Sequence[tuple[str, Any]], chains: dict[int, list[Any]], members: set[int]) -> list[Group]:
    """Return what tests left by the holder that leads to it; what is part of another member is left out."""
    found: dict[int, Group] = {}
    paths = [(test, obj, _path(chains.get(id(obj)), members, type(obj))) for test, obj in crowd]
    through: dict[int, set[str]] = {}
    for test, _, path in paths:
        for node in path:
            through.setdefault(id(node), set()).add(test)
    for test, obj, path in paths:
        shared = [place for place, node in enumerate(path) if len(through[id(node)]) > 1]
        holder = path[: shared[-1] + 1] if shared else path[:-1]
        if holder and _holds(holder):
            kind = sort_of(holder[-1], [obj]) if holder[-1] is path[-2:][0] else IDENTITY
            found.setdefault(id(holder[-1]), Group(holder, [])).left.append((test, 1, names([obj]), kind))
    return [_summed(group) for group in found.values()]


def _path(chain: list[Any] | None, members: set[int], kind: Any) -> list[Any]:
    """Return a chain up to the first object of a class, or to the memoiser that keeps it; nothing behind another member."""
    if chain is None or any(id(node) in members and type(node) is not kind for node in chain[:-1]):
        return []
    end = next(place for place, node in enumerate(chain) if type(node) is kind)
    memo = next((place for place, node in enumerate(chain) if is_a(node, MEMO)), end)
    return chain[: min(end, memo) + 1]


def _holds(chain: Sequence[Any]) -> bool:
    """Tell whether a chain ends at no module, class or namespace: there each object has a place of its own."""
    last = chain[-1]
    spaces = [contents(obj) for obj in chain[:-1] if is_a(obj, ModuleType)]
    return not is_a(last, (ModuleType, type)) and not any(space is last for space in spaces)


def _summed(group: Group) -> Group:
    """Return a group with one row a test."""
    rows: dict[str, Left] = {}
    for test, number, classes, sort in group.left:
        before = rows.get(test, (test, 0, {}, sort))[1]
        rows[test] = (test, before + number, dict.fromkeys(classes, before + number), sort)
    return group._replace(left=list(rows.values()))


def _record_of(group: Group) -> Record:
    """Return the record of objects that no container was seen to gain."""
    points = [(float(place), float(place)) for place in range(len(group.left) + 1)]
    sort = CONTAINER if type(group.chain[-1]) in measured_types() else CHAIN
    item = Candidate(sort, group.chain[-1], tuple(points), _trend(points), chain=tuple(group.chain))
    return _record(item, group.left, (len(group.left), len(group.left)), [], ())


def _tests(left: Sequence[Left]) -> int:
    return len({row[0] for row in left})


def _avoided(watch: Discover) -> list[Any]:
    """Return what no path may lead through: modules of tests and of what runs them, and pytest's own objects."""
    modules = [
        module
        for module in list(sys.modules.values())
        if is_a(module, ModuleType) and watch.instances.machinery.owns(module)
    ]
    plugins = [plugin for plugin in watch.config.pluginmanager.get_plugins() if is_a(plugin, ModuleType)]
    modules += [module for module in (*watch.tests, *plugins) if is_a(module, ModuleType)]
    return [watch, watch.config, watch.config.pluginmanager, *modules, *map(contents, modules)]


def _of_process(chain: Sequence[Any], watch: Discover) -> bool:
    """Tell whether a chain begins at a module or class, and leads through nothing of pytest's or of a wide fixture's."""
    wide = {id(value) for value in [item() for item in watch.wide] if value is not None}
    through = any(watch.instances.machinery.owns(obj) or id(obj) in wide for obj in chain)
    return is_a(chain[0], ModuleType) and not through


def _in_memo(chain: Sequence[Any]) -> bool:
    """Tell whether a chain ends at a memoiser's own table, which goes by the name of the memoiser."""
    return len(chain) > 1 and is_a(chain[-2], MEMO) and is_a(chain[-1], dict)


def _trend(points: Sequence[tuple[float, float]]) -> Trend:
    """Return the growth over the tests in which the holder grew; of so few points there are no bounds but the slope itself."""
    (start, before), (end, after) = points[0], points[-1]
    slope = (after - before) / max(1.0, end - start)
    return Trend(LINEAR, slope, slope, slope, before, after, start)


def _record(
    candidate: Candidate, left: Sequence[Left], alive: tuple[int, int], references: Sequence[Any], stores: Any
) -> Record:
    # imported here because most runs have no holder to tell of
    from ..discovery import assembling
    from ..discovery.effects import EmptyingEffect, EmptyingEffects, Reach

    candidate = candidate._replace(name=naming.named(candidate.chain))
    reach = Reach(set(), 0, 0, _types_left(left, references))
    holder = assembling.holder(candidate, reach, EmptyingEffects((EmptyingEffect(),), EmptyingEffect()), 0, stores)
    return {
        "holder": to_json(holder._replace(kind=LINEAR)),
        "left": [list(row) for row in left],
        "rose": True,
        "alive": list(alive),
        "entries": candidate.size() if candidate.sort == CONTAINER else len(left),
    }


def _types_left(left: Sequence[Left], references: Sequence[Any]) -> tuple[KeptType, ...]:
    """Return what the tests left, by class; sizes are those of the objects themselves."""
    numbers: dict[str, int] = {}
    for _, _, kinds, _ in left:
        for name, number in kinds.items():
            numbers[name] = numbers.get(name, 0) + number
    sizes = {class_name(type(obj)): getsizeof(obj, 0) for obj in [item() for item in references] if obj is not None}
    amounts = {name: number * sizes.get(name, 0) for name, number in numbers.items()}
    total = sum(amounts.values()) or 1
    rows = [KeptType(name, number, amounts[name], amounts[name] / total) for name, number in numbers.items()]
    return tuple(sorted(rows, key=lambda row: -row.size))
