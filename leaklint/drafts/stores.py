"""One store into a holder: what goes in, on which side, and who hands it in."""

from __future__ import annotations

from dataclasses import dataclass

from leaklint.drafts.program import Site, Touch
from leaklint.drafts.program.things import Thing

MAKING = frozenset({"__init__", "__new__", "__post_init__", "__attrs_post_init__"})


@dataclass(frozen=True, slots=True)
class Store:
    """One store into a holder. ``side``: value, key or element. ``site`` is the call that hands the thing in, if any."""

    touch: Touch
    thing: Thing
    side: str
    site: Site | None = None


def is_own(store: Store) -> bool:
    """Tell whether the object itself is stored: ``self``, or what ``__new__`` adds, not a factory's result under its key."""
    made_here = store.thing.kind == "instance" and store.touch.function.name == "__new__" and store.side == "element"
    return store.thing.kind == "self" or (made_here and store.thing.ref is not None)


def is_unseen_key(store: Store) -> bool:
    """A key that callers give and nothing tells the type of: a name, in most programs."""
    return store.side == "key" and store.thing.kind == "param"
