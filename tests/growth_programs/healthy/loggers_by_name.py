"""Logs to the loggers of the program's parts."""

# kind: loggers with constant names

from __future__ import annotations

import itertools
import logging

_parts = itertools.cycle(["storage", "network", "display"])


def work() -> None:
    logging.getLogger(f"growth.parts.{next(_parts)}").debug("step %d", 1)
