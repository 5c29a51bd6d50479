"""A forked copy of this process in which anything may be tried, for nothing that it does is seen outside.

A collection runs finalizers, and these may send, write, delete and kill. So in the clone every descriptor leads to the
null device, an audit hook refuses what would touch files, processes or the network, and the process ends without running
anybody's exit handlers. If memory is short, the kernel takes the clone and not the process it was made of.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import warnings
from contextlib import suppress
from json import loads
from typing import Any, Callable, Dict, NamedTuple

from . import channel, early, sandbox, wire

Work = Callable[[], Dict[str, Any]]


class CloneOutcome(NamedTuple):
    """``value`` is what the work returned; empty if there is none, and then ``failure`` says why."""

    value: dict[str, Any]
    failure: str = ""


_inside: list[int] = []  # the threads that fork clones, or that go on in one


def inside() -> bool:
    """Tell whether this thread runs in a clone, or is about to be forked as one: what runs at a fork asks, too."""
    return threading.get_ident() in _inside


def possible() -> bool:
    """Tell whether this platform can clone a process."""
    return early.fork is not None and sys.platform != "darwin"


def run(work: Work, seconds: float = 30.0) -> CloneOutcome:
    """Run ``work`` in a clone and return the JSON values it returns.

    Only the calling thread goes on in the clone; a lock that another thread held is never released there, so work that
    waits for one is ended after ``seconds``.
    """
    if not possible():
        return CloneOutcome({}, "this platform has no safe fork")
    reading, writing = channel.pair()
    _inside.append(threading.get_ident())
    try:
        pid = _fork()
    except OSError as error:
        _inside.remove(threading.get_ident())
        early.close(reading)
        early.close(writing)
        return CloneOutcome({}, f"fork failed: {error.strerror}")
    if pid == 0:
        try:
            _cut_off(writing)
            _send(writing, _answer(work))
        finally:
            early.leave(0)
    _inside.remove(threading.get_ident())
    early.close(writing)
    data, late = _received(reading, seconds)
    early.close(reading)
    sandbox.end(pid)
    status = _reaped(pid)
    if late:
        return CloneOutcome({}, f"the clone was not done within {seconds:g} s")
    try:
        found: dict[str, Any] = loads(data.decode("ascii"))
    except ValueError:
        return CloneOutcome(
            {}, f"the clone was ended by signal {status & 127}" if status & 127 else "the clone ended early"
        )
    return CloneOutcome({}, found["failure"]) if "failure" in found else CloneOutcome(found["value"])


def _fork() -> int:
    assert early.fork is not None
    if threading.active_count() < 2:
        return int(early.fork())
    with warnings.catch_warnings():
        # 3.12 and later warn of locks that other threads hold; see ``run``.
        warnings.simplefilter("ignore", DeprecationWarning)
        return int(early.fork())


def _cut_off(writing: int) -> None:
    """Leave the clone no way to the outside but the pipe of its answer."""
    sandbox.die_with_parent()
    with suppress(OSError):
        adjust = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(adjust, b"1000")
        os.close(adjust)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in _descriptors():
        if descriptor not in (writing, nothing):
            with suppress(OSError):
                os.dup2(nothing, descriptor, False)
    sandbox.touch_nothing()


def _descriptors() -> list[int]:
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError, ValueError):
            return [int(name) for name in os.listdir(folder)]
    return list(range(1024))


def _answer(work: Work) -> bytes:
    try:
        return wire.dumps({"value": work()}).encode("ascii")
    except BaseException as error:
        return wire.dumps({"failure": f"{type(error).__name__} in the clone: {str(error)[:300]}"}).encode("ascii")


def _send(descriptor: int, data: bytes) -> None:
    while data:
        data = data[early.write(descriptor, data) :]


def _received(descriptor: int, seconds: float) -> tuple[bytes, bool]:
    """Read to the end of the pipe; the second value tells whether the time was up before."""
    data, end = b"", time.monotonic() + seconds
    while True:
        if not channel.ready([descriptor], max(0.0, end - time.monotonic())):
            return data, True
        more = early.read(descriptor, 1 << 16)
        if not more:
            return data, False
        data += more


def _reaped(pid: int) -> int:
    """Wait for the clone, which has been killed or has ended. Somebody else may have been told of it first."""
    with suppress(ChildProcessError):
        return int(os.waitpid(pid, 0)[1])
    return 0
