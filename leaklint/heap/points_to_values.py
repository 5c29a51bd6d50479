"""Points-to sets, and the two that say nothing: of what is not there, and of a part of something unknown."""

from __future__ import annotations

from leaklint.flow.terms import Term

Values = frozenset[Term]
NOTHING: Values = frozenset()
PART: Values = frozenset([("part",)])
