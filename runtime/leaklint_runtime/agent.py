"""What runs inside a measured program: a thread that notes memory and container sizes, and the ledger at the end.

Each process writes files of its own into one folder, ``PID.jsonl`` and ``PID.ledger.json``; a fork gets a new agent. The
folder's ``config.json`` says what to do.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from . import early, footprint, ledger, measuring, memory, wire

CONFIG = "config.json"
LONGEST = 120.0  # seconds for which the end waits for what the agent is doing


class Agent:
    """The agent of one process. ``config`` has ``interval`` seconds, ``findings`` (probes), and when to take a ledger.

    ``ledger`` is ``exit``, ``never``, or a number of seconds after the start; with ``discover`` holders that grow are named.
    """

    def __init__(self, folder: str, config: dict[str, Any]) -> None:
        self.folder, self.config = folder, config
        self.probes = memory.probes_of(config.get("findings", ()))
        self.interval = float(config.get("interval", 0.1))
        self.history = ledger.History()
        self.begin()

    def begin(self) -> None:
        """Start sampling this process; also after a fork, where only the forking thread goes on."""
        self.pid, self.started, self.taken = os.getpid(), time.time(), False
        self.stopped, self.writing = threading.Event(), threading.Lock()
        self.history = ledger.History()
        self.target = os.open(
            os.path.join(self.folder, f"{self.pid}.jsonl"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
        )
        self.growing: Any = None
        if self.config.get("discover"):
            from .agent_holders import Growing  # here because it takes a while to load

            self.growing = Growing(self.interval, self.write, [self.history.samples])
        self.write({"start": self.started, "pid": self.pid, "parent": os.getppid(), "words": list(_words())})
        self.thread = threading.Thread(target=self.run, name="leaklint agent", daemon=True)
        self.thread.start()

    def run(self) -> None:
        """Sample until the process ends."""
        due = self.config.get("ledger", "never")
        while not self.stopped.wait(self.interval):
            self.sample()
            if self.growing is not None:
                self.growing.sample()
            if early.is_a(due, (int, float)) and not self.taken and time.time() - self.started >= due:
                self.take()

    def sample(self) -> None:
        """Write one line: the time, resident bytes, allocated blocks, and the sizes of containers."""
        rss = footprint.resident()
        now = time.time()
        old, recent = self.history.add(now, rss)
        line = {"t": now, "rss": rss, "blocks": early.getallocatedblocks(), "old": old, "recent": recent}
        self.write({**line, "sizes": sizes(self.probes)})

    def take(self) -> None:
        """Take the ledger and write it."""
        self.taken = True
        found = memory.ledger(self.probes, baseline=self.config.get("baseline", "fresh"))
        _, recent = self.history.add(time.time(), found.total)
        recent = min(recent, found.unmanaged)
        found = found._replace(old=found.unmanaged - recent, recent=recent, name=" ".join(_words())[:80])
        place = os.path.join(self.folder, f"{self.pid}.ledger.json")
        with open(place + ".part", "w", encoding="ascii") as target:
            target.write(wire.dumps(ledger.to_json(found)))
        os.replace(place + ".part", place)

    def write(self, line: dict[str, Any]) -> None:
        """Append one line, as one write, so that lines of several threads do not mix."""
        with suppress(OSError):
            os.write(self.target, (wire.dumps(line) + "\n").encode("ascii"))

    def end(self) -> None:
        """Note the end: one more sample, and the ledger if it is due now."""
        self.stopped.set()
        with suppress(Exception):
            self.sample()
            self.write({"end": time.time()})
            if self.growing is not None:
                self.thread.join(LONGEST)  # it may be naming what grows
                self.growing.end()
            if self.config.get("ledger") == "exit" or (self.config.get("ledger") != "never" and not self.taken):
                self.take()


def sizes(probes: Any) -> dict[str, Any]:
    """Return for each container that exists its entries, and those of inner containers added (None: cannot count)."""
    return {item.symbol: [_size(item.holder, 0), _size(item.holder, 2)] for item in measuring.containers(probes)}


def _size(holder: Any, depth: int) -> int | None:
    try:
        found = holder.size(depth)
    except Exception:  # another thread may be changing it
        return None
    return None if found is None else int(found)


def _words() -> list[str]:
    return list(map(str, getattr(sys, "argv", None) or getattr(sys, "orig_argv", None) or [sys.executable]))


_agents: list[Agent] = []


def start(folder: str) -> None:
    """Start the agent of this process, once; children that are forked from it get theirs."""
    if _agents:
        return
    with open(os.path.join(folder, CONFIG), encoding="utf-8") as source:
        config = json.load(source)
    _agents.append(Agent(folder, config))
    atexit.register(_agents[0].end)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_again)


def _again() -> None:
    """Give a forked child its own agent, unless it is a clone of the ledger's, which has nothing to say."""
    from . import clone

    if not clone.inside():
        with suppress(OSError, RuntimeError):
            os.close(_agents[0].target)
            _agents[0].begin()
        util = sys.modules.get("multiprocessing.util")
        if util is not None:  # its children leave without the exit handlers, but with finalizers of its own
            util.register_after_fork(_agents[0], _at_exit)


def _at_exit(agent: Agent) -> None:
    sys.modules["multiprocessing.util"].Finalize(None, agent.end, exitpriority=-1000)


def note(text: str) -> None:
    """Write a mark into the running profile, which its plot shows; does nothing where no profile runs."""
    if _agents:
        _agents[0].write({"t": time.time(), "mark": str(text)})
