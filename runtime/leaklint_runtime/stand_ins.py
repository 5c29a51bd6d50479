"""Child processes that are not started: where arguments are guessed, a program that asks for one is answered by a stand-in.

A program that forks goes on as the child, and where it leaves at once, that is an exception.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from typing import Any

from . import early
from .early import ModuleType, contents, is_a
from .passing import LeftError

ANSWER = b"leaklint 1.0\n"
PID = (1 << 30) - 1  # of no process: larger than any that a system gives
started: list[bool] = []


class Process:
    """A child process that has ended already, with status 0 and a line of text; it keeps nothing that it is given."""

    def __init__(self, args: Any = (), *_: Any, **options: Any) -> None:
        """Take what ``subprocess.Popen`` takes."""
        started[:] = [True]
        self.args = "leaklint" if type(args) is str else ["leaklint"]
        self.pid, self.returncode = PID, 0
        names = ("text", "universal_newlines", "encoding", "errors")
        self._is_text = any(bool(options.get(name)) for name in names)
        pipes = {name: options.get(name) == subprocess.PIPE for name in ("stdin", "stdout", "stderr")}
        self.stdin = self._stream(b"") if pipes["stdin"] else None
        self.stdout = self._stream(ANSWER) if pipes["stdout"] else None
        self.stderr = self._stream(b"") if pipes["stderr"] else None

    def _stream(self, data: bytes) -> Any:
        return io.StringIO(data.decode("ascii")) if self._is_text else io.BytesIO(data)

    def communicate(self, *_: Any, **__: Any) -> tuple[Any, Any]:
        """Return all output and all errors."""
        return (self.stdout.read() if self.stdout else None, self.stderr.read() if self.stderr else None)

    def poll(self) -> int:
        """Return the exit status."""
        return self.returncode

    def wait(self, *_: Any, **__: Any) -> int:
        """Return the exit status at once."""
        return self.returncode

    def send_signal(self, *_: Any) -> None:
        """There is nobody to hear it."""

    terminate = kill = send_signal

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        """Nothing is left to wait for."""


def _fork() -> int:
    """Go on as the child, but for what starts workers by a library that runs them itself."""
    if sys._getframe(1).f_globals.get("__name__", "").partition(".")[0] in _WORKERS and early.fork is not None:
        return int(early.fork())
    started[:] = [True]
    return 0


_WORKERS = ("multiprocessing", "concurrent")


def _leaving() -> Any:
    """Return what stands in for ``os._exit`` in this process; real children end by it."""
    own = os.getpid()

    def leave(status: int) -> None:
        if os.getpid() != own:
            early.leave(status)
        raise LeftError(status)

    return leave


def install() -> None:
    """From now on let ``subprocess`` and what has taken ``Popen`` from it start stand-ins, and forking start nothing."""
    os._exit = _leaving()
    if early.fork is not None:
        os.fork = _fork
    real = subprocess.Popen
    if not is_a(real, type) or real.__module__ != "subprocess":
        return
    for module in list(sys.modules.values()):
        if is_a(module, ModuleType) and contents(module).get("Popen") is real:
            contents(module)["Popen"] = Process
