"""The repairs as libcst codemod commands: ``python -m libcst.tool codemod -x leaklint.codemods.FixCommand PATH...``.

Each command changes the file it is given and nothing else, so a repair that has to change several files is not made;
``leaklint fix`` makes those. The whole project is read all the same: uses in other files decide what is safe.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import libcst as cst
from libcst.codemod import CodemodCommand, CodemodContext, SkipFile

from leaklint.config import Settings, load
from leaklint.engine import check, relative
from leaklint.fixing import FixOptions, plan
from leaklint.model import Report
from leaklint.source import Source, SourceError

__all__ = ["BoundMemosCommand", "CachedMethodsCommand", "FixCommand", "WeakContainersCommand"]


class FixCommand(CodemodCommand):
    """Make every repair that leaklint offers."""

    DESCRIPTION = "Repair the leak-prone patterns that leaklint finds."
    CODES: ClassVar[tuple[str, ...]] = ("LK",)

    @staticmethod
    def add_args(arg_parser: argparse.ArgumentParser) -> None:
        """Declare the options of the command."""
        arg_parser.add_argument(
            "--unsafe-fixes", action="store_true", help="make also the repairs that assume something"
        )
        text = "the folder whose files may use what is repaired (default: the working directory)"
        arg_parser.add_argument("--project", metavar="FOLDER", default=".", help=text)

    def __init__(self, context: CodemodContext, unsafe_fixes: bool = False, project: str = ".") -> None:
        """Make a command for the file of ``context``."""
        super().__init__(context)
        self.unsafe_fixes = unsafe_fixes
        self.project = project

    def transform_module_impl(self, tree: cst.Module) -> cst.Module:
        """Return the module with its repairs made; raises ``SkipFile`` for what leaklint cannot read."""
        name = self.context.filename
        if not name:
            raise SkipFile("leaklint needs to know the file's name")
        path, text = relative(name), tree.code
        source = Source(path, text)
        try:
            source.tree  # noqa: B018
        except SourceError as error:
            raise SkipFile(f"{path}: {error.message}") from error
        settings = replace(load(Path(name).absolute().parent), select=self.CODES)
        paths = tuple(dict.fromkeys((self.project, name)))
        options = FixOptions(
            paths, self.unsafe_fixes, lambda other: "" if other == path else "another file would change, too"
        )
        whole = os.path.abspath(name)

        def again(paths: Sequence[str], settings: Settings, texts: Mapping[str, str]) -> Report:
            found = check(paths, settings, {whole: text, **texts})
            return Report(tuple(one for one in found.findings if one.path == path), found.problems, found.summary)

        done = plan(again(paths, settings, {}), settings, options, again, {path: source})
        after = next((change.after for change in done.changes if change.path == path), text)
        return cst.parse_module(after, config=tree.config_for_parsing)


class WeakContainersCommand(FixCommand):
    """Make the containers weak that keep instances alive."""

    DESCRIPTION = "Hold instances weakly where a class or module keeps them in a container."
    CODES = ("LK101", "LK102", "LK103", "LK201", "LK202", "LK203")


class CachedMethodsCommand(FixCommand):
    """Move the caches of methods to the instances."""

    DESCRIPTION = "Cache what methods return on the instance instead of in functools.lru_cache."
    CODES = ("LK301",)


class BoundMemosCommand(FixCommand):
    """Bound the memos that only grow."""

    DESCRIPTION = "Bound the memos of a module that only grow."
    CODES = ("LK204",)
