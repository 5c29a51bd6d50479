"""``leaklint cache``: where what runs remember is kept, and how to be rid of it."""

from __future__ import annotations

import argparse
import sys

from leaklint.cli import options
from leaklint.cli.usage import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``run``."""
    parser.add_argument("action", choices=("dir", "clear"), help="print the folder, or delete what is in it")
    options.add_paths(parser)
    options.add_configuration(parser)
    options.add_cache_dir(parser)


def run(args: argparse.Namespace) -> int:
    """Print the cache folder of a project, or clear it; clearing what is not there is no error."""
    from leaklint.cache.folder import Folder

    folder = Folder(options.cache_path(args, options.configured(args)))
    if args.action == "dir":
        sys.stdout.write(f"{folder.path}\n")
        return 0
    entries, size = folder.size()
    try:
        found = folder.clear()
    except OSError as error:
        raise UsageError(f"{folder.path}: cannot be cleared: {error.strerror or error}") from error
    text = f"removed {entries} entries ({size / 1_000_000:.1f} MB) from" if found else "nothing to remove in"
    sys.stdout.write(f"{text} {folder.path}\n")
    return 0
