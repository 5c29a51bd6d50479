"""Contracts that installed packages bring along: a file ``leaklint.toml`` in the package, read as data and never imported.

Looked at are the packages of the environment that is active (``VIRTUAL_ENV``), of the project's own (``.venv`` or ``venv``
beside its configuration), or else of the Python that runs leaklint.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing's own would load typing
if TYPE_CHECKING:
    from collections.abc import Iterator

    from leaklint.contracts.model import Package

FILE = "leaklint.toml"
_known: dict[tuple[str, int], Package] = {}  # by path and time


def environments(root: str) -> list[str]:
    """Return the folders in which an environment of the project may be, the first that counts first."""
    active = os.environ.get("VIRTUAL_ENV", "")
    return [*([active] if active else []), os.path.join(root, ".venv"), os.path.join(root, "venv")]


def folders(root: str) -> list[str]:
    """Return the folders of installed packages beside a project."""
    for environment in environments(root):
        found = list(_sites(environment))
        if found:
            return found
    return [path for path in sys.path if os.path.basename(path) in {"site-packages", "dist-packages"}]


def _sites(environment: str) -> Iterator[str]:
    libraries = os.path.join(environment, "lib")
    try:
        names = sorted(os.listdir(libraries))
    except OSError:
        names = []
    for folder in (*(os.path.join(libraries, name) for name in names), os.path.join(environment, "Lib")):
        site = os.path.join(folder, "site-packages")
        if os.path.isdir(site):
            yield site


def files(root: str) -> list[str]:
    """Return the files of contracts of the installed packages, by name."""
    found = []
    for folder in folders(root):
        try:
            names = sorted(os.listdir(folder))
        except OSError:
            continue
        for name in names:
            path = os.path.join(folder, name, FILE)
            if "." not in name and os.path.isfile(path):
                found.append(path)
    return found


def installed(root: str) -> tuple[Package, ...]:
    """Return what installed packages say of themselves; of a file that cannot be used, what is wrong with it."""
    return tuple(_read(path) for path in files(root))


def watched(root: str) -> list[str]:
    """Return the places whose change may change what installed packages say."""
    return [*environments(root), *folders(root), *files(root)]


def _read(path: str) -> Package:
    from leaklint.contracts.model import Package
    from leaklint.contracts.reader import ContractError, parsed

    top = os.path.basename(os.path.dirname(path))
    try:
        key = (path, os.stat(path).st_mtime_ns)
        if key not in _known:
            with open(path, encoding="utf-8") as stream:
                _known[key] = parsed(stream.read(), path, top)
        package = _known[key]
    except (OSError, UnicodeDecodeError, ContractError) as error:
        return Package(top, problem=(path, str(error).removeprefix(f"{path}: ")))
    strange = next((name for name in package.names if name.partition(".")[0] != top), "")
    return Package(top, problem=(path, f"{strange}: speaks of another package")) if strange else package
