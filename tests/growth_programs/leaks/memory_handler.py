"""Buffers log records so that an error can be reported with what went before it."""

# holder: buffer|MemoryHandler
# kind: logging handler's buffer
# what: LogRecord

from __future__ import annotations

import logging
import logging.handlers

LOG = logging.getLogger("growth.buffered")
LOG.setLevel(logging.DEBUG)
LOG.propagate = False
LOG.addHandler(logging.handlers.MemoryHandler(capacity=1_000_000, flushLevel=logging.ERROR))  # holder here


def work() -> None:
    LOG.debug("step %d", 1)  # stores
    LOG.info("step %d", 2)  # stores
