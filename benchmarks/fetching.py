"""Releases fetched from pip's index and unpacked, and interpreters, for every benchmark that reads or runs real packages."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

PREFER_BINARY = ("--prefer-binary",)
ONLY_BINARY = ("--only-binary", ":all:")
ONLY_SOURCE = ("--no-binary", ":all:")
_LOCKS: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class MissingEnvironmentError(Exception):
    """An environment cannot be made here; the text says why."""


def unpacked(pin: str, cache: Path, options: tuple[str, ...] = PREFER_BINARY) -> Path:
    """Return the folder below ``cache`` with the files of ``name==version``, fetched if it is not there yet."""
    folder = cache / "sources" / pin
    if not folder.exists():
        downloaded(pin, cache / "files" / pin, options)
        extract(cache / "files" / pin, folder)
    return folder


def downloaded(
    pin: str, folder: Path, options: tuple[str, ...] = PREFER_BINARY, python: str | Path = sys.executable
) -> Path:
    """Fetch a release, without what it needs, into ``folder``; return its archive. Raises ``CalledProcessError``."""
    if not folder.is_dir() or not any(folder.iterdir()):
        words = [str(python), "-m", "pip", "download", "--quiet", "--no-deps", *options, "--dest", str(folder), pin]
        try:
            subprocess.run(words, check=True, capture_output=True, text=True)
        except subprocess.CalledProcessError as error:
            error.add_note(error.stderr)
            raise
    return next(folder.iterdir())


def interpreter(version: str) -> str | None:
    """Return an interpreter of a version, from pyenv or from the path; None if there is none."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
    found = sorted(root.glob(f"{version}.*/bin/python")) if root.is_dir() else []
    return str(found[-1]) if found else shutil.which(f"python{version}")


def extract(files: Path, folder: Path) -> None:
    """Unpack every archive in ``files`` into ``folder``, which is there afterwards as a whole or not at all."""
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    for archive in sorted(files.iterdir()):
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                wheel.extractall(part)
        else:
            with tarfile.open(archive) as source:
                source.extractall(part, filter="data")
    part.rename(folder)


def environment(folder: Path, base: str | Path, wants: Sequence[str], seconds: float = 1800) -> Path:
    """Return the interpreter of an environment in ``folder`` in which pip has installed ``wants``, made once.

    Raises ``MissingEnvironmentError``, now and until the folder is removed, if that fails or takes longer.
    """
    python = folder / "bin" / "python"
    with _LOCKS[str(folder)]:
        if (folder / ".failed").exists():
            raise MissingEnvironmentError(f"{folder.name} could not be made; remove {folder} to try again")
        if not (folder / ".ok").exists():
            print(f"making {folder}", file=sys.stderr, flush=True)
            venv = [str(base), "-m", "venv", "--without-pip", "--clear", str(folder)]
            pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-compile"]
            try:
                _run(venv, 300)
                if wants:
                    _run([*pip, *wants], seconds, folder)
            except (subprocess.SubprocessError, OSError) as error:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / ".failed").touch()
                said = getattr(error, "stderr", "") or str(error)
                raise MissingEnvironmentError(f"{folder.name}: {said.strip()[-500:]}") from error
            (folder / ".ok").touch()
    return python


def _run(words: list[str], seconds: float, folder: Path | None = None) -> None:
    subprocess.run(words, check=True, timeout=seconds, capture_output=True, text=True, cwd=folder)
