"""The flake8 plugin: ``flake8 --select=LK`` prints what ``leaklint check`` finds, at the same place.

What was found in a text is remembered; else its value flow is followed together with that of the files it imports. The rules
are only imported where something may be kept, and libcst for the repair of a finding. Settings come from flake8's own options
and files; what a project declares as facts is read from its ``pyproject.toml``, as ``leaklint check`` does. flake8 applies ``#
noqa`` itself; the rules' findings pass through leaklint's own reading of it too, because a finding may span lines that flake8
does not look at.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from leaklint import __version__

if TYPE_CHECKING:
    import argparse

    from leaklint.cache.singles import Singles
    from leaklint.config import Settings

_LEVELS = ("high", "medium", "low")
_FACTS = {
    "bounded-classes": "classes (dotted names) whose containers evict",
    "weak-containers": "classes (dotted names) whose containers hold weakly",
    "registrars": "functions (dotted names) that keep their argument for good",
    "singletons": "classes (dotted names) that are made once",
}


class Plugin:
    """One file's check, as flake8 asks for it: made with the file's tree, name and lines, then run once."""

    name = "flake8-leaklint"
    version = __version__
    settings: ClassVar[Settings | None] = None
    memory: ClassVar[Singles | None] = None

    def __init__(self, tree: ast.Module, filename: str, lines: Sequence[str]) -> None:
        """Keep what ``run`` needs; nothing is read yet."""
        self._tree = tree
        self._filename = filename
        self._lines = lines

    @classmethod
    def add_options(cls, manager: Any) -> None:
        """Register the options, each also a key of flake8's configuration files."""
        manager.add_option(
            "--leaklint-confidence",
            default="medium",
            choices=_LEVELS,
            parse_from_config=True,
            help="the lowest confidence of LK findings to report (default: medium)",
        )
        manager.add_option(
            "--leaklint-cache-dir",
            default="",
            metavar="FOLDER",
            parse_from_config=True,
            help="where LK remembers findings (default: $LEAKLINT_CACHE_DIR, else .leaklint_cache)",
        )
        manager.add_option(
            "--leaklint-no-cache",
            action="store_true",
            default=False,
            parse_from_config=True,
            help="LK: remember nothing between runs",
        )
        manager.add_option(
            "--leaklint-isolated",
            action="store_true",
            default=False,
            parse_from_config=True,
            help="LK: read no facts from pyproject.toml and from installed packages",
        )
        for name, text in _FACTS.items():
            manager.add_option(
                f"--leaklint-{name}",
                default="",
                metavar="NAMES",
                comma_separated_list=True,
                parse_from_config=True,
                help=f"LK: {text}",
            )

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Keep the values for the files to come. Raises flake8's ``ExecutionError`` for what cannot be used."""
        if options.leaklint_confidence not in _LEVELS:  # flake8 checks the command line's choices, not its files'
            text = f"leaklint-confidence is {options.leaklint_confidence!r}; it must be one of {', '.join(_LEVELS)}"
            raise _refusal(text)
        facts = _facts(options)
        cls.settings = _settings(confidence=options.leaklint_confidence, noqa=not options.disable_noqa, **facts)
        cls.memory = None
        if not options.leaklint_no_cache:  # flake8's processes are made from this one, and find it there
            from leaklint.cache.folder import Folder
            from leaklint.cache.singles import Singles

            cls.memory = Singles(Folder(_cache_dir(options.leaklint_cache_dir)))

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """Yield line (from 1), column (from 0, in characters), text and plugin of each finding."""
        from leaklint.paths import is_test, relative

        if is_test(relative(self._filename)):  # what tests fill, their own process frees
            return
        text, settings = "".join(self._lines), self.settings or _settings()
        if self.memory is not None:
            rows = self.memory.rows(text, self._tree, self._filename, settings)
        else:
            from leaklint import single

            rows = single.rows(text, self._tree, self._filename, settings)
        for line, column, message in rows:
            yield line, column - 1, message, type(self)


def _facts(options: argparse.Namespace) -> dict[str, Any]:
    """Return what flake8's options and, unless they forbid it, the project's own file and installed packages declare."""
    import os

    from leaklint.config import ConfigError, Settings, load

    try:
        own = Settings() if options.leaklint_isolated else load(os.getcwd())
    except ConfigError as error:
        raise _refusal(str(error)) from error
    keys = [name.replace("-", "_") for name in _FACTS]
    facts = {key: (*getattr(options, f"leaklint_{key}"), *getattr(own, key)) for key in keys}
    return {**facts, "contracts": own.contracts}


def _refusal(message: str) -> Exception:
    from flake8.exceptions import ExecutionError

    error: Exception = ExecutionError(message)
    return error


def _settings(**options: Any) -> Settings:
    import os

    from leaklint.config import Settings

    return Settings(root=os.getcwd(), **options)


def _cache_dir(named: str) -> str:
    import os

    from leaklint.cache.keys import NAME, VARIABLE

    return named or os.environ.get(VARIABLE) or NAME
