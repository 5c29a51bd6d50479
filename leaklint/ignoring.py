"""What Git ignores: the ``.gitignore`` files of the folders of a walk, and of those above it up to the repository's own.

pathspec, which reads the patterns, is loaded where there is one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from leaklint.records import dataclass

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

NAME = ".gitignore"


@dataclass(frozen=True, slots=True)
class Ignoring:
    """The patterns of one folder's ``.gitignore``, and those of the folders ``outside`` of it, which they overrule."""

    folder: str
    spec: GitIgnoreSpec
    outside: Ignoring | None

    def ignores(self, path: str) -> bool:
        """Tell whether the absolute ``path``, which ends with a slash if it is a folder's, is ignored."""
        rules: Ignoring | None = self
        while rules is not None:
            decided = rules.spec.check_file(path[len(rules.folder) :].lstrip(os.sep)).include
            if decided is not None:
                return decided
            rules = rules.outside
        return False


def rules_above(folder: str) -> Ignoring | None:
    """Return the rules that folders above the absolute ``folder`` set for what lies in it, up to its repository's root.

    Where no folder above holds a repository, and where it is ignored itself, there are none: it was named.
    """
    above, inner = [], folder
    while not os.path.exists(os.path.join(inner, ".git")):
        outer = os.path.dirname(inner)
        if outer == inner:
            return None
        above.append(outer)
        inner = outer
    rules: Ignoring | None = None
    for place in reversed(above):
        rules = rules_of(place, rules)
    return None if rules is not None and rules.ignores(os.path.join(folder, "")) else rules


def rules_of(folder: str, outside: Ignoring | None) -> Ignoring | None:
    """Return the rules for what lies in ``folder``: those of its own file before those ``outside``."""
    try:
        with open(os.path.join(folder, NAME), encoding="utf-8", errors="replace") as stream:
            lines = stream.read().splitlines()
    except OSError:
        return outside
    return Ignoring(folder, spec_of(lines), outside)


def spec_of(patterns: Iterable[str]) -> GitIgnoreSpec:
    """Return what matches any of ``patterns``; one that is none is meant as its characters."""
    import re

    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    known = []
    for pattern in patterns:
        try:
            known.append(GitIgnoreSpecPattern(pattern))
        except (ValueError, re.error):
            known.append(GitIgnoreSpecPattern(re.sub(r"([\\\[\]*?!# ])", r"\\\1", pattern)))
    return GitIgnoreSpec(known)
