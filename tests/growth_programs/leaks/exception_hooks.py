"""Reports uncaught exceptions of each session together with the session's name."""

# holder: sys\.excepthook
# alone: yes
# kind: sys.excepthook, chained
# what: function

from __future__ import annotations

import sys
from types import TracebackType


def report_for(session: str) -> None:
    previous = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.stderr.write(f"in session {session}\n")
        previous(kind, error, trace)

    sys.excepthook = hook  # stores


def work() -> None:
    report_for("nightly")
