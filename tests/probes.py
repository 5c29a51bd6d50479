"""Findings with probes for programs that tests write: just what the static side would hand over."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from leaklint.model import Finding, Probe, fingerprint

#: Each program of a list is run by every interpreter that is to run the list; else some interpreters share it out.
THOROUGH = os.environ.get("LEAKLINT_TESTS") == "search"
VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def finding(root: Path, module: str, container: str, kind: str = "dict", **more: str) -> Finding:
    """Return a finding on ``container`` of ``module`` below ``root``; ``more`` are further fields of its probe.

    ``subject`` is a class of that module. Without ``trigger`` it is made; without ``track`` it is watched.
    """
    symbol = f"{module}:{container}"
    file = root / (module.replace(".", "/") + ".py")
    subject = more.pop("subject", "")
    fields = {"trigger": "construct", "track": "subject", "code": "LK101", **more}
    mark = fingerprint(fields["code"], f"{symbol}{subject}{fields}", kind)
    probe = Probe(
        symbol=symbol,
        fingerprint=mark,
        root=str(root),
        module=module,
        file=str(file),
        container=container,
        container_kind=kind,
        subject=f"{module}:{subject}" if subject else "",
        **fields,
    )
    return Finding(fields["code"], "test", str(file), 1, 1, 1, 2, symbol, "kept", "high", mark, probe=probe)


def interpreters(versions: Iterable[str] = VERSIONS) -> Iterator[str]:
    """Yield the interpreters of these versions that this machine has: on the path, or side by side under pyenv."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    for version in versions:
        found = sorted(root.glob(f"{version}.*/bin/python")) if root.is_dir() else []
        place = shutil.which(f"python{version}") if not found else str(found[-1])
        if place:
            yield place


def others() -> list[str]:
    """Return the interpreters of other versions than this one, the oldest first."""
    here = "{}.{}".format(*sys.version_info[:2])
    return list(interpreters(version for version in VERSIONS if version != here))


def ends() -> list[str]:
    """Return the oldest and the newest of the others: for what takes long, where they differ most."""
    return others()[:1] + others()[1:][-1:]
