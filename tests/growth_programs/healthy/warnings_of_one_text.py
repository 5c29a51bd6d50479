"""Warns of an old setting."""

# kind: warnings of the same text

from __future__ import annotations

import logging
import warnings

logging.captureWarnings(True)
logging.getLogger("py.warnings").addHandler(logging.NullHandler())
logging.getLogger("py.warnings").propagate = False


def work() -> None:
    warnings.warn("the setting 'colour' is old", UserWarning, stacklevel=2)
