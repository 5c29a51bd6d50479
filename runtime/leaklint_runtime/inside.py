"""A door into a running process: ``listen()`` in the program, and ``leaklint memory PID`` gets the whole ledger.

``leaklint watch PID`` asks the same door which holders grow. The door is a Unix socket in a folder that only the user can
enter; the kernel is asked who is at the other end. A request is one line of JSON, the answer is one.
"""

from __future__ import annotations

import atexit
import json
import os
import socket
import stat
import tempfile
import threading
import time
from contextlib import suppress
from typing import Any

from . import early, footprint, ledger, memory, wire

LONGEST = 1 << 24
TICK = 1.0


class NoDoorError(Exception):
    """The process did not open a door; the text says how it could."""


def place(pid: int) -> str:
    """Return the path of a process's socket."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    return os.path.join(tempfile.gettempdir(), f"leaklint-{user}", f"{pid}.sock")


def listen() -> str:
    """Answer requests for this process's ledger from now on, in a thread; returns the socket's path.

    Raises ``OSError`` where the platform has no Unix sockets or the folder belongs to somebody else.
    """
    path = place(os.getpid())
    folder = os.path.dirname(path)
    with suppress(FileExistsError):
        os.mkdir(folder, 0o700)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not this user's own")
    with suppress(FileNotFoundError):
        os.unlink(path)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(4)
    server.settimeout(TICK)
    atexit.register(_close, path, os.getpid())
    threading.Thread(target=_serve, args=(server, path), name="leaklint door", daemon=True).start()
    return path


def _close(path: str, owner: int) -> None:
    """Take the socket's name away when its process ends, not when a fork of it does."""
    if os.getpid() == owner:
        with suppress(OSError):
            os.unlink(path)


def _serve(server: socket.socket, path: str) -> None:
    history, owner = ledger.History(), os.getpid()
    while os.getpid() == owner:
        with suppress(footprint.FootprintError):
            history.add(time.monotonic(), footprint.resident())
        try:
            connection, _ = server.accept()
        except socket.timeout:
            continue
        except OSError:
            return
        with connection, suppress(OSError, ValueError):
            connection.settimeout(10)
            if _is_ours(connection):
                answer = _answer(json.loads(_line(connection).decode("utf-8")), history)
                connection.sendall(answer.encode("ascii") + b"\n")


def _is_ours(connection: socket.socket) -> bool:
    """Tell whether the other end runs as the same user or as root (Linux; elsewhere the folder's rights decide)."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return True
    found = connection.getsockopt(socket.SOL_SOCKET, option, 12)
    return int.from_bytes(found[4:8], "little") in (0, os.getuid())


def _line(connection: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\n") and len(data) < LONGEST:
        more = connection.recv(1 << 16)
        if not more:
            break
        data += more
    return data


def _answer(request: dict[str, Any], history: ledger.History) -> str:
    if "watch" in request:
        return _watched(**request["watch"])
    options = {name: request[name] for name in ("findings", "intervene", "baseline", "seconds") if name in request}
    try:
        found = memory.ledger(**options)
    except Exception as error:
        return wire.dumps({"failure": f"{type(error).__name__}: {error}"})
    _, recent = history.add(time.monotonic(), found.total)
    recent = max(0, min(recent, found.unmanaged))
    return wire.dumps(ledger.to_json(found._replace(old=found.unmanaged - recent, recent=recent)))


def _watched(every: float, trace: bool = False) -> str:
    from . import watching  # here because it loads what a ledger does not need

    try:
        return wire.dumps(watching.asked(float(every), bool(trace)).report())
    except Exception as error:
        return wire.dumps({"failure": f"{type(error).__name__}: {error}"})


def ask_watch(pid: int, every: float, trace: bool = False, seconds: float = 60.0) -> dict[str, Any]:
    """Return the report of the watch of process ``pid``, which begins one if it has none and samples as often as asked.

    The watch ends when nobody has asked for a while, unless the program itself began it. With ``trace`` the process is traced
    for a moment when a holder is seen to grow. Raises ``NoDoorError`` if it does not answer.
    """
    found = _asked(pid, seconds, {"watch": {"every": every, "trace": trace}})
    if "holders" not in found:
        why = found.get("failure", "its leaklint is older and knows no watch")
        raise NoDoorError(f"process {pid} could not be watched: {why}")
    return found


def ask(pid: int, seconds: float = 120.0, **options: Any) -> ledger.Ledger:
    """Return the ledger that process ``pid`` gives of itself. Raises ``NoDoorError`` if it does not answer."""
    found = _asked(pid, seconds, options)
    if "failure" in found:
        raise NoDoorError(f"process {pid} could not take its ledger: {found['failure']}")
    return ledger.from_json(found)


def _asked(pid: int, seconds: float, request: dict[str, Any]) -> dict[str, Any]:
    if not hasattr(socket, "AF_UNIX"):
        raise NoDoorError("this platform has no Unix sockets")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(seconds)
        try:
            connection.connect(place(pid))
            connection.sendall(wire.dumps(request).encode("ascii") + b"\n")
            found: dict[str, Any] = json.loads(_line(connection).decode("ascii"))
        except FileNotFoundError:
            raise NoDoorError(f"process {pid} has not called leaklint_runtime.memory.listen()") from None
        except (OSError, ValueError) as error:
            raise NoDoorError(f"process {pid} does not answer: {error}") from None
    return found


def knock(pid: int, seconds: float = 10.0) -> None:
    """Make a process of Python 3.14 or later open its door, which its interpreter does at its next safe point.

    The running interpreter must be 3.14 or later too. Raises ``NoDoorError``.
    """
    import sys

    execute: Any = getattr(sys, "remote_exec", None)
    if execute is None:
        raise NoDoorError("opening a process from outside needs Python 3.14 or later on both sides")
    folder = os.path.dirname(os.path.abspath(__file__))
    with tempfile.TemporaryDirectory(prefix="leaklint-") as scratch:
        script = os.path.join(scratch, "open.py")
        with open(script, "w", encoding="utf-8") as target:
            target.write(_OPEN.format(folder=folder))
        try:
            execute(pid, script)
        except (OSError, RuntimeError, ValueError) as error:
            raise NoDoorError(f"process {pid} cannot be opened from outside: {error}") from None
        end = early.perf_counter() + seconds
        while not os.path.exists(place(pid)):
            if early.perf_counter() > end:
                raise NoDoorError(f"process {pid} reached no safe point within {seconds:g} s")
            early.sleep(0.05)


_OPEN = """\
import importlib.util, sys
if "leaklint_runtime" not in sys.modules:
    folder = {folder!r}
    spec = importlib.util.spec_from_file_location(
        "leaklint_runtime", folder + "/__init__.py", submodule_search_locations=[folder]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["leaklint_runtime"] = module
    spec.loader.exec_module(module)
from leaklint_runtime.inside import listen
listen()
"""
