"""Captures what a build logs by a handler that is removed again."""

# kind: logging handler, removed

from __future__ import annotations

import io
import logging

LOG = logging.getLogger("growth.paired")
LOG.setLevel(logging.INFO)
LOG.propagate = False


def build(target: str) -> str:
    output = io.StringIO()
    handler = logging.StreamHandler(output)
    LOG.addHandler(handler)
    try:
        LOG.info("building %s", target)
    finally:
        LOG.removeHandler(handler)
        handler.close()
    return output.getvalue()


def work() -> None:
    assert build("docs") == "building docs\n"
