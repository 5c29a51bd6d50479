"""What a file has that other files may use: it decides which of them are read in full as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from leaklint.gate import Gate


class Offer(NamedTuple):
    """What a file has that may leak: the functions that fill or empty it, its names, and the names that lead to them."""

    functions: frozenset[str]
    held: frozenset[str]
    ways: frozenset[str]

    def used_by(self, gate: Gate) -> bool:
        """Tell whether a file may call these functions or empty what they fill.

        Without it a registration would be taken for one that nothing calls, and a removal be overlooked.
        """
        names = (self.functions & gate.mentions) | (self.held & gate.drops)
        if not names:
            return False
        used = gate.imports & gate.mentions
        return not used.isdisjoint(names) or not used.isdisjoint(self.ways)
