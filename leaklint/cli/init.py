"""``leaklint init``: write a commented configuration to start from."""

from __future__ import annotations

import argparse
import os
import tempfile
import tomllib
from pathlib import Path

from leaklint import config
from leaklint.cli import output
from leaklint.cli.usage import UsageError

TEMPLATE = """\
[tool.leaklint]
# Which rules report: codes (LK101) or prefixes (LK1). 'leaklint rules' lists them. Everything is on by default.
# select = ["LK"]
# extend-select = []
# ignore = ["LK402"]

# The lowest confidence that is shown: "high", "medium" or "low".
# confidence = "medium"

# Paths to pass over beside the usual ones (.git, .venv, build, node_modules, ...). A pattern without a slash is
# compared with every part of a path, one with a slash with the path from this file on.
# extend-exclude = ["vendored", "src/generated/*.py"]

# Whether folders give the files that .gitignore names.
# respect-gitignore = true

# Codes to leave out in some files.
# per-file-ignores = { "tests" = ["LK"], "src/legacy/*.py" = ["LK204"] }

# Findings recorded by 'leaklint baseline', so that only new ones fail.
# baseline = "leaklint-baseline.json"

# What leaklint cannot see in this project, by dotted name.
# bounded-classes = ["mypkg.caches.LruDict"]     # containers of these classes evict
# weak-containers = ["mypkg.weak.Registry"]      # containers of these classes hold their contents weakly
# registrars = ["mypkg.events.subscribe"]        # what is handed to these functions is kept for good
# singletons = ["mypkg.app.Application"]         # made once, so keeping it is no leak

# How 'leaklint verify' makes the objects it watches, and where.
# [tool.leaklint.verify]
# python = ".venv/bin/python"
# [tool.leaklint.verify.factories]
# "mypkg.nlp:Processor" = "tests/factories.py:make_processor"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``run``."""
    parser.add_argument("folder", nargs="?", default=".", metavar="FOLDER", help="default: the working directory")
    parser.add_argument("--stdout", action="store_true", help="print the configuration and write nothing")


def run(args: argparse.Namespace) -> int:
    """Append the template to the folder's ``pyproject.toml``, which is made if it is missing.

    Raises ``UsageError`` if the file already has a ``[tool.leaklint]`` table or cannot be read or written.
    """
    if args.stdout:
        output.write(TEMPLATE)
        return output.CLEAN
    target = Path(args.folder, "pyproject.toml")
    if not target.parent.is_dir():
        raise UsageError(f"no such folder: {target.parent}")
    if config.read(target) is not None:
        raise UsageError(f"{target} has a [tool.leaklint] table already; it is left as it is")
    existing = _read(target)
    separator = "" if not existing else "\n" if existing.endswith("\n") else "\n\n"
    whole = existing + separator + TEMPLATE
    try:
        tomllib.loads(whole.replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"{target} takes no further table: {error}; add it by hand ('leaklint init --stdout')"
        ) from error
    _write(target, whole)
    output.write(f"wrote [tool.leaklint] to {target}\n")
    return output.CLEAN


def _read(target: Path) -> str:
    try:
        return target.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {target}: {error}") from error


def _write(target: Path, text: str) -> None:
    """Replace the file in one step, so that a kill leaves the old or the new one."""
    if "\r\n" in text:
        text = text.replace("\r\n", "\n").replace("\n", "\r\n")
    try:
        real = target.resolve()
        with tempfile.NamedTemporaryFile("wb", dir=real.parent, prefix=".pyproject-", delete=False) as stream:
            stream.write(text.encode())
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(stream.name, real.stat().st_mode & 0o7777 if real.exists() else 0o644)
        os.replace(stream.name, real)
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror}") from error
