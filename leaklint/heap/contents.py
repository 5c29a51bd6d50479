"""What containers hold: for each abstract container the terms that are put into it, with their keys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from leaklint.flow.terms import Term

Part = tuple[Term | None, Term]  # a key, if it has one, and a value


class Contents:
    """The parts of every container, each once, in the order in which they became known.

    A container that shares the parts of another has all that is put into either of them. ``changes`` grows with everything
    that becomes known. ``asked`` grows with every question whose answer a later round may add to: what is in a container,
    who calls a function.
    """

    def __init__(self) -> None:
        self._parts: dict[Term, dict[Part, None]] = {}
        self.changes = 0
        self.asked = 0

    def hold(self, container: Term, key: Term | None, value: Term) -> None:
        """Note that a value is put into a container, under a key if there is one."""
        parts = self._parts.setdefault(container, {})
        before = len(parts)
        parts[key, value] = None
        self.changes += len(parts) - before

    def share(self, container: Term, other: Term) -> None:
        """Note that a container which nothing is known of yet holds what another one does, if anything is known of that."""
        self.asked += 1
        if container not in self._parts and other in self._parts:
            self._parts[container] = self._parts[other]
            self.changes += 1

    def parts(self, container: Term, after: int = 0) -> list[Part]:
        """Return what is known to be put into a container by now, without as many as came first."""
        self.asked += 1
        return list(islice(self._parts.get(container, ()), after, None))

    def shared(self, container: Term, other: Term) -> bool:
        """Tell whether two containers hold the same parts since one is a copy of the other."""
        return container in self._parts and self._parts[container] is self._parts.get(other)

    def __contains__(self, container: Term) -> bool:
        """Tell whether anything is known to be put into a container."""
        return container in self._parts

    def __iter__(self) -> Iterator[Term]:
        """Yield the containers of which something is known by now."""
        return iter(list(self._parts))


__all__ = ["Contents", "Part"]
