"""Virtual environments: of each release, of the peers for each Python, and one that sees both and changes neither."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
from collections import defaultdict
from pathlib import Path

from cases import LeakCase

PEERS = Path(__file__).parent / "peers.txt"
PEER_NAMES = ("memray", "objgraph", "Pympler", "scalene")
_LOCKS: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class MissingEnvironmentError(Exception):
    """An environment cannot be made here; the text says why."""


def python_of(version: str) -> Path:
    """Return the interpreter of a version such as 3.9, on the path or among pyenv's. Raises ``MissingEnvironmentError``."""
    name = shutil.which(f"python{version}")
    if name and subprocess.run([name, "-c", ""], capture_output=True, check=False).returncode == 0:
        return Path(name)
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for path in sorted(root.glob(f"{version}.*/bin/python"), reverse=True):
        return path
    raise MissingEnvironmentError(f"no Python {version} here; 'pyenv install {version}' brings it")


def key(package: str, version: str, python: str, requirements: tuple[str, ...]) -> str:
    """Return the name of a release's folder, which tells requirements apart."""
    pins = "\n".join(sorted(requirements)).encode()
    suffix = f"-{hashlib.sha1(pins).hexdigest()[:8]}" if requirements else ""
    return f"{package}-{version}-py{python}{suffix}"


def release(case: LeakCase, version: str, envs: Path) -> Path:
    """Return the environment with a release of a case. Raises ``MissingEnvironmentError``."""
    folder = envs / key(case.package, version, case.python, case.requirements)
    return _environment(folder, case.python, [f"{case.package}=={version}", *case.requirements])


def peers(python: str, envs: Path) -> Path:
    """Return the environment with the peers for a Python. Raises ``MissingEnvironmentError``."""
    digest = hashlib.sha1(PEERS.read_bytes()).hexdigest()[:8]
    folder = envs / f"peers-{digest}-py{python}"
    return _environment(folder, python, ["--only-binary", "memray,scalene", "-r", str(PEERS)])


def both(case: LeakCase, version: str, envs: Path) -> Path:
    """Return an environment that imports from the release's and then from the peers', of which it has no copy."""
    target, tools = release(case, version, envs), peers(case.python, envs)
    folder = envs / "both" / target.name
    with _LOCKS[str(folder)]:
        if not (folder / ".ok").exists():
            _venv(folder, case.python)
            paths = [site_packages(target), site_packages(tools)]
            text = "import site; " + "; ".join(f"site.addsitedir({str(path)!r})" for path in paths)
            (site_packages(folder) / "both.pth").write_text(f"{text}\n", encoding="utf-8")
            (folder / ".ok").touch()
    return folder


def site_packages(folder: Path) -> Path:
    """Return where the packages of an environment are."""
    return next(iter(sorted(folder.glob("lib/python*/site-packages"))))


def interpreter(folder: Path) -> Path:
    """Return the interpreter of an environment."""
    return folder / "bin" / "python"


def peer_versions(python: str, envs: Path) -> dict[str, str]:
    """Return the version of each peer for a Python."""
    folder = site_packages(peers(python, envs))
    names = {path.name.lower().split("-")[0]: path.name.split("-")[1] for path in folder.glob("*.dist-info")}
    return {name: names[name.lower()].removesuffix(".dist") for name in PEER_NAMES if name.lower() in names}


def _environment(folder: Path, python: str, pins: list[str]) -> Path:
    with _LOCKS[str(folder)]:
        if (folder / ".failed").exists():
            raise MissingEnvironmentError(f"{folder.name} could not be made; remove {folder} to try again")
        if not (folder / ".ok").exists():
            print(f"making {folder}", file=sys.stderr, flush=True)
            try:
                _venv(folder, python)
                pip = [
                    sys.executable,
                    "-m",
                    "pip",
                    "--python",
                    str(interpreter(folder)),
                    "install",
                    "-q",
                    "--no-compile",
                ]
                subprocess.run([*pip, *pins], check=True, timeout=1800, stdout=subprocess.DEVNULL, cwd=folder)
            except (subprocess.SubprocessError, OSError) as error:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / ".failed").touch()
                raise MissingEnvironmentError(f"{folder.name}: {error}") from error
            (folder / ".ok").touch()
    return folder


def _venv(folder: Path, python: str) -> None:
    words = [str(python_of(python)), "-m", "venv", "--without-pip", "--clear", str(folder)]
    subprocess.run(words, check=True, timeout=300)
