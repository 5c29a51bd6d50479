"""What files have that other files may use: it decides which of them are read in full as well."""

from __future__ import annotations

from functools import lru_cache

from leaklint.records import dataclass

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from leaklint.gate import Gate


@dataclass(frozen=True, slots=True)
class Offer:
    """What a file has that may leak: the functions that fill or empty it, its names, and the names that lead to them."""

    functions: frozenset[str]
    held: frozenset[str]
    ways: frozenset[str]

    @property
    def names(self) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        """Return the three sets of names."""
        return self.functions, self.held, self.ways


def uses(gate: Gate, offers: frozenset[Offer]) -> bool:
    """Tell whether a file may call a function that is offered, or empty what such functions fill.

    Without it a registration would be taken for one that nothing calls, and a removal be overlooked.
    """
    through = gate.imports & gate.mentions
    if not through:
        return False
    functions, held = _ways(offers)
    called, emptied = gate.mentions & functions.keys(), gate.drops & held.keys()
    if not through.isdisjoint(called) or not through.isdisjoint(emptied):
        return True
    return any(not through.isdisjoint(functions[name]) for name in called) or any(
        not through.isdisjoint(held[name]) for name in emptied
    )


@lru_cache(maxsize=4)
def _ways(offers: frozenset[Offer]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return by the name of a function, and of a container, the names that lead to a file which offers it."""
    functions: dict[str, set[str]] = {}
    held: dict[str, set[str]] = {}
    for offer in offers:
        for names, table in ((offer.functions, functions), (offer.held, held)):
            for name in names:
                table.setdefault(name, set()).update(offer.ways)
    return functions, held
