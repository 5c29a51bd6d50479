"""What grew, of whatever sort: each candidate tells its size, what it leads to, and how it is emptied."""

from __future__ import annotations

import array
import atexit
import io
import sys
import threading
from collections import deque
from contextvars import ContextVar
from types import FunctionType
from typing import Any, NamedTuple, Tuple

from .. import chains
from ..early import ModuleType, contents, get_objects, get_referents, is_a
from ..growth import Trend
from ..holder import ABSENT, lookup
from ..labels import Root
from .measures import MEMO, SIMPLE_QUEUE, kind_of, length_of
from .naming import Name

Points = Tuple[Tuple[float, float], ...]
EXACT_AT_EXIT = sys.version_info < (3, 10)
CONTAINER, SLOT, REGISTRY, CHAIN, HIDDEN, FAMILY = "container", "slot", "registry", "chain", "hidden", "family"


SIZED: Any = (str, bytes, bytearray, tuple, frozenset, list, dict, set)
TEXT_BUFFERS: Any = (io.BytesIO, io.StringIO)
BUFFERS: Any = (array.array, *TEXT_BUFFERS)


def item_step(key: Any) -> str:
    """Return the step of a path that leads to what a dict has under a key, a text, or a list or tuple at a place, a number.

    Steps are plain texts, which the collector does not track, so that tuples of them do not count among its objects either.
    """
    return f"['{key}" if type(key) is str else f"[#{key}"


def is_item(step: str) -> bool:
    """Tell whether a step is one of ``item_step``, and not an attribute."""
    return step[:1] == "["


def item_key(step: str) -> Any:
    """Return the key or the place of such a step."""
    return step[2:] if step[1:2] == "'" else int(step[2:])


class ChainLink(NamedTuple):
    """Objects of type ``member`` hold one another as their ``attribute`` (empty: in another way)."""

    member: Any
    attribute: str


class Candidate(NamedTuple):
    """``obj`` grew as ``points`` (x, size) tell, of which ``trend`` is the fit.

    ``sort`` is ``container`` (a container that is there all the time), ``slot`` (the value at the attribute path ``slot``
    from ``obj``, which is replaced or is a buffer), ``registry`` (of the interpreter, hidden from the collector),
    ``chain`` (objects that hold one another, as ``link`` tells; ``obj`` is the nearest), ``family`` (``members`` are
    containers of which each grows seldom; ``obj`` is the nearest object that leads to all) or ``hidden`` (a container, or
    with a ``link`` objects of one type, that nothing visible leads to; ``obj`` is one of these).
    ``chain`` are the objects from a root to ``obj``, and ``name`` is made of them.
    """

    sort: str
    obj: Any
    points: Points
    trend: Trend
    slot: tuple[str, ...] = ()
    chain: tuple[Any, ...] = ()
    name: Name | None = None
    link: ChainLink | None = None
    members: tuple[Any, ...] = ()

    @property
    def start(self) -> int:
        """Return the size at the fence."""
        return int(self.points[0][1])

    @property
    def grown(self) -> int:
        """Return by how much it is larger now than at the fence."""
        return int(self.points[-1][1] - self.points[0][1])

    def size(self) -> int:
        """Return the size now: entries, or of a value that is replaced its length."""
        if self.sort == REGISTRY:
            return exit_callbacks()
        if self.sort == SLOT:
            return value_size(slot_value(self.obj, self.slot))
        if self.sort == FAMILY:
            return sum(map(length_of, self.members))
        if self.sort == HIDDEN and self.link is not None:
            return len(kept_now(self))
        return length_of(self.obj)

    @property
    def label(self) -> Name:
        """Return the name, or what an object is called that has none."""
        if self.name is not None:
            return self.name
        kind = type(self.obj)
        return Name(f"{kind.__name__} objects held by C code", path=("something that the collector cannot see",))

    def leads_to(self) -> Any:
        """Return the object from which what is kept is reached, or None."""
        if self.sort == REGISTRY:
            return _registered_at_exit() or None
        if self.sort == SLOT:
            return slot_value(self.obj, self.slot)
        return self.obj

    def kind(self) -> str:
        """Return the kind of container."""
        if self.sort == REGISTRY:
            return "atexit"
        if self.sort == SLOT:
            return kind_of(self.leads_to()) if self.slot[-1:] == ("__dict__",) else "value"
        if self.sort == FAMILY:
            return kind_of(self.members[0])
        return kind_of(self.obj) if self.sort == CONTAINER else self.sort


def exit_callbacks() -> int:
    """Return how many callbacks ``atexit`` has; from Python 3.10 on those count that have been unregistered."""
    if not EXACT_AT_EXIT:
        return int(atexit._ncallbacks())
    return sum(type(held) is tuple for held in _registered_at_exit())  # each has its arguments, if only none


def _registered_at_exit() -> list[Any]:
    """Return the callbacks registered with ``atexit`` and their arguments; from Python 3.10 on no collector sees them."""
    return [held for held in get_referents(atexit) if held is not contents(atexit)]


class Gauge:
    """Reads a number that is another one whenever something was stored in a candidate.

    Of objects that hold one another this is the attribute of the youngest of them, and the value that leads to the nearest;
    ``renew`` looks for the youngest, and has to be called before each round.
    """

    def __init__(self, candidate: Candidate) -> None:
        self.candidate = candidate
        self._youngest: Any = None
        self._thread, self._last = threading.get_ident(), 0

    def renew(self) -> None:
        """Find the object that the next one will be linked to."""
        link = self.candidate.link
        if link is not None and link.attribute:
            self._youngest = next((obj for obj in reversed(get_objects()) if type(obj) is link.member), None)

    def read(self) -> int:
        """Return the number."""
        item = self.candidate
        if item.sort == SLOT:
            if is_a(item.obj, ContextVar) and threading.get_ident() != self._thread:
                return self._last  # it has another value here
            value = slot_value(item.obj, item.slot)
            self._last = id(value) ^ value_size(value)
            return self._last
        if item.sort == HIDDEN:
            return 0
        if item.sort != CHAIN:
            return item.size()
        found = 0
        root = item.chain[0] if item.chain else None
        if type(root) is Root and root.read is not None:
            found = id(root.read())
        elif item.label.steps:
            owner, attribute = item.label.steps[0]
            found = id(slot_value(owner, (attribute,)))
        if self._youngest is not None and item.link is not None:
            found ^= id(slot_value(self._youngest, (item.link.attribute,)))
        return found


def slot_value(owner: Any, path: tuple[str, ...]) -> Any:
    """Return the value at an attribute path; of a context variable its value, of a function the cells of its closure."""
    if is_a(owner, ContextVar):
        return ContextVar.get(owner, None)
    for name in path:
        if is_item(name):
            owner = _element(owner, item_key(name))
        elif is_a(owner, FunctionType) and name in owner.__code__.co_freevars:
            owner = (owner.__closure__ or ())[owner.__code__.co_freevars.index(name)]
        else:
            owner = lookup(owner, name)
    return None if owner is ABSENT else owner


def _element(owner: Any, key: Any) -> Any:
    if is_a(owner, dict):
        return dict.get(owner, key, ABSENT)
    kind: Any = list if is_a(owner, list) else tuple
    return kind.__getitem__(owner, key) if is_a(owner, kind) and key < kind.__len__(owner) else ABSENT


def value_size(value: Any) -> int:
    """Return how many elements a built-in value has, of a number or a buffer its bytes; else those of its parts in all."""
    if type(value) is int:
        return (value.bit_length() + 7) // 8
    for kind in SIZED:
        if is_a(value, kind):
            return int(kind.__len__(value))
    if not is_a(value, BUFFERS):
        return sum(value_size(child) for child in get_referents(value) if type(child) in SIZED)
    if is_a(value, TEXT_BUFFERS):
        return int(io.StringIO.tell(value) if is_a(value, io.StringIO) else io.BytesIO.tell(value))
    return int(sys.getsizeof(value))


def is_namespace(candidate: Candidate) -> bool:
    """Tell whether the container is the dict in which a module, class or object keeps its attributes, or ``sys.modules``."""
    if not is_a(candidate.obj, dict):
        return False
    owners = [obj for obj in candidate.chain[:-1] if chains.is_namespace(obj, candidate.obj)]
    return bool(owners) or any(is_a(value, ModuleType) for value in list(candidate.obj.values())[:1])


def empty(candidate: Candidate) -> bool:
    """Take out what the candidate keeps; of a namespace what came since the fence. False where that is not possible.

    For a clone: the program does not survive this.
    """
    obj = candidate.obj
    if candidate.sort == REGISTRY:
        atexit._clear()
    elif candidate.sort == SLOT:
        return _reset(obj, candidate.slot)
    elif candidate.sort == FAMILY:
        for member in candidate.members:
            empty(candidate._replace(sort=CONTAINER, obj=member))
    elif candidate.sort != CONTAINER:
        return False
    elif is_a(obj, MEMO):
        MEMO.cache_clear(obj)
    elif SIMPLE_QUEUE is not None and is_a(obj, SIMPLE_QUEUE):
        while not SIMPLE_QUEUE.empty(obj):
            SIMPLE_QUEUE.get_nowait(obj)
    elif is_namespace(candidate):
        for name in list(obj)[candidate.start :]:
            _forget(candidate, name)
    else:
        base = next(kind for kind in (dict, list, set, deque) if is_a(obj, kind))
        base.clear(obj)
    return True


def _reset(owner: Any, path: tuple[str, ...]) -> bool:
    value, parent = slot_value(owner, path), slot_value(owner, path[:-1])
    try:
        if is_a(owner, ContextVar):
            owner.set(type(value)())
            return True
        if is_item(path[-1]):
            kind: Any = dict if is_a(parent, dict) else list
            kind.__setitem__(parent, item_key(path[-1]), type(value)())
            return True
        setattr(parent, path[-1], type(value)())
    except Exception:
        return False
    return True


def _forget(candidate: Candidate, name: Any) -> None:
    owner = candidate.chain[-2] if len(candidate.chain) > 1 else None
    if is_a(owner, type):
        type.__delattr__(owner, name)
    else:
        dict.pop(candidate.obj, name, None)


def entries(candidate: Candidate, most: int = 64) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return the keys, if it is a mapping or a memoiser, and the values or elements that were stored last, at most so many."""
    obj = candidate.members[-1] if candidate.members else candidate.leads_to()
    if is_a(obj, MEMO):
        table = memo_table(obj)
        return (tuple(list(table)[-most:]), ()) if table is not None else ((), ())
    if is_a(obj, dict):
        pairs = list(dict.items(obj))[-most:]
        return tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)
    if is_a(obj, (list, tuple)):
        return (), tuple(obj[-most:]) if type(obj) in (list, tuple) else tuple(get_referents(obj)[:most])
    return (), tuple(get_referents(obj)[-most:]) if obj is not None else ()


def memo_table(memo: Any) -> dict[Any, Any] | None:
    """Return the dict in which ``functools.lru_cache`` keeps its entries, which nothing but the collector shows."""
    own = contents(memo)
    size = length_of(memo)
    tables = [child for child in get_referents(memo) if type(child) is dict and child is not own and len(child) == size]
    return tables[0] if tables else None


def kept_now(candidate: Candidate) -> list[Any]:
    """Return objects that the candidate keeps: its entries, or where objects hold one another those of their type."""
    if candidate.sort in (CHAIN, HIDDEN):
        kind = candidate.link.member if candidate.link is not None else type(candidate.obj)
        return [obj for obj in get_objects() if type(obj) is kind]
    holders = candidate.members or (candidate.leads_to(),)
    found: list[Any] = []
    for obj in holders:
        keys, values = entries(candidate._replace(obj=obj, members=())) if candidate.members else entries(candidate)
        found += [*keys, *values]
    return found
