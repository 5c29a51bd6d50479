"""Command lines that cannot be obeyed, and those without options: for these argparse would take longer than the work."""

from __future__ import annotations

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any


class UsageError(Exception):
    """A command line that cannot be obeyed. The text is one line that says what is wrong and the way out."""


def words(values: Iterable[str] | None) -> tuple[str, ...]:
    """Split option values at commas and flatten repeated options: ``--select LK1,LK2 --select LK4``."""
    return tuple(word.strip() for value in values or () for word in value.split(",") if word.strip())


class Plain:
    """Takes the arguments that a command declares, as ``argparse.ArgumentParser`` does, and notes what they are by default."""

    def __init__(self) -> None:
        """Begin with no arguments."""
        self._defaults: dict[str, Any] = {}
        self._positional: list[tuple[str, Any]] = []

    def add_argument(self, *names: str, **told: Any) -> None:
        """Take an argument."""
        longest = next((name for name in names if name.startswith("--")), names[0])
        name = longest.lstrip("-").replace("-", "_")
        self._defaults[name] = told.get("default", False if told.get("action") == "store_true" else None)
        if longest == names[0] and not longest.startswith("-"):
            self._positional.append((name, told.get("nargs")))

    def add_argument_group(self, *title: str) -> Plain:
        """Groups are for help, which nobody asks for here."""
        return self

    def add_mutually_exclusive_group(self) -> Plain:
        """Of options that nobody has given none excludes another."""
        return self

    def parsed(self, given: Sequence[str]) -> dict[str, Any] | None:
        """Return what argparse would make of ``given`` if that is paths alone, else None."""
        if len(self._positional) != 1 or any(word.startswith("-") for word in given):
            return None
        ((name, count),) = self._positional
        return {**self._defaults, name: list(given), "command": None} if count == "*" else None
