"""Named places of the heap that live long."""

from __future__ import annotations

from typing import NamedTuple

from leaklint.flow.model import Event, target_of
from leaklint.flow.truth import falsy
from leaklint.heap.namespaces import is_constructor

Place = tuple[int, int, int, int]
_MOST_ALTERNATIVES = 5


class HeapPlace(NamedTuple):
    """A named place that lives long. ``scope``: module, class, metaclass, field, function, default, closure,
    result, thread, outside.

    ``owner`` is the key of the module, class or function, ``name`` what it is called there, ``depth`` how many containers
    deep inside of it; ``place`` where it is assigned, in the module ``module``; ``path`` leads there from the root.
    ``alternatives`` tells how many objects a variable on the way may hold, of which it holds one; ``slots`` are the
    assignments to the attributes on the way, each with its function. ``is_of_weak_key`` tells that a mapping on the way lets
    it go with a key; ``maker`` is the function whose variable leads to it.
    """

    scope: str
    owner: str
    name: str
    module: str
    place: Place
    depth: int = 0
    path: tuple[str, ...] = ()
    alternatives: int = 1
    slots: tuple[tuple[str, Event], ...] = ()
    is_of_weak_key: bool = False
    maker: str = ""

    @property
    def is_unsure(self) -> bool:
        """Tell whether a variable on the way may hold so many objects that this one may well not be there."""
        return self.alternatives > _MOST_ALTERNATIVES

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what tells holders apart."""
        return (self.scope, self.owner, self.name)


def is_set_later(function: str, event: Event) -> bool:
    """Tell whether an assignment may come again, as far as its own text tells: not in a constructor, nor where nothing is."""
    if is_constructor(function.rpartition(".")[2]):
        return False
    slot = target_of(event)
    return not any(guard.kind in {"if", "past"} and slot in falsy(guard.test, guard.holds) for guard in event.guards)
