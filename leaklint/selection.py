"""Which findings a run shows: codes, confidence and per-file ignores."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from functools import lru_cache

from leaklint.config import LEVELS, Settings
from leaklint.model import Finding


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

    A pattern without a slash is compared with every part of the path (``tests``, ``*_pb2.py``); one with a slash with
    the path from ``root`` on, and covers what lies below it (``src/legacy``, ``**/generated/*.py``). ``*`` and ``?``
    stay inside one part, ``**`` spans several.
    """
    return covering((pattern,)).search(below(path, root)) is not None


def below(path: str, root: str) -> str:
    """Return ``path`` as patterns read it: from ``root`` on, every part led by a slash; the root itself is empty."""
    relative = os.path.relpath(os.path.abspath(path), root or os.getcwd())
    return "" if relative == os.curdir else "/" + relative.replace(os.sep, "/")


@lru_cache(maxsize=64)
def covering(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Return an expression whose search in what ``below`` gives tells whether a pattern covers that path."""
    return _compiled(patterns, r"(?:/|\Z)")


def pruned(patterns: tuple[str, ...]) -> Callable[[str, str], bool]:
    """Return a test of a folder's entry, given its name and what ``below`` gives for it, for a walk that prunes.

    Unlike ``covering`` a pattern has to reach the last part, so that a folder that was named by hand is entered.
    """
    names = frozenset(pattern for pattern in patterns if _SPECIAL.isdisjoint(pattern))
    others = tuple(pattern for pattern in patterns if pattern not in names)
    if not others:
        return lambda name, inner: name in names
    search = _compiled(others, r"\Z").search
    return lambda name, inner: name in names or search(inner) is not None


def _compiled(patterns: tuple[str, ...], end: str) -> re.Pattern[str]:
    return re.compile("|".join(_expression(pattern) + end for pattern in patterns) or r"(?!)", re.DOTALL)


def _expression(pattern: str) -> str:
    plain = pattern.replace(os.sep, "/").removeprefix("./")
    start = r"\A/" if "/" in plain.rstrip("/") else "/"
    return start + re.sub(_PIECE, _translate, plain.strip("/"), flags=re.DOTALL)


_SPECIAL = frozenset("/\\*?[")
_PIECE = r"\*\*/|\*\*|\*|\?|\[[^\]/]+\]|."


def _translate(match: re.Match[str]) -> str:
    text = match[0]
    simple = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    if text in simple:
        return simple[text]
    if len(text) == 1:
        return re.escape(text)
    negated = text[1] in "!^" and len(text) > 3
    inside = re.sub(r"([\\\[&~|^])", r"\\\1", text[1 + negated : -1])
    members = f"[{'^/' if negated else ''}{inside}]"
    try:
        re.compile(members)
    except re.error:  # a range that runs backwards is meant as its characters
        return re.escape(text)
    return members


def _reach(code: str, prefixes: tuple[str, ...]) -> int:
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=0)
