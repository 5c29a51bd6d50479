"""Kinds of what is kept: what a store, a registration or a cache holds on to, and how telling that is."""

from __future__ import annotations

# The most telling first.
KINDS = tuple(
    "self method closure exception traceback instance class function param container made part weak plain".split()
)
FUNCTIONS_OF_OBJECTS = frozenset({"method", "closure"})  # each leads to an object
SELF = FUNCTIONS_OF_OBJECTS | {"self"}  # the object whose method runs, itself or by such a function
OBJECTS = SELF | {"instance"}
OBJECTS_AND_ERRORS = OBJECTS | {"exception"}
DISTINCT = OBJECTS_AND_ERRORS | {"class", "function", "param"}  # what may be another one each time
UNRESOLVED = frozenset({"made", "part"})  # of which nothing is known but where it comes from
