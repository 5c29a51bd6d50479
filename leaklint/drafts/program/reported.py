"""What the analysis, or a run, has said of a container that leaks: which one it is, and where something is put into it."""

from __future__ import annotations

from typing import NamedTuple

from leaklint.drafts.facts.model import Span


class StorePlace(NamedTuple):
    """A place at which a container grows, in a ``module`` of the program (empty for a file that is not part of it).

    ``end_line`` is the last line of the storing statement or call, which ``span`` gives exactly where it is known. ``seen``
    says that a run saw it, while the ``function`` ran: its qualified name, or the last part of it.
    """

    module: str
    path: str
    line: int
    end_line: int
    span: Span | None = None
    seen: bool = False
    function: str = ""


class ReportedHolder(NamedTuple):
    """A container that leaks: module and name of its holder, and where it grows. ``name`` is that of ``HolderFacts``."""

    module: str
    name: str
    stores: tuple[StorePlace, ...] = ()
