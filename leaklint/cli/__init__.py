"""The command line: ``leaklint COMMAND``. Commands are imported when they are asked for.

A command is a module with ``add_arguments(parser)`` and ``run(args) -> int``, which returns the exit status.
"""

from __future__ import annotations

import gc
import os
import sys

from leaklint import __version__

TYPE_CHECKING = False  # typing's own would load typing, which costs as much as a run that only repeats the last
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

#: Name, and what help says of it, in the order that help shows.
COMMANDS: dict[str, str] = {
    "check": "find leak-prone patterns",
    "verify": "prove findings at run time",
    "fix": "repair findings",
    "memory": "tell where the memory of a process went",
    "profile": "tell whether memory grows, how fast, and with which finding",
    "watch": "tell which holders grow in a process that runs",
    "dask": "tell where the memory of a Dask cluster went",
    "contracts": "tell what libraries keep, and prove it against the installed packages",
    "explain": "print the page of a rule",
    "rules": "list the rules",
    "cache": "show or clear what runs remember",
    "baseline": "record today's findings, so that only new ones fail",
    "init": "write a commented configuration",
    "report": "write one HTML page with findings, proofs, repairs and pictures",
    "server": "serve editors (language server protocol)",
    "demo": "show a leak found, proven, repaired and proven gone",
    "completion": "print a completion script for a shell",
}

_HELP = ("-h", "--help", "help")


def main(words: Sequence[str] | None = None) -> int:
    """Run ``leaklint`` with ``words`` (default: the process's arguments) and return the exit status.

    2 stands for wrong usage, a bad configuration and an internal error, each told in one line on standard error. With
    ``LEAKLINT_DEBUG`` in the environment an internal error is raised instead.
    """
    given = list(sys.argv[1:] if words is None else words)
    if words is None and given[:1] == ["check"]:
        gc.disable()  # this process frees nothing before it ends: a collection would look at all that was read
    try:
        try:
            status = _dispatch(given)
        finally:
            sys.stdout.flush()
        if words is None and given[:1] == ["check"]:
            _leave(status)
        return status
    except BrokenPipeError:
        # The reader has gone (``leaklint check | head``); what the interpreter flushes at its end must go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        status = _fail("interrupted", 130)
        if words is None:
            _leave(status)  # where it came while a text was evaluated, the interpreter would end itself by the signal
        return status
    except Exception as error:
        return _explained(error)


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in _HELP:
        sys.stdout.write(_overview())
        return 0 if words else 2
    if words[0] in ("--version", "-V"):
        sys.stdout.write(f"leaklint {__version__}\n")
        return 0
    if words[0] not in COMMANDS:
        from leaklint.cli.usage import UsageError
        from leaklint.nearest import closest

        kind = "option" if words[0].startswith("-") else "command"
        near = closest(words[0], [*COMMANDS, "--version", "--help"])
        raise UsageError(f"unknown {kind} {words[0]}{near}; 'leaklint help' lists the commands")
    if words[0] == "check":
        from leaklint.cache.answers import answered

        status = answered(words[1:])
        if status is not None:
            return status
    return run(words[0], words[1:])


def _leave(status: int) -> None:
    """End the process at once, unless something watches it that would not get to write down what it saw.

    To take the interpreter apart takes a tenth of the time of a check that repeats its answer.
    """
    monitoring = getattr(sys, "monitoring", None)  # from Python 3.12 on
    watched = monitoring is not None and any(monitoring.get_tool(number) for number in range(6))
    if not watched and sys.gettrace() is None and sys.getprofile() is None:
        sys.stderr.flush()
        os._exit(status)


def run(command: str, words: Sequence[str]) -> int:
    """Run one of ``COMMANDS`` with its arguments and return its status; what it raises is passed on."""
    from leaklint.cli.parsing import Parser

    module = load(command)
    parser = Parser(f"leaklint {command}", COMMANDS[command])
    module.add_arguments(parser)
    args = parser.parse(words)
    args.words = list(words)
    status: int = module.run(args)
    return status


def load(command: str) -> ModuleType:
    """Import the module of one of ``COMMANDS``."""
    from importlib import import_module

    return import_module(f"leaklint.cli.{command}")


def _overview() -> str:
    width = max(map(len, COMMANDS))
    rows = "".join(f"  {name:<{width}}  {text}\n" for name, text in COMMANDS.items())
    return (
        "usage: leaklint COMMAND [OPTIONS]\n\n"
        "Find leak-prone patterns in Python, prove each at run time, repair it, and prove the repair.\n\n"
        f"commands:\n{rows}\n"
        "'leaklint COMMAND --help' shows the options of a command, 'leaklint --version' the version.\n"
    )


def _explained(error: Exception) -> int:
    from leaklint.cli.usage import UsageError
    from leaklint.config import ConfigError
    from leaklint.internal import described

    if isinstance(error, (UsageError, ConfigError)):
        return _fail(str(error), 2)
    return _fail(described(error), 2)


def _fail(message: str, status: int) -> int:
    from leaklint.reports.escape import visible

    sys.stderr.write(f"leaklint: {visible(message)}\n")
    return status
