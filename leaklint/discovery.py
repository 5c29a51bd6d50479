"""Which files a run reads: the paths that were named, and the Python files below named folders."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence

from leaklint.config import DEFAULT_EXCLUDE, Settings
from leaklint.ignoring import NAME, Ignoring, rules_above, rules_of
from leaklint.model import Problem
from leaklint.selection import below, covers, pruned

SUFFIX = ".py"


def discover(
    paths: Sequence[str | os.PathLike[str]], settings: Settings, searched: list[str] | None = None
) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Return the files to read, and what stood in the way, each sorted by path.

    A named file is read whatever its suffix and even where an exclude covers it (``force_exclude`` lets excludes win).
    Folders give the regular ``.py`` files below them, without what Git ignores (``respect_gitignore``); linked folders
    are not entered, so no loop is. Paths keep the form they were named in (relative stays relative); a file that is
    reached twice is returned once. A missing path, an unreadable folder, a pipe or device, a dangling or circular link,
    and a folder without a Python file are problems.
    ``searched`` takes the folders whose entries were looked at.
    """
    found: dict[str, str] = {}
    problems: list[Problem] = []
    for named in paths:
        for item in _expand(os.path.normpath(named), settings, searched if searched is not None else []):
            if isinstance(item, Problem):
                problems.append(item)
            else:
                found.setdefault(os.path.abspath(item), item)
    unique = dict.fromkeys(problems)
    return tuple(sorted(found.values())), tuple(sorted(unique, key=lambda item: (item.path, item.message)))


def excluded(path: str, settings: Settings) -> bool:
    """Tell whether the excludes cover ``path`` or a folder above it."""
    given, usual = _excludes(settings)
    inner = below(path, settings.root)
    parts = inner.split("/")
    folders = (os.path.join(settings.root, *parts[: number + 1]) for number, part in enumerate(parts) if part in usual)
    return covers(given, inner) or not all(map(_is_package, folders))


def _excludes(settings: Settings) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the patterns that the project gives, and names of folders that are passed over unless they are packages."""
    if settings.exclude == DEFAULT_EXCLUDE:
        return settings.extend_exclude, frozenset(DEFAULT_EXCLUDE)
    return (*settings.exclude, *settings.extend_exclude), frozenset()


def _is_package(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, "__init__.py"))


def _expand(named: str, settings: Settings, searched: list[str]) -> Iterator[str | Problem]:
    kind = _kind(named)
    if isinstance(kind, Problem):
        yield kind
    elif settings.force_exclude and excluded(named, settings):
        return
    elif stat.S_ISREG(kind):
        yield named
    else:
        items = list(_walk(named, settings, searched))
        if not items:
            yield Problem(named, 0, f"no Python files found under {named}")
        yield from items


def _walk(top: str, settings: Settings, searched: list[str]) -> Iterator[str | Problem]:
    """Yield files and problems below ``top``; an explicit stack, since trees may be deeper than the call stack."""
    shown = below(top, settings.root)
    given, usual = _excludes(settings)
    skip = pruned(given, shown)
    rules = rules_above(os.path.abspath(top)) if settings.respect_gitignore else None
    stack: list[tuple[str, str, Ignoring | None]] = [(top, shown, rules)]
    while stack:
        folder, shown, rules = stack.pop()
        searched.append(folder)
        try:
            with os.scandir(folder) as entries:
                listed = list(entries)
        except OSError as error:
            yield Problem(folder, 0, f"cannot read the folder: {error.strerror}")
            continue
        if settings.respect_gitignore and any(entry.name == NAME for entry in listed):
            rules = rules_of(os.path.abspath(folder), rules)
        absolute = os.path.abspath(folder) if rules is not None else ""
        for entry in listed:
            is_folder = entry.is_dir(follow_symlinks=False)
            end = "/" if is_folder else ""
            if not is_folder and not entry.name.endswith(SUFFIX):
                continue
            path = os.path.join(folder, entry.name) if folder != os.curdir else entry.name
            if skip(entry.name, f"{shown}/{entry.name}{end}") or (entry.name in usual and not _is_package(path)):
                continue
            if rules is not None and rules.ignores(os.path.join(absolute, entry.name) + end):
                continue
            if is_folder:
                stack.append((path, f"{shown}/{entry.name}", rules))
            else:
                yield from _file(path, entry)


def _file(path: str, entry: os.DirEntry[str]) -> Iterator[str | Problem]:
    if entry.is_file(follow_symlinks=False):
        yield path
        return
    kind = _kind(path)
    if isinstance(kind, Problem):
        yield kind
    elif stat.S_ISREG(kind):
        yield path


def _kind(path: str) -> int | Problem:
    """Return the mode of a regular file or folder, links followed, or why ``path`` is neither."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        return Problem(path, 0, _missing(path, error))
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return mode
    names = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
    return Problem(path, 0, f"is {names.get(stat.S_IFMT(mode), 'no regular file')}; only files and folders are read")


def _missing(path: str, error: OSError | ValueError) -> str:
    if not isinstance(error, OSError):
        return f"not a path: {error}"
    if error.errno == errno.ELOOP:
        return "a symbolic link that leads back to itself"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "a symbolic link to nothing" if os.path.islink(path) else "no such file or folder"
    return f"cannot be read: {error.strerror}"
