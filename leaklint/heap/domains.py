"""How many different keys there can be."""

from __future__ import annotations

from enum import Enum


class Domain(Enum):
    """How many different keys a term can give."""

    FINITE = "finitely many"
    TEXT = "as many as there are texts"
    VALUE = "as many as there are different values"
    UNKNOWN = "unknown"
    FRESH = "a new one each time"
    OBJECT = "one for each object"


ORDER = (Domain.OBJECT, Domain.FRESH, Domain.UNKNOWN, Domain.VALUE, Domain.TEXT, Domain.FINITE)
