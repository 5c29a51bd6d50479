"""A log of which the last thousand characters are kept."""

# kind: text that is cut

from __future__ import annotations

TAIL = {"log": ""}


def work() -> None:
    TAIL["log"] = (TAIL["log"] + "one more line of the log\n" * 3)[-800:]
