"""What a rule asks of this room: plain facts about one leak."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from leaklint.model import Confidence

Side = Literal["value", "key", "element"]


@dataclass(frozen=True, slots=True)
class WeakRequest:
    """Make one side of a container weak.

    ``side`` is ``value``, ``key`` or ``element``. ``classes`` are the keys of the classes whose instances are kept,
    ``others`` the names of kept types outside of it (dotted where known, empty for a type that nothing tells).
    ``stores`` are the modules and lines in which these are put in.
    ``owned`` says that the rule has seen another strong owner for every store. ``depth`` is 1 where the things are kept
    in containers inside the container (``reg[key].append(self)``), else 0.
    """

    side: Side
    classes: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    stores: tuple[tuple[str, int], ...] = ()
    owned: bool = False
    confidence: Confidence = "high"
    depth: int = 0
