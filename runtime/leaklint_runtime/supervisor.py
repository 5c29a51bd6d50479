"""The one process of a run that never executes a line of the target:

it forks lanes, watches them and passes verdicts on.
"""

from __future__ import annotations

from json import loads
from typing import Sequence

from . import channel, early, sandbox, strays
from .child import Options
from .lanes import Lane, ended
from .wire import WireProbe, WireVerdict, plain, unreached, verdict_from

CHUNK = 4


def supervise(probes: Sequence[WireProbe], options: Options, incoming: int, outgoing: int) -> None:
    """Prove all probes and write one line ``{"index", "verdict"}`` each; ends early if the caller goes away."""
    Supervisor(probes, options, incoming, outgoing).run()


def plan_lanes(probes: Sequence[WireProbe], jobs: int) -> list[Lane]:
    """Return lanes: one for each module set (import root and top package), split where several jobs may run."""
    sets: dict[tuple[str, str], list[int]] = {}
    for index, probe in enumerate(probes):
        sets.setdefault((probe.root, probe.module.partition(".")[0]), []).append(index)
    lanes = []
    for indices in sets.values():
        parts = max(1, min(jobs, len(indices) // CHUNK))
        lanes += [Lane(indices[part::parts], solo=False) for part in range(parts)]
    return lanes


class Supervisor:
    """Runs lanes side by side, at most ``options.jobs`` of them."""

    def __init__(self, probes: Sequence[WireProbe], options: Options, incoming: int, outgoing: int) -> None:
        self.probes, self.options = probes, options
        self.incoming, self.outgoing = incoming, outgoing
        self.waiting = plan_lanes(probes, options.jobs)
        self.running: list[Lane] = []
        self.reported = [False] * len(probes)

    def run(self) -> None:
        """Run until every probe has its verdict or the caller has closed its end."""
        sandbox.adopt_orphans()
        try:
            while self.waiting or self.running:
                while self.waiting and len(self.running) < max(1, self.options.jobs):
                    self._start(self.waiting.pop(0))
                if not self._turn():
                    return
        finally:
            for lane in self.running:
                lane.stop()
            strays.sweep(())

    def _start(self, lane: Lane) -> None:
        foreign = [self.incoming, self.outgoing]
        for other in self.running:
            foreign += [other.commands, other.nonces, other.back]
        lane.start(self.probes, self.options, foreign)
        self.running.append(lane)
        lane.send_next(self.options.timeout)

    def _turn(self) -> bool:
        """Wait for the next line or deadline and act on it; False if the caller is gone."""
        nearest = min(lane.deadline for lane in self.running)
        wait = max(0.0, nearest - early.perf_counter())
        ready = channel.ready([self.incoming, *[lane.back for lane in self.running]], wait)
        if self.incoming in ready and not early.read(self.incoming, 4096):
            return False
        for lane in list(self.running):
            if lane.back in ready:
                self._hear(lane)
            elif early.perf_counter() >= lane.deadline and not lane.goes_on():
                lane.expire(f"no verdict within {self.options.timeout:g} s")
        return True

    def _hear(self, lane: Lane) -> None:
        data = early.read(lane.back, 1 << 16)
        if not data:
            self._lost(lane)
            return
        for line in lane.lines.feed(data):
            if line.startswith(b"! "):
                self._account(lane, line[2:].decode("ascii", "replace"))
            elif lane.nonce and line.startswith(lane.nonce.encode("ascii") + b" "):
                self._verdict(lane, line[len(lane.nonce) + 1 :])
            if lane not in self.running:
                return

    def _account(self, lane: Lane, text: str) -> None:
        """Act on what the lane says of itself."""
        word, _, rest = text.partition(" ")
        if word == "pid" and rest.isdigit():
            lane.forked, lane.phase = int(rest), "run"
            lane.begin(self.options.timeout)
        elif word == "end" and rest.isdigit():
            lane.forked = 0
            self._missing(lane, int(rest))
            self._next(lane)
            strays.sweep([other.pid for other in self.running])
        elif word == "threads" and lane.current is not None:
            self.waiting += [Lane([index], solo=True) for index in (lane.current, *lane.queue)]
            self._retire(lane)

    def _verdict(self, lane: Lane, text: bytes) -> None:
        try:
            verdict = verdict_from(loads(text.decode("ascii"))["verdict"])
        except (ValueError, TypeError, KeyError):
            return
        if lane.current is not None:
            self._tell(lane.current, verdict)
        lane.nonce = ""
        if lane.solo:
            self._retire(lane)

    def _missing(self, lane: Lane, status: int) -> None:
        """Say why the current probe has no verdict, if it has none."""
        if lane.current is None or self.reported[lane.current]:
            return
        self._tell(lane.current, unreached(lane.expired or f"the target {ended(status)}"))

    def _lost(self, lane: Lane) -> None:
        """The lane's process is gone: give its current probe a reason and start again with the others."""
        self._retire(lane, reap=True)

    def _retire(self, lane: Lane, reap: bool = False) -> None:
        self.running.remove(lane)
        status = lane.stop()
        strays.sweep([other.pid for other in self.running])
        if not reap:
            return
        current, importing = lane.current, lane.phase == "import" and not lane.solo
        if current is not None and not self.reported[current]:
            what = f"importing {self.probes[current].module}" if importing else "the target"
            reason = unreached(lane.expired or f"{what} {ended(status)}")
            same = [index for index in lane.queue if self.probes[index].module == self.probes[current].module]
            for index in [current, *(same if importing else [])]:
                self._tell(index, reason)
        rest = [index for index in lane.queue if not self.reported[index]]
        if rest:
            self.waiting.append(Lane(rest, solo=False))

    def _next(self, lane: Lane) -> None:
        lane.current = None
        if not lane.send_next(self.options.timeout):
            self._retire(lane)

    def _tell(self, index: int, verdict: WireVerdict) -> None:
        self.reported[index] = True
        channel.send(self.outgoing, {"index": index, "verdict": plain(verdict)})
