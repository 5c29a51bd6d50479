"""The path to an object from a module, a class, a thread or a registry of the interpreter, and the name that it makes.

The search goes forward from all that has a name of its own, one level of references at a time; who refers to whom is asked
only along the chains found. Nothing of the target's code is run.
"""

from __future__ import annotations

import contextvars
import sys
import threading
from functools import partial
from types import FrameType, FunctionType
from typing import Any, Iterator, NamedTuple, Sequence

from .. import chains, labels, roots
from ..early import ModuleType, contents, get_referents, is_a, is_tracked, process_time
from ..holder import ABSENT, lookup, mro_of
from ..labels import Root
from . import definitions

BATCH, LEVELS, NEAR, SECONDS = 2_000, 60, 12, 20.0
_LOCAL = threading.local
_CODE = (FunctionType, *definitions.SUSPENDED)
_CELL: Any = type((lambda value: lambda: value)(0).__closure__[0])  # type: ignore[index]


class Name(NamedTuple):
    """How a holder is reached.

    ``symbol`` is ``module:path``, ``container`` the attribute path inside ``module``, or empty; ``scope`` and ``owner`` are
    those of ``GrowingHolder``. ``path`` alternates nodes and edges, as text, from the root to the holder. ``steps`` are the
    (owner, attribute) pairs on the way that are attributes of a module, a class or another object, the last first;
    ``inside`` is the object that the holder is next to, ``function`` the last function or suspended generator on the way,
    ``module_object`` the root if that is a module.
    """

    symbol: str
    module: str = ""
    container: str = ""
    scope: str = "interpreter"
    owner: str = ""
    path: tuple[str, ...] = ()
    steps: tuple[tuple[Any, str], ...] = ()
    inside: Any = None
    function: Any = None
    module_object: Any = None


def find_chains(
    targets: Sequence[Any],
    avoided: Sequence[Any] = (),
    seconds: float = SECONDS,
    frames: Sequence[FrameType] | None = (),
) -> dict[int, list[Any]]:
    """Return for each target (by identity) that has a path the objects from its root to itself.

    What threads have in local variables counts as a root for what nothing else leads to within ``NEAR`` references.

    ``avoided`` are objects of the caller through which no path leads, and modules at which none begins; ``frames`` are roots
    beside those of ``roots.index``. The search ends after ``seconds`` of CPU time.
    """
    skipped = set(map(id, avoided))
    index = {place: objects for place, objects in _index().items() if id(objects[0]) not in skipped}
    late = {place: objects for place, objects in roots.locals_of_threads(frames).items() if place not in index}
    found: dict[int, list[Any]] = {}
    wanted = {id(target): target for target in targets}
    for place in [place for place in wanted if place in index]:
        found[place] = list(index[place])
    levels = [[objects[-1] for objects in index.values()]]
    seen: set[int] = {*index, *skipped, id(levels), id(index), id(late), id(found), id(wanted)}
    missing = set(wanted) - set(found)
    end = process_time() + seconds
    ends: dict[int, int] = {}
    joined = 0  # the level at which the locals of threads have joined
    while missing and len(levels) < LEVELS and process_time() < end and (levels[-1] or not joined):
        fresh = _next_level(levels[-1], seen, missing)
        if not joined and (not fresh or len(levels) >= NEAR):
            joined = len(levels)
            fresh.update((place, objects[-1]) for place, objects in late.items() if place not in seen)
            seen.update(fresh)
        for place in missing & fresh.keys():
            ends[place] = len(levels)
        missing -= fresh.keys()
        levels.append(list(fresh.values()))
    for place, chain in _descend(levels, ends, wanted, late if joined else {}).items():
        known = index.get(id(chain[0])) or late[id(chain[0])]
        found[place] = [*known, *chain[1:]]
    return found


def _next_level(level: list[Any], visited: set[int], targets: set[int]) -> dict[int, Any]:
    """Return by identity what a level refers to and what was not seen before; enter it as seen.

    What the collector does not track leads nowhere and is passed over, unless it is ``targets``.
    """
    fresh: dict[int, Any] = {}
    for start in range(0, len(level), BATCH):
        for child in _referents(level[start : start + BATCH]):
            place = id(child)
            if place not in visited and (is_tracked(child) or place in targets) and not is_a(child, ModuleType):
                fresh[place] = child
    for place in [place for place, child in fresh.items() if _is_ours(child)]:
        del fresh[place]
    visited.update(fresh)
    return fresh


def _is_ours(obj: Any) -> bool:
    """Tell whether an object is an instance of a class of this package."""
    module = contents(type(obj)).get("__module__")
    return is_a(module, str) and module.partition(".")[0] == _OWN


_OWN = __name__.partition(".")[0]


def _referents(objects: Sequence[Any]) -> list[Any]:
    """Return what objects refer to, and of a thread's local storage also what this thread keeps there."""
    found = get_referents(*objects)
    for obj in objects:
        if is_a(obj, _LOCAL):
            found.append(_LOCAL.__getattribute__(obj, "__dict__"))
    return found


def _descend(
    levels: list[list[Any]], ends: dict[int, int], targets: dict[int, Any], late: roots.Index
) -> dict[int, list[Any]]:
    """Return for each target the objects from a root to it; one pass from the last level to the first.

    Roots are all of the first level, and what is in ``late`` where nothing of the level before refers to it.
    """
    partial: dict[int, list[list[Any]]] = {}
    ended: list[list[Any]] = []
    for number in range(max(ends.values(), default=0), 0, -1):
        for place, level in ends.items():
            if level == number:
                partial.setdefault(place, []).append([targets[place]])
        above: dict[int, list[list[Any]]] = {}
        for parent, child in _parents(levels[number - 1], set(partial)):
            above.setdefault(id(parent), []).extend([[parent, *chain] for chain in partial.pop(child)])
        ended += [chain for place, chains_there in partial.items() if place in late for chain in chains_there]
        partial = above
    return {id(chain[-1]): chain for chain in [*ended, *[chain for rows in partial.values() for chain in rows]]}


def _parents(level: list[Any], children: set[int]) -> Iterator[tuple[Any, int]]:
    """Yield for each of the children (identities) the first object of a level that refers to it."""
    for start in range(0, len(level), BATCH):
        batch = level[start : start + BATCH]
        if children.isdisjoint(map(id, _referents(batch))):
            continue
        for obj in batch:
            for place in children.intersection(map(id, _referents([obj]))):
                children.discard(place)
                yield obj, place
        if not children:
            return


def _index() -> roots.Index:
    """Return the objects with names of their own, those of the program first, and the values of context variables."""
    found = roots.index(rank=_rank, frames=None)
    for variable, value in contextvars.copy_context().items():
        if is_tracked(value):
            root = Root(f"context variable {_variable_name(variable)}", partial(variable.get, None))
            found.setdefault(id(value), (root, value))
    return found


def _variable_name(variable: Any) -> str:
    """Return the module and name of a global that a context variable is the value of; else the variable's own name."""
    for module in list(sys.modules.values()):
        for name, value in list(contents(module).items()) if is_a(module, ModuleType) else ():
            if value is variable:
                return "{}:{}".format(labels.module_name(str(contents(module).get("__name__"))), name)
    return str(variable.name)


def _rank(module: Any) -> int:
    """Order modules: the program's own, then installed packages, then the standard library."""
    file: Any = contents(module).get("__file__")
    if not is_a(file, str) or file.startswith(definitions.STANDARD):
        return 2
    return int(file.startswith(labels.LIBRARY))


def named(chain: Sequence[Any], whole: bool = False) -> Name:
    """Return the name of the last object of a chain that begins at a root.

    What a library's container keeps its entries in (``.data`` of a weak dictionary) goes by the name of that container, unless
    the ``whole`` name is asked for.
    """
    nodes, edges = _steps(_canonical(chain))
    if not whole and len(nodes) > 2 and edges[-1].startswith(".") and _is_library_container(nodes[-2]):
        nodes, edges = nodes[:-1], edges[:-1]
    path = tuple(text for pair in zip(map(labels.node, nodes), [*edges, ""]) for text in pair)[:-1]
    inside = nodes[-2] if len(nodes) > 1 else None
    if not is_a(nodes[0], ModuleType):
        return _of_registry(nodes, edges)._replace(path=path, inside=inside, steps=_attributes_on(nodes, edges))
    module = labels.module_name(str(contents(nodes[0]).get("__name__")))
    plain = next((place for place, edge in enumerate(edges) if not edge.startswith(".")), len(edges))
    scope, owner = _scope(nodes, edges)
    return Name(
        symbol="{}:{}".format(module, "".join(map(_step, _folded(edges))).lstrip(".")),
        module=module,
        container="".join(edges[:plain]).lstrip("."),
        scope=scope,
        owner=owner,
        path=path,
        steps=_attributes_on(nodes, edges),
        inside=inside,
        function=next((node for node in reversed(nodes[:-1]) if is_a(node, _CODE)), None),
        module_object=nodes[0],
    )


def _is_library_container(obj: Any) -> bool:
    """Tell whether an object is a container that a library's class makes: one with a length and elements, or a queue.

    A class that merely has a length, as an application or a client may, goes on to name what it keeps.
    """
    kind = type(obj)
    if is_a(obj, (ModuleType, type, FunctionType)) or kind.__module__ == "builtins":
        return False
    module = sys.modules.get(contents(kind).get("__module__") or "")
    names = {name for base in mro_of(kind) for name in contents(base)}
    is_container = "qsize" in names or ("__len__" in names and not names.isdisjoint(_ELEMENTS))
    return is_container and definitions.is_library(definitions.file_of(module) or "<frozen ")


_ELEMENTS = ("__iter__", "__contains__", "__getitem__")


def _folded(edges: Sequence[str]) -> list[str]:
    """Return edges of which the same attribute, or the same two edges, do not follow themselves.

    A list is linked by one attribute, a tree by an attribute and a place, however long or deep it is.
    """
    found: list[str] = []
    for edge in edges:
        if found[-1:] == [edge] and not edge.startswith("["):
            continue
        found.append(edge)
        if found[-2:] == found[-4:-2] and found[-2].startswith("."):
            del found[-2:]
    return found


def linking_attribute(chain: Sequence[Any]) -> str:
    """Return the attribute by which the last of a chain's objects is held by another one of its type; empty if by none."""
    kind = type(chain[-1])
    for place in range(len(chain) - 2, -1, -1):
        if type(chain[place]) is kind:
            _, edges = _steps([chain[place], *chain[place + 1 :]])
            return edges[0][1:] if len(edges) == 1 and edges[0].startswith(".") else ""
    return ""


def _of_registry(nodes: tuple[Any, ...], edges: tuple[str, ...]) -> Name:
    """Return the name of something that a signal handler, a running frame or a context variable leads to."""
    label = labels.node(nodes[0])
    path = "".join(_step(edge) for edge in edges if edge != "(registered)").replace("<locals>.", "").lstrip(".")
    scope, owner = ("thread" if label.startswith("running frame") else "interpreter"), ""
    if edges[-1].startswith(".") and (scope == "thread" or len(nodes) > 2):
        scope, owner = _scope(
            nodes, edges
        )  # of an object that a variable of the thread, or what is registered, leads to
    return Name(f"{label}: {path}" if path else label, scope=scope, owner=owner)


def _attributes_on(nodes: tuple[Any, ...], edges: tuple[str, ...]) -> tuple[tuple[Any, str], ...]:
    """Return the (owner, attribute) pairs among the steps, the last first."""
    return tuple((nodes[place], edges[place][1:]) for place in range(len(edges) - 1, -1, -1) if edges[place][0] == ".")


def _canonical(chain: Sequence[Any]) -> list[Any]:
    """Return the chain from the last of its classes and functions on that its own module knows by its qualified name.

    Where there is none and it begins at an alias, begin it at the module whose source assigns the name.
    """
    for place in range(len(chain) - 1, 0, -1):
        home = _home(chain[place])
        if home:
            return [*home, *chain[place + 1 :]]
    if len(chain) > 1 and is_a(chain[0], ModuleType):
        module = definitions.assigning_module(chain[0], chain[1])
        return [definitions.public_module(module, chain[1]), *chain[1:]]
    return list(chain)


def _home(obj: Any) -> tuple[Any, ...]:
    """Return the objects from its module to a class or function that is known there by its qualified name, else nothing."""
    if is_a(obj, type):
        module_name: Any = contents(obj).get("__module__")
        path: Any = type.__dict__["__qualname__"].__get__(obj)
    elif is_a(obj, FunctionType):
        module_name, path = obj.__module__, obj.__qualname__
    else:
        return ()
    module = sys.modules.get(module_name) if is_a(module_name, str) else None
    if not is_a(module, ModuleType) or not is_a(path, str):
        return ()
    owners: tuple[Any, ...] = (module,)
    for name in path.split("."):
        following = lookup(owners[-1], name) if is_a(owners[-1], (type, ModuleType)) else ABSENT
        if following is ABSENT:
            return ()
        owners = (*owners, following)
    if owners[-1] is obj:
        return owners
    return (*owners[:-1], obj) if is_a(obj, FunctionType) and _wraps(owners[-1], obj) else ()


def _wraps(value: Any, function: Any) -> bool:
    """Tell whether a value is a wrapper (of any kind) that leads to this function within a few references."""
    level = [value]
    for _ in range(3):
        level = [child for child in get_referents(*level) if not is_a(child, (ModuleType, type, dict))]
        if any(child is function for child in level):
            return True
    return False


def _steps(chain: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """Return nodes and edges of a chain without namespaces, cells and tuples of defaults, which readers do not know."""
    kept = [chain[0]]
    edges: list[str] = []
    for place in range(1, len(chain)):
        obj, last = chain[place], place == len(chain) - 1
        if not last and (_is_part(kept[-1], obj) or (is_a(obj, dict) and chains.is_namespace(kept[-1], obj))):
            continue
        if is_a(kept[-1], _LOCAL) and is_a(obj, dict) and not last:
            continue  # what each thread has there, and before that all threads, by weak references
        edges.append(_in_local(chain[place - 1], obj) if is_a(kept[-1], _LOCAL) else _edge(kept[-1], obj))
        kept.append(obj)
    return tuple(kept), tuple(edges)


def _is_part(holder: Any, held: Any) -> bool:
    """Tell whether ``held`` is the closure, a cell or the defaults of a function, which carry no name of their own."""
    if is_a(held, _CELL):
        return True
    return is_a(holder, FunctionType) and (held is holder.__closure__ or held is holder.__defaults__)


def _in_local(names: Any, held: Any) -> str:
    """Return how a thread's local storage refers to a value, given the dict in which a thread has it, or the storage itself."""
    inner = names if is_a(names, dict) else _LOCAL.__getattribute__(names, "__dict__")
    return next((f".{name}" for name, value in inner.items() if value is held and is_a(name, str)), ".__dict__")


def _edge(holder: Any, held: Any) -> str:
    if is_a(held, dict) and chains.is_namespace(holder, held):
        return ".__dict__"
    if is_a(holder, type) or is_a(holder, ModuleType):
        name = next((name for name, value in list(contents(holder).items()) if value is held), None)
        if name is None and is_a(held, FunctionType) and lookup(holder, held.__name__) is not ABSENT:
            name = held.__name__  # what is known by its name is a wrapper of it
        if is_a(name, str):
            return f".{name}"
    return labels.edge(holder, held)


def _step(edge: str) -> str:
    """Return an edge as part of a symbol."""
    kind, _, name = edge.partition(" ")
    if kind in ("closure", "default", "local"):
        return f".<locals>.{name}"
    if edge in (".__func__", ".__wrapped__", ".fget", ".cell_contents") or edge.startswith("(inside"):
        return ""
    if edge in ("(element)", "(key)"):
        return "[*]"
    return edge


def _scope(nodes: tuple[Any, ...], edges: tuple[str, ...]) -> tuple[str, str]:
    """Return who owns the holder, which the last of the nodes is, and that owner's name."""
    for place in range(len(nodes) - 2, -1, -1):
        owner, edge = nodes[place], edges[place]
        if edge.startswith(("[", "(inside ")):
            continue  # what is in a container, or in an object of C code, belongs to whom that belongs to
        if is_a(owner, ModuleType):
            return "module", ""
        if is_a(owner, type):
            return "class", qualified(owner)
        if is_a(owner, FunctionType):
            kind = edge.partition(" ")[0]
            name = f"{labels.module_name(str(owner.__module__))}:{owner.__qualname__}"
            return {"closure": "closure", "default": "default"}.get(kind, "function"), name
        if is_a(owner, definitions.SUSPENDED):
            return "frame", owner.__qualname__
        return "object", qualified(type(owner))
    return "module", ""


def qualified(kind: Any) -> str:
    module = labels.module_name(str(contents(kind).get("__module__", "?")))
    return "{}:{}".format(module, type.__dict__["__qualname__"].__get__(kind))
