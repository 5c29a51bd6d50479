"""``leaklint demo``: a leak found, proven, repaired and proven gone, by the real commands on a bundled example."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import sys
import tempfile
from pathlib import Path

from leaklint.cli import output
from leaklint.cli import run as run_command
from leaklint.cli.usage import UsageError
from leaklint.demo import PACKAGE, STORY, Step, copy_example
from leaklint.reports.style import Style


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of ``run``."""
    text = "write the example's program to FOLDER, to try the commands on it by hand, and run nothing"
    parser.add_argument("--copy", type=Path, metavar="FOLDER", help=text)
    output.add_color(parser)


def run(args: argparse.Namespace) -> int:
    """Run the story in a temporary folder. The status is 0 if every command ended as the story says, else 1.

    With ``--copy`` only write the program. Raises ``UsageError`` where that cannot be done.
    """
    if args.copy is not None:
        return _copy(args.copy)
    style = Style(output.wants_color(args.color, sys.stdout))
    with tempfile.TemporaryDirectory(prefix="leaklint-demo-") as temporary:
        copy_example(Path(temporary))
        with contextlib.chdir(temporary):
            agreed = [_tell(step, args.color, style) for step in STORY]
    return output.CLEAN if all(agreed) else output.FOUND


def _copy(folder: Path) -> int:
    target = folder / PACKAGE
    if target.exists():
        raise UsageError(f"{target} exists already; it is left as it is")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        copy_example(folder)
    except OSError as error:
        raise UsageError(f"cannot write {target}: {error.strerror or error}") from error
    output.write(f"wrote {target}\n")
    return output.CLEAN


def _tell(step: Step, color: str, style: Style) -> bool:
    """Print and run one command; tell whether its status was the expected one."""
    output.write(f"\n{style.bold(f'# {step.title}')}\n{style.note(f'$ leaklint {shlex.join(step.words)}')}\n")
    command, *words = step.words
    with contextlib.redirect_stderr(sys.stdout):  # what a command says beside its output stays in its place
        status = run_command(command, [*words, "--color", color])
    sys.stdout.flush()
    if status != step.status:
        output.write(f"leaklint demo: expected status {step.status}, not {status}\n", sys.stderr)
    return status == step.status
