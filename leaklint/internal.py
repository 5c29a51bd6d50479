"""Errors of leaklint itself: what they are told as, so that one of them costs no more than what it concerns."""

from __future__ import annotations

import os


def described(error: Exception) -> str:
    """Return an error of leaklint itself in one line, with the place in its code; raise it where ``LEAKLINT_DEBUG`` is set."""
    if os.environ.get("LEAKLINT_DEBUG"):
        raise error
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return f"internal error: {type(error).__name__}: {error}{place}; set LEAKLINT_DEBUG=1 for the whole trace"
