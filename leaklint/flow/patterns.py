"""Patterns of ``match`` statements: which parts of what is matched their names stand for."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from leaklint.flow.expressions import Place
from leaklint.flow.terms import UNKNOWN, Term, parts_of

Binding = tuple[str, Term, Place]


def bindings(pattern: ast.pattern, value: Term) -> Iterator[Binding]:
    """Yield (name, value, place) of each name that a pattern binds where ``value`` matches."""
    place = (pattern.lineno, pattern.col_offset, pattern.end_lineno, pattern.end_col_offset)
    if isinstance(pattern, ast.MatchAs):
        if pattern.pattern is not None:
            yield from bindings(pattern.pattern, value)
        if pattern.name is not None:
            yield pattern.name, value, place
    elif isinstance(pattern, ast.MatchStar):
        if pattern.name is not None:
            yield pattern.name, value, place
    elif isinstance(pattern, ast.MatchOr):
        for one in pattern.patterns:
            yield from bindings(one, value)
    elif isinstance(pattern, ast.MatchSequence):
        yield from _of_sequence(pattern, value)
    elif isinstance(pattern, ast.MatchMapping):
        for key, one in zip(pattern.keys, pattern.patterns, strict=True):
            yield from bindings(one, ("elem", value, _constant(key)))
        if pattern.rest is not None:
            yield pattern.rest, ("slice", value, ""), place
    elif isinstance(pattern, ast.MatchClass):
        for one in pattern.patterns:  # by ``__match_args__``, or the value itself of a ``str()`` or ``int()``
            yield from bindings(one, UNKNOWN)
        for name, one in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
            yield from bindings(one, ("attr", value, name))


def _of_sequence(pattern: ast.MatchSequence, value: Term) -> Iterator[Binding]:
    """Yield what the patterns of a sequence bind; a starred one takes what the others leave."""
    starred = next((number for number, one in enumerate(pattern.patterns) if isinstance(one, ast.MatchStar)), None)
    for one, part in zip(pattern.patterns, parts_of(value, len(pattern.patterns), starred), strict=True):
        yield from bindings(one, part)


def _constant(key: ast.expr) -> Term:
    return ("const", repr(key.value)[:80], type(key.value).__name__) if isinstance(key, ast.Constant) else UNKNOWN
