"""Calls of functions outside of the program, whose contracts say what they do."""

from __future__ import annotations

from typing import NamedTuple

from leaklint.flow.model import Event
from leaklint.flow.terms import Term


class ExternalCall(NamedTuple):
    """A call of a function outside of the program: in which function and event it stands, and the callee's dotted name."""

    function: str
    event: Event
    call: Term
    name: str
