"""Virtual environments: of each release, of the peers for each Python, and one that sees both and changes neither."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fetching import MissingEnvironmentError, environment
from fetching import interpreter as interpreter_of

from cases import LeakCase

PEERS = Path(__file__).parent / "peers.txt"
PEER_NAMES = ("memray", "objgraph", "Pympler", "scalene")


def python_of(version: str) -> str:
    """Return the interpreter of a version such as 3.9. Raises ``MissingEnvironmentError``."""
    found = interpreter_of(version)
    if found is None:
        raise MissingEnvironmentError(f"no Python {version} here; 'pyenv install {version}' brings it")
    return found


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
    _environment(folder, case.python, [])
    paths = [site_packages(target), site_packages(tools)]
    text = "import site; " + "; ".join(f"site.addsitedir({str(path)!r})" for path in paths)
    (site_packages(folder) / "both.pth").write_text(f"{text}\n", encoding="utf-8")
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
    environment(folder, python_of(python), pins)
    return folder
