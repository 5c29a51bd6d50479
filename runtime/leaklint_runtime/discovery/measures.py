"""How many entries a container has, asked of the interpreter's own types and never of code that the target wrote."""

from __future__ import annotations

import functools
from collections import deque
from functools import partial
from typing import Any, Callable, Iterator

from ..early import is_a, optional

Length = Callable[[Any], int]
MEMO: Any = type(functools.lru_cache(maxsize=None)(lambda: None))
_queue = optional("_queue")
SIMPLE_QUEUE: Any = getattr(_queue, "SimpleQueue", None)
_subclasses = type.__dict__["__subclasses__"]


def _entries_of_memo(memo: Any) -> int:
    return int(MEMO.cache_info(memo).currsize)


#: The interpreter's types that hold a number of entries, each with what counts them.
LENGTHS: tuple[tuple[Any, Length], ...] = (
    (dict, dict.__len__),
    (list, list.__len__),
    (set, set.__len__),
    (deque, deque.__len__),
    (MEMO, _entries_of_memo),
    *(((SIMPLE_QUEUE, SIMPLE_QUEUE.qsize),) if SIMPLE_QUEUE is not None else ()),
)


def measured_types() -> dict[Any, Length]:
    """Return each type of containers that is loaded now, subclasses included, with what counts the entries of its objects."""
    found: dict[Any, Length] = {}
    for base, length in LENGTHS:
        for kind in _with_subclasses(base):
            found.setdefault(kind, length)
    return found


def _with_subclasses(base: Any) -> Iterator[Any]:
    pending = [base]
    while pending:
        kind = pending.pop()
        yield kind
        pending += _subclasses(kind)


def length_of(container: Any) -> int:
    """Return the number of entries of a container; 0 for what is none."""
    for base, length in LENGTHS:
        if is_a(container, base):
            return length(container)
    return 0


def gauge_of(container: Any) -> Callable[[], int]:
    """Return what tells the number of entries of a container again and again: the type is looked up once."""
    return next((partial(length, container) for base, length in LENGTHS if is_a(container, base)), lambda: 0)


def kind_of(container: Any) -> str:
    """Return ``dict``, ``list``, ``set``, ``deque``, ``memo`` or ``queue``; ``other`` for what is none of these."""
    names = {dict: "dict", list: "list", set: "set", deque: "deque", MEMO: "memo", SIMPLE_QUEUE: "queue"}
    return next((names[base] for base, _ in LENGTHS if is_a(container, base)), "other")
