"""Command lines that cannot be obeyed, and option values that are lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class UsageError(Exception):
    """A command line that cannot be obeyed. The text is one line that says what is wrong and the way out."""


def words(values: Iterable[str] | None) -> tuple[str, ...]:
    """Split option values at commas and flatten repeated options: ``--select LK1,LK2 --select LK4``."""
    return tuple(word.strip() for value in values or () for word in value.split(",") if word.strip())
