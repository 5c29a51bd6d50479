"""Captures what a build logs and returns it as text."""

# holder: handlers
# kind: logging handlers
# what: StreamHandler

from __future__ import annotations

import io
import logging

LOG = logging.getLogger("growth.build")
LOG.setLevel(logging.INFO)
LOG.propagate = False


def build(target: str) -> str:
    output = io.StringIO()
    LOG.addHandler(logging.StreamHandler(output))  # stores
    LOG.info("building %s", target)
    return output.getvalue()


def work() -> None:
    assert build("docs") == "building docs\n"
