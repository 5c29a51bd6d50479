"""The same experiment with objects that are let go as users do: closed, stopped, left.

It runs in a process forked before the first object was made, so that neither sees what the other left behind.
"""

from __future__ import annotations

import inspect
import threading
from contextlib import suppress
from json import loads
from typing import Any, Callable, Iterator, NamedTuple

from . import channel, early, sandbox, wire
from .act import finished
from .case import ProofSetup
from .closers import NAMES
from .early import is_a
from .observe import ExperimentLimits

MOST = 4
ROUNDS = ExperimentLimits(rounds=5, seconds=0.0, total=2.0)


class Closed(NamedTuple):
    """``verdict`` is that on objects on each of which ``name`` was called; ``name`` is empty if there is no such method."""

    name: str = ""
    verdict: wire.WireVerdict = wire.WireVerdict(wire.UNREACHED, "")

    @property
    def stayed(self) -> int:
        """Return how many objects stayed."""
        return self.verdict.survivors

    @property
    def text(self) -> str:
        """Return what was seen, in words; nothing if nothing was tried."""
        if not self.name:
            return ""
        how = "the with block is left" if self.name in ("__exit__", "__aexit__") else f"{self.name}() is called"
        return f"stays after {how}" if self.stayed else f"goes once {how}"


def names(kind: Any, besides: str = "") -> list[str]:
    """Return the methods of a class by which users let its objects go, and that need no arguments."""
    found = []
    for name in NAMES:
        raw = inspect.getattr_static(kind, name, None)
        function = raw.__func__ if is_a(raw, (classmethod, staticmethod)) else raw
        if name == besides or not callable(function) or is_a(function, type):
            continue
        if name == "join" and issubclass(kind, threading.Thread):
            continue  # waits for a thread that may never end
        if name.startswith("__") or _needs_nothing(function):
            found.append(name)
    return found[:MOST]


def _needs_nothing(function: Any) -> bool:
    try:
        parameters = list(inspect.signature(function).parameters.values())[1:]
    except (TypeError, ValueError):
        return True
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return all(item.default is not inspect.Parameter.empty or item.kind in variadic for item in parameters)


def let_go(box: list[Any], name: str) -> None:
    """Call the method on the object in the box."""
    if name == "__exit__":
        with box[0]:
            pass
    elif name == "__aexit__":
        finished(_leave(box))
    else:
        finished(getattr(box[0], name)())


async def _leave(box: list[Any]) -> None:
    async with box[0]:
        pass


def trials(case: ProofSetup, judged: Callable[[ProofSetup], wire.WireVerdict]) -> Iterator[Closed]:
    """Yield the verdict after each way to close the objects; stops at one after which nothing stays."""
    sample = [case.plan.make(0)]
    kind = type(sample[0])
    sample.clear()
    for name in names(kind) if kind is not type(None) else []:

        def make(number: int, name: str = name) -> Any:
            box = [case.plan.make(number)]
            let_go(box, name)
            return box.pop()

        try:
            make(1)
        except Exception:
            continue
        found = judged(case._replace(plan=case.plan._replace(make=make), limits=ROUNDS))
        if found.created and found.rounds == ROUNDS.rounds:
            yield Closed(name, found)
            if not found.survivors:
                return


class Standby:
    """A forked process that waits for the word to do its work, and tells what it found."""

    def __init__(self, work: Callable[[], Iterator[Closed]]) -> None:
        assert early.fork is not None
        inside_go, self.go = channel.pair()
        self.back, inside_back = channel.pair()
        self.pid = early.fork()
        if self.pid == 0:
            try:
                early.close(self.go)
                early.close(self.back)
                sandbox.die_with_parent()
                if early.read(inside_go, 1) == b"g":
                    for closed in work():
                        message = {"name": closed.name, "verdict": wire.plain(closed.verdict)}
                        early.write(inside_back, (wire.dumps(message) + "\n").encode("ascii"))
            finally:
                early.leave(0)
        early.close(inside_go)
        early.close(inside_back)

    def ask(self, seconds: float) -> Closed:
        """Let it work for at most so long, and return the best that it found: a way after which nothing stays."""
        with suppress(OSError):
            early.write(self.go, b"g")
        end, data = early.perf_counter() + seconds, b""
        while early.perf_counter() < end and channel.ready([self.back], max(0.0, end - early.perf_counter())):
            more = early.read(self.back, 4096)
            if not more:
                break
            data += more
        found = []
        for line in data.splitlines():
            with suppress(ValueError, TypeError):
                message = loads(line.decode("ascii"))
                found.append(Closed(message["name"], wire.verdict_from(message["verdict"])))
        return min(found, key=lambda closed: closed.stayed, default=Closed())

    def dismiss(self) -> None:
        """End the process and reap it."""
        sandbox.end(self.pid)
        for descriptor in (self.go, self.back):
            early.close(descriptor)
        with suppress(ChildProcessError, OSError):
            assert early.waitpid is not None
            early.waitpid(self.pid, 0)


def standby(work: Callable[[], Iterator[Closed]]) -> Standby | None:
    """Return a process that could do the work, or None where forking is not possible or not safe."""
    if early.fork is None or threading.active_count() > 1:
        return None
    return Standby(work)
