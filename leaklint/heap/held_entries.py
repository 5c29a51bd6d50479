"""What is asked of an entry that stays in its holder: by which store it came in, and which removals there are."""

from __future__ import annotations

from typing import NamedTuple

from leaklint.flow.model import Event, Function
from leaklint.heap.effects import Effect


class HeldEntry(NamedTuple):
    """The entry that a store puts in, and the removals from its holder.

    ``every`` are all of these, ``outside`` those from containers that are not inside of what the store puts in, and
    ``fitting`` those of them that can take the entry out.
    """

    store: Effect
    fitting: list[Effect]
    outside: list[Effect]
    every: list[Effect]


class Stay(NamedTuple):
    """The stay of an entry while a function runs: the event that puts it in, and those that take it out again.

    The events ``taking`` are the ``removals``, or lead to them.
    """

    store: Effect
    function: Function
    putting: Event
    taking: list[Event]
    removals: list[Effect]
