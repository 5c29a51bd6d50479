"""Which findings a run shows: codes, confidence and per-file ignores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from leaklint.config import LEVELS, Settings
from leaklint.model import Finding

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


def shown(finding: Finding, settings: Settings) -> bool:
    """Tell whether the settings select the finding's code, admit its confidence, and do not ignore it in its file."""
    if LEVELS.index(finding.confidence) > LEVELS.index(settings.confidence) or not chosen(finding.code, settings):
        return False
    return not any(
        finding.code.startswith(codes) and matches(finding.path, pattern, settings.root)
        for pattern, codes in settings.per_file_ignores
    )


def chosen(code: str, settings: Settings) -> bool:
    """Tell whether ``code`` is selected; the longest matching prefix decides, and ``ignore`` wins a tie."""
    return _reach(code, (*settings.select, *settings.extend_select)) > _reach(code, settings.ignore)


def matches(path: str, pattern: str, root: str) -> bool:
    """Tell whether ``pattern`` covers ``path`` (absolute, or relative to the working directory).

    Patterns are those of ``.gitignore``: one without a slash is compared with every part of the path (``tests``,
    ``*_pb2.py``); one with a slash with the path from ``root`` on, and covers what lies below it (``src/legacy``,
    ``**/generated/*.py``). ``*`` and ``?`` stay inside one part, ``**`` spans several.
    """
    return covers((pattern,), below(path, root))


def below(path: str, root: str) -> str:
    """Return ``path`` as patterns read it: from ``root`` on, every part led by a slash; the root itself is empty."""
    relative = os.path.relpath(os.path.abspath(path), root or os.getcwd())
    return "" if relative == os.curdir else "/" + relative.replace(os.sep, "/")


def covers(patterns: tuple[str, ...], inner: str) -> bool:
    """Tell whether one of ``patterns`` covers the path that ``below`` gives as ``inner``, or a folder above it."""
    names = plain_names(patterns)
    if not names.isdisjoint(inner.split("/")):
        return True
    others = tuple(pattern for pattern in patterns if pattern not in names)
    return bool(others) and _compiled(others).match_file(inner)


def pruned(patterns: tuple[str, ...], top: str) -> Callable[[str, str], bool]:
    """Return a test for a walk that prunes: of an entry's name, and of what ``below`` gives for it (folders with a slash).

    The walk begins at ``top``, as ``below`` gives it: patterns of paths that cover it do not count, for it was named.
    """
    names = plain_names(patterns)
    others = tuple(pattern for pattern in patterns if pattern not in names and not covers((pattern,), top))
    if not others:
        return lambda name, inner: name in names
    match = _compiled(others).match_file
    return lambda name, inner: name in names or match(inner)


def plain_names(patterns: Iterable[str]) -> frozenset[str]:
    """Return those patterns that are names, without anything that stands for more than itself."""
    return frozenset(pattern for pattern in patterns if _SPECIAL.isdisjoint(pattern))


_SPECIAL = frozenset("/\\*?[!# ")


@lru_cache(maxsize=64)
def _compiled(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    from leaklint.ignoring import spec_of

    shown = (pattern.replace(os.sep, "/").removeprefix("./") for pattern in patterns)
    return spec_of(["\\" + pattern if pattern.startswith(("!", "#")) else pattern for pattern in shown])


def _reach(code: str, prefixes: tuple[str, ...]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=0)
