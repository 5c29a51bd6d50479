"""A container on a class stores `self`: the repair and the experiment for it."""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.drafts.leaks import Context
from leaklint.drafts.telling import tell
from leaklint.model import Finding

CODE = "LK101"
NAME = "class-registry-of-self"


def find(context: Context) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    return (tell(context, leak, NAME) for leak in context.leaks_of(CODE))
