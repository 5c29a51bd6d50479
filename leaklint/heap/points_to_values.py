"""Points-to sets, and those that say nothing: of what is not there, of parts of something unknown, of unknown calls."""

from __future__ import annotations

from leaklint.flow.terms import Term

Values = frozenset[Term]
NOTHING: Values = frozenset()
PART: Values = frozenset([("part",)])
MADE: Values = frozenset([("made",)])


def sliced(site: Term) -> Term:
    """Return the site of the container of which slices were taken; of anything but a slice, its own."""
    while site[:1] == ("copy",) and isinstance(site[2], str):
        site = site[1]
    return site


def copied(site: Term) -> Term:
    """Return the site of the container that was copied first: a copy of a copy is one of that."""
    while site[:1] == ("copy",):
        site = site[1]
    return site


def asked_of(term: Term) -> Term | None:
    """Return the term of the container that a term looks into."""
    if term[0] == "op" and term[1] in {"in", "not in"}:
        return term[2][1]  # type: ignore[no-any-return]
    if term[0] == "call" and term[1][0] == "attr" and term[1][2] in {"get", "__contains__"}:
        return term[1][1]  # type: ignore[no-any-return]
    return term[1] if term[0] == "elem" else None
