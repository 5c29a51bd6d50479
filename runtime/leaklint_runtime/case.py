"""All that a probe comes down to in the process that proves it."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import reached
from .holder import Holder
from .observe import ExperimentLimits
from .strategy import Strategy
from .wire import WireProbe


class ProofSetup(NamedTuple):
    """The module, the holder if there is one, the act, how far to go, and the lines that the finding is about.

    ``empty`` is the size of the holder before anything was made.
    """

    probe: WireProbe
    module: Any
    holder: Holder | None
    plan: Strategy
    limits: ExperimentLimits
    lines: reached.Lines
    empty: int

    @property
    def label(self) -> str:
        """Return what to call the holder in a sentence."""
        return self.holder.label if self.holder is not None else "the holder"
