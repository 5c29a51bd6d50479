"""An exception, with its traceback and every frame, is kept in a container that lives as long as the process: the repair and the experiment for it."""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.drafts.leaks import Context
from leaklint.drafts.telling import tell
from leaklint.model import Finding

CODE = "LK403"
NAME = "kept-exception"


def find(context: Context) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    return (tell(context, leak, NAME) for leak in context.leaks_of(CODE))
