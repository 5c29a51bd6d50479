"""Buffers log records, six at a time."""

# kind: logging buffer, flushed

from __future__ import annotations

import logging
import logging.handlers

LOG = logging.getLogger("growth.flushed")
LOG.setLevel(logging.DEBUG)
LOG.propagate = False
LOG.addHandler(logging.handlers.MemoryHandler(capacity=6, target=logging.NullHandler()))


def work() -> None:
    LOG.debug("step %d", 1)
