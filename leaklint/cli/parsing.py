"""Argument parsing whose every mistake is one line, with the nearest known word."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import NoReturn

from leaklint.config import closest

_CHOICE = re.compile(r"invalid choice: '([^']*)' \(choose from (.+)\)")


class UsageError(Exception):
    """A command line that cannot be obeyed. The text is one line that says what is wrong and the way out."""


class Parser(argparse.ArgumentParser):
    """``argparse`` that raises ``UsageError`` instead of printing usage, and that never guesses at abbreviations.

    With ``takes_command`` what follows ``--`` is another program's command line, left as it is in ``command``.
    """

    takes_command = False

    def __init__(self, prog: str, description: str) -> None:
        """Make a parser named ``prog``; ``description`` opens its help."""
        super().__init__(
            prog=prog,
            description=description,
            allow_abbrev=False,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    def error(self, message: str) -> NoReturn:
        """Raise ``UsageError`` for what argparse found wrong, with the nearest of the words it could have been."""
        choice = _CHOICE.search(message)
        near = closest(choice[1], re.findall(r"[^\s,']+", choice[2])) if choice else ""
        raise UsageError(message + near)

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse all of ``words``; raises ``UsageError`` for an option or argument that is not known."""
        given, command = list(words), None
        if self.takes_command and "--" in given:
            place = given.index("--")
            given, command = given[:place], given[place + 1 :]
        args, unknown = self.parse_known_intermixed_args(given)
        args.command = command
        if unknown:
            word = next((item for item in unknown if item.startswith("-")), unknown[0])
            name = word.split("=", 1)[0]
            kind = "option" if word.startswith("-") else "argument"
            raise UsageError(f"unknown {kind} {name}{closest(name, self.option_names())}")
        return args

    def declared(self) -> tuple[argparse.Action, ...]:
        """Return the arguments that help shows."""
        return tuple(action for action in self._actions if action.help != argparse.SUPPRESS)

    def option_names(self) -> tuple[str, ...]:
        """Return every long option that help shows."""
        return tuple(name for action in self.declared() for name in action.option_strings if name.startswith("--"))


def words(values: Iterable[str] | None) -> tuple[str, ...]:
    """Split option values at commas and flatten repeated options: ``--select LK1,LK2 --select LK4``."""
    return tuple(word.strip() for value in values or () for word in value.split(",") if word.strip())
