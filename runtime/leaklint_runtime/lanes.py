"""One lane: a process that imports a set of modules once and forks for each of its probes.

The supervisor talks to it through three private pipes: indices of probes go in, nonces go in, lines come back. A line
that starts with ``!`` is the lane's own account of where it is; it decides nothing but the wording of a reason.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections import deque
from typing import Callable, NamedTuple, Sequence

from . import channel, child, early, passing, sandbox
from .patience import IDLE, WAITS, used_by
from .wire import WireProbe, plain


def import_limit(timeout: float) -> float:
    """Return how many seconds of CPU time an import may take where an experiment may take ``timeout``."""
    return max(5.0, 3 * timeout)


class Ends(NamedTuple):
    """The lane's own ends of its pipes."""

    commands: int
    nonces: int
    back: int


class Lane:
    """The supervisor's side of a lane. ``solo`` lanes run their one probe themselves, without a second fork."""

    def __init__(self, queue: Sequence[int], solo: bool) -> None:
        self.queue: deque[int] = deque(queue)
        self.solo = solo
        self.pid = 0
        self.forked = 0
        self.current: int | None = None
        self.nonce = ""
        self.phase = ""
        self.deadline = 0.0
        self._limit, self._began, self._used = 0.0, 0.0, 0.0
        self.expired = ""
        self.lines = channel.Lines()
        self.commands = self.nonces = self.back = -1

    def start(self, probes: Sequence[WireProbe], options: child.Options, foreign: list[int]) -> None:
        """Fork the lane. ``foreign`` are descriptors of the supervisor that it must not have."""
        inside_commands, self.commands = channel.pair()
        inside_nonces, self.nonces = channel.pair()
        self.back, inside_back = channel.pair()
        mine = [self.commands, self.nonces, self.back]
        inside = Ends(inside_commands, inside_nonces, inside_back)
        assert early.fork is not None
        self.pid = early.fork()
        if self.pid == 0:
            try:
                for descriptor in [*foreign, *mine]:
                    early.close(descriptor)
                _main(probes, options, inside, self.solo)
            finally:
                early.leave(70)
        for descriptor in inside:
            early.close(descriptor)

    def send_next(self, timeout: float) -> bool:
        """Give the lane its next probe; False if there is none or the lane is gone."""
        if not self.queue:
            return False
        self.current = self.queue.popleft()
        self.nonce = early.urandom(16).hex()
        self.phase, self.expired, self.forked = "import", "", 0
        self.begin(import_limit(timeout) + (timeout if self.solo else 0))
        try:
            early.write(self.nonces, f"{self.current} {self.nonce}\n".encode("ascii"))
            early.write(self.commands, f"{self.current}\n".encode("ascii"))
        except OSError:
            pass
        return True

    def begin(self, seconds: float) -> None:
        """Give what the lane does now so many seconds of CPU time."""
        self._limit, self._began = seconds, early.perf_counter()
        self._used = used_by(self.forked or self.pid) or 0.0
        self.deadline = self._began + seconds

    def goes_on(self) -> bool:
        """Tell whether the lane, at its deadline, has only been kept from the processor, and may go on; sets another one."""
        used, waited = used_by(self.forked or self.pid), early.perf_counter() - self._began
        if self.expired or used is None:
            return False
        left = self._limit - (used - self._used)
        if left <= 0 or waited >= WAITS * self._limit or used - self._used < IDLE * waited:
            return False
        self.deadline = early.perf_counter() + max(0.2, left)
        return True

    def expire(self, reason: str) -> None:
        """End what runs too long: the forked child first, the whole lane if that is not enough or there is none."""
        alone = self.forked and not self.expired
        self.expired = self.expired or reason
        self.deadline = early.perf_counter() + 5
        if alone:
            _kill(os.kill, self.forked)
        else:
            self.kill()

    def kill(self) -> None:
        """Kill every process of the lane."""
        if self.forked:
            _kill(os.kill, self.forked)
        _kill(os.killpg, self.pid)
        _kill(os.kill, self.pid)

    def stop(self) -> int:
        """Kill, reap and close; return the wait status of the lane's process."""
        self.kill()
        for descriptor in (self.commands, self.nonces, self.back):
            early.close(descriptor)
        assert early.waitpid is not None
        return int(early.waitpid(self.pid, 0)[1])


def _kill(how: Callable[[int, int], None], pid: int) -> None:
    with contextlib.suppress(OSError):
        how(pid, signal.SIGKILL)


def _main(probes: Sequence[WireProbe], options: child.Options, ends: Ends, solo: bool) -> None:
    """The lane's own process: import and fork, for each index that comes in."""
    os.setsid()
    sandbox.die_with_parent()
    channel.silence((2,))
    sandbox.limit_memory(options.memory_limit)
    early.freeze()
    while True:
        line = channel.read_line(ends.commands)
        if line is None:
            early.leave(0)
        index = int(line or b"0")
        if solo:
            _prove(index, probes[index], options, ends)
            early.leave(0)
        _say(ends.back, "import")
        preload(probes[index])
        if threading.active_count() > 1:
            _say(ends.back, "threads")
            continue
        _fork_for(index, probes[index], options, ends)


def preload(probe: WireProbe) -> None:
    """Import the probe's module, so that all children share it, and collect what importing left behind.

    What goes wrong is told by the child, which tries again.
    """
    known = len(sys.modules)
    with contextlib.suppress(BaseException):
        child.load(probe)
    if len(sys.modules) != known:
        early.collect()


def _fork_for(index: int, probe: WireProbe, options: child.Options, ends: Ends) -> None:
    """Fork for a probe; where an attempt ends the process, fork again and pass that attempt over."""
    assert early.fork is not None
    assert early.waitpid is not None
    passed: dict[int, str] = {}
    record, status = passing.Record(), 0
    while len(passed) <= passing.AGAIN:
        record.note(0)
        pid = early.fork()
        if pid == 0:
            try:
                early.close(ends.commands)
                sandbox.die_with_parent()
                passing.watch(record, passed)
                _prove(index, probe, options, ends)
                record.note(record.DONE)
            finally:
                early.leave(0)
        _say(ends.back, f"pid {pid}")
        # A target that ignores SIGCHLD has its children reaped by the kernel, and their status with them.
        with contextlib.suppress(ChildProcessError):
            status = early.waitpid(pid, 0)[1]
        number, killed = record.current, os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        if killed or number in (0, record.DONE):
            break
        passed[number] = ended(status)
    _say(ends.back, f"end {status}")


def _prove(index: int, probe: WireProbe, options: child.Options, ends: Ends) -> None:
    """Prove, then fetch the nonce, then tell. The nonce of a probe whose child died before may still be in the pipe."""
    verdict = child.prove(probe, options)
    while True:
        number, _, nonce = (channel.read_line(ends.nonces) or b"").decode("ascii").partition(" ")
        if not nonce:
            return
        if number == str(index):
            break
    channel.send(ends.back, {"index": index, "verdict": plain(verdict)}, nonce)


def _say(descriptor: int, text: str) -> None:
    early.write(descriptor, f"\n! {text}\n".encode("ascii"))


def ended(status: int) -> str:
    """Return in words how a process with this wait status ended."""
    return describe(-os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


def describe(code: int) -> str:
    """Return in words how a process with this exit status (negative: signal) ended."""
    if code >= 0:
        return f"ended the process with exit status {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
