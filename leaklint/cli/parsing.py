"""Argument parsing whose every mistake is one line, with the nearest known word."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from leaklint.cli.usage import UsageError
from leaklint.nearest import closest

_CHOICE = re.compile(r"invalid choice: '([^']*)' \(choose from (.+)\)")


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help as wide as the terminal. ``argparse`` makes one for each option, and asks ``shutil``, which loads all archivers."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    text = os.environ.get("COLUMNS", "")
    if text.isdecimal() and int(text):
        return int(text)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or 80  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):  # no terminal
        return 80


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
            formatter_class=_Help,
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


def positive(text: str) -> int:
    """Read a whole number above 0. Raises ``ArgumentTypeError``, as the other readers of one option's value do."""
    value = int(text) if text.isdecimal() else 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text}")
    return value


def seconds(text: str) -> float:
    """Read a number of seconds above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, not {text}")
    return value


def megabytes(text: str) -> int:
    """Read a limit in whole megabytes; 0 stands for no limit."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number of megabytes, 0 for no limit, not {text}")
    return int(text)


def picture(*endings: str) -> Callable[[str], str]:
    """Return a reader of file names that end in one of ``endings``."""

    def read(text: str) -> str:
        if not text.endswith(endings):
            raise argparse.ArgumentTypeError(f"must end in {' or '.join(endings)}, not {text}")
        return text

    return read
