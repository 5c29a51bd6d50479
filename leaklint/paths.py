"""What a file's path tells of it."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable

_FOLDERS = frozenset({"tests", "test", "testing", "_tests", "unittests", "testsuite"})

_PROJECT_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", ".git", ".hg")

_COMMAND_FOLDERS = frozenset({"cli", "scripts", "bin", "examples"})
_COMMAND_FILES = frozenset({"cli.py", "__main__.py", "setup.py"})


def is_test(path: str) -> bool:
    """Tell whether a file belongs to a test suite, by its name or by its folders inside of its project."""
    name = os.path.basename(path)
    if name.startswith("test_") or name.endswith("_test.py") or name in {"conftest.py", "tests.py"}:
        return True
    return not _FOLDERS.isdisjoint(_folders(path))


def is_command(path: str) -> bool:
    """Tell whether a file belongs to a command line or is an example, by its name or folders: its process ends with it."""
    return os.path.basename(path) in _COMMAND_FILES or not _COMMAND_FOLDERS.isdisjoint(_folders(path))


def _folders(path: str) -> list[str]:
    """Return the folders that a file stands in: below the working directory where that is inside of the file's project.

    Looked at from elsewhere they are those below the project or, where nothing marks one, below the import root.
    """
    folder, here = os.path.dirname(os.path.abspath(path)), os.getcwd()
    project = _project(folder)
    if not relative(path).startswith("/") and os.path.commonpath([here, project or here]) == (project or here):
        return os.path.relpath(folder, here).split(os.sep)
    return os.path.relpath(folder, project or module_name(path)[0]).split(os.sep)


@functools.lru_cache(maxsize=4096)
def _project(folder: str) -> str:
    """Return the nearest folder, from one upwards, that a file of its own marks as a project's; empty if there is none."""
    if any(os.path.exists(os.path.join(folder, mark)) for mark in _PROJECT_MARKS):
        return folder
    above = os.path.dirname(folder)
    return _project(above) if above != folder else ""


def relative(file: str | os.PathLike[str]) -> str:
    """Return ``file`` relative to the working directory where it is below it, else absolute, with forward slashes."""
    path = os.path.abspath(file)
    try:
        short = os.path.relpath(path)
    except ValueError:
        return path
    return (path if short.startswith("..") else short).replace(os.sep, "/")


def module_name(file: str | os.PathLike[str]) -> tuple[str, str]:
    """Return the import root of a file and its dotted module name: folders with ``__init__.py`` are packages.

    No import statement can name a file with a colon; there it becomes an underscore, since symbols are ``module:name``.
    """
    path = os.path.abspath(file)
    folder, name = os.path.split(path)
    parts = [] if name == "__init__.py" else [name.removesuffix(".py")]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, last = os.path.split(folder)
        parts.append(last)
        if not last:
            break
    return folder, ".".join(reversed(parts)).replace(":", "_") or "__init__"


def packages(files: Iterable[str]) -> dict[str, str]:
    """Return for each file its import root and package, as one text that stands for both; each folder is asked once."""
    roots: dict[str, str] = {}

    def root_of(folder: str) -> str:
        above = []
        while folder not in roots:
            parent = os.path.dirname(folder)
            if parent == folder or not os.path.isfile(os.path.join(folder, "__init__.py")):
                roots[folder] = folder
                break
            above.append(folder)
            folder = parent
        for inner in above:
            roots[inner] = roots[folder]
        return roots[folder]

    return {file: root_of(os.path.dirname(os.path.abspath(file))) for file in files}
