"""What a file's path tells of it."""

from __future__ import annotations

import os
from collections.abc import Iterable

_FOLDERS = frozenset({"tests", "test", "testing", "_tests", "unittests", "testsuite"})

_COMMAND_FOLDERS = frozenset({"cli", "scripts", "bin", "examples"})
_COMMAND_FILES = frozenset({"cli.py", "__main__.py", "setup.py"})


def is_test(path: str) -> bool:
    """Tell whether a file belongs to a test suite, by its name or by its folders below the working directory."""
    parts = path.replace("\\", "/").split("/")
    name = parts[-1]
    if name.startswith("test_") or name.endswith("_test.py") or name in {"conftest.py", "tests.py"}:
        return True
    return not path.startswith("/") and bool(_FOLDERS & set(parts[:-1]))


def is_command(path: str) -> bool:
    """Tell whether a file belongs to a command line or is an example, by its name or folders: its process ends with it."""
    parts = path.replace("\\", "/").split("/")
    return parts[-1] in _COMMAND_FILES or (not path.startswith("/") and bool(_COMMAND_FOLDERS & set(parts[:-1])))


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
