"""How a run is done, as far as no result depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Protocol, TypeVar

    T = TypeVar("T")
    R = TypeVar("R")

    class Spread(Protocol):
        """Who does one task over many items; see ``leaklint.pool.each``."""

        def each(
            self, task: Callable[[T], R], items: Sequence[T], jobs: int, tick: Callable[[int], None] | None = None
        ) -> list[R]:
            """Return ``task(item)`` for every item, in their order."""
            ...


@dataclass(frozen=True, slots=True)
class Running:
    """How a run is done; no result depends on it. ``jobs`` counts processes, 0 for as many as there are processors.

    ``tick`` is told the stage (``reading``, ``following``), how many of its files are done, and how many there are.
    ``spread`` does the work elsewhere than in processes of this machine.
    """

    jobs: int = 1
    tick: Callable[[str, int, int], None] | None = None
    spread: Spread | None = None
