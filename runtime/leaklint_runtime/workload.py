"""A function called again and again in a process of its own, with what is alive after each call, and which holder grows.

After every call the heap is collected, so that what rises is held and not merely waiting. ``alive`` are the bytes in use
to the byte (blocks of pymalloc and of the C library); resident memory moves in steps of whole arenas and pages.
"""

from __future__ import annotations

import json
import os
import sys
from array import array
from typing import Any, Sequence

from . import agent, allocated, channel, early, footprint, growth, ledger, memory, sandbox, scenarios, wire
from .act import finished
from .allowance import Allowance
from .discovery import storing
from .discovery.model import GrowingHolder, to_json
from .discovery.session import Discovery
from .fit import LINEAR
from .patience import Patience

ROUNDS, MOST_ROUNDS = 30, 240
PATIENCE = 20.0  # seconds of CPU time after which no more rounds are added to see whether what grows goes on
LEAST = 8  # calls after the warm-up that tell what grows, where no more can be made
DISCOVERY = 0.75  # of the time that is left when the calls are over: the rest is for the ledger
MOMENTS = 6  # at which values that are replaced are looked at


def main(first: list[str]) -> None:
    """Serve one request from standard input: call, measure, and tell after each call; then take the ledger."""
    with os.fdopen(os.dup(0), "rb") as source:
        request = json.loads(source.read().decode("utf-8"))
    _, outgoing = channel.take_over_standard_streams()
    sandbox.die_with_parent()
    sys.path[:0] = [*first, *request.get("path", ())]
    sys.argv[:] = [request["target"]]
    sys.dont_write_bytecode = True
    sandbox.guard(bool(request.get("allow_network")))
    sandbox.limit_memory(int(request.get("memory_limit", 0)))
    channel.send(outgoing, _run(request, outgoing))
    early.leave(0)


def _run(request: dict[str, Any], outgoing: int) -> dict[str, Any]:
    if request.get("discover", True):
        storing.prepare()
    try:
        function = scenarios.load(request["target"])
    except scenarios.ScenarioError as error:
        return {"failure": str(error).replace("factory ", "target ", 1)}
    except BaseException as error:
        return {"failure": f"target {request['target']}: {_message(error)}"}
    call = _Calls(function, request, outgoing)
    try:
        call.run()
        found = call.holders()
        if call.failed is not None and not any(holder.kind == LINEAR for holder in found):
            raise call.failed
    except _FailedCallError as error:
        return {"failure": f"{request['target']} failed in call {call.number}: {_message(error.__cause__ or error)}"}
    if call.discovery is not None:
        call.tell(found)
    if request.get("ledger") and call.failed is None:
        return {"ledger": ledger.to_json(memory.ledger(call.probes, baseline="mark")._replace(name=request["target"]))}
    return {"done": True}


class _FailedCallError(Exception):
    """The target raised the cause of this error."""


class _Calls:
    """The calls of one function, each followed by a collection and a sample; ``number`` counts them."""

    def __init__(self, function: Any, request: dict[str, Any], outgoing: int) -> None:
        self.function, self.outgoing, self.number = function, outgoing, 0
        self.probes = memory.probes_of(request["findings"])
        self.discovery = Discovery() if request.get("discover", True) else None
        self.collect = bool(request.get("collect", True))
        self.marked = bool(request.get("ledger"))
        self.given = int(request.get("rounds") or 0)
        self.failed: _FailedCallError | None = None
        self.allowance = Allowance(float(request.get("seconds") or "inf"))
        self.alive = array(
            "d", bytes(8 * (MOST_ROUNDS + 1))
        )  # bytes in use after each call; of one length all the time

    def run(self) -> None:
        """Call until the rounds are over; where no number was given, twice as often again while something grows.

        No more calls are made when memory, files or time run short, or when one fails after holders have grown.
        Raises ``_FailedCallError`` where a call fails and nothing can be told.
        """
        if self.marked:
            memory.mark()
        allocated.collected()
        if self.discovery is not None:
            self.discovery.begin()
        early.freeze()  # what is there already need not be collected again after every call
        channel.send(self.outgoing, {**self._sample(), "round": 0})
        rounds, patience = self.given or ROUNDS, Patience(PATIENCE)
        fence = max(1, int(rounds * growth.WARM))
        while self.number < rounds and not self._is_over(fence):
            try:
                self._round(fence, max(1, (rounds - fence) // MOMENTS))
            except _FailedCallError as error:
                if self.number <= fence + LEAST or self.discovery is None or not self.discovery.growing():
                    raise
                self.failed = error
                self.discovery.notes.append(f"call {self.number} failed: {_message(error.__cause__ or error)}")
                return
            more = self.number == rounds and not self.given and rounds < MOST_ROUNDS and not patience.over()
            if more and self._growing():
                rounds *= 2

    def _is_over(self, fence: int) -> bool:
        """Tell whether there should be no more calls, for what is left is needed to find out what grows."""
        short = self.allowance.short_of()
        if self.discovery is None or self.number < fence + LEAST or not short:
            return False
        text = f"no more calls after {self.number}: what is left of the {short} is needed to name what grows"
        self.discovery.notes.append(text)
        return True

    def holders(self) -> list[GrowingHolder]:
        """Return what grew, with the lines that store where calls can be made."""
        if self.discovery is None or not self.discovery.begun:
            return []
        work, seconds = self.once if self.failed is None else None, self.allowance.seconds_left()
        return self.discovery.holders(work, DISCOVERY * seconds, self.tell)

    def tell(self, found: Sequence[GrowingHolder]) -> None:
        """Send the holders; those that are sent last count."""
        channel.send(
            self.outgoing, {"holders": to_json(found), "notes": self.discovery.notes if self.discovery else []}
        )

    def once(self) -> None:
        """Call the function. Raises ``_FailedCallError``."""
        self.number += 1
        try:
            finished(self.function())
        except BaseException as error:
            raise _FailedCallError from error

    def _round(self, fence: int, moment: int) -> None:
        started = early.perf_counter()
        self.once()
        seconds = early.perf_counter() - started
        if self.collect:
            allocated.collected()
        channel.send(self.outgoing, {**self._sample(), "round": self.number, "seconds": seconds})
        if self.discovery is None:
            return
        if self.number == fence:
            self.discovery.fence(float(fence))
        elif self.number > fence:
            self.discovery.sample(float(self.number), rare=(self.number - fence) % moment == 0)

    def _growing(self) -> bool:
        """Tell whether a container grows or, where none does, the memory."""
        if self.discovery is None or self.discovery.growing():
            return self.discovery is not None
        points = list(enumerate(self.alive[: self.number + 1]))
        return growth.trend(points, growth.in_use_floor(len(points))).kind == LINEAR

    def _sample(self) -> dict[str, Any]:
        rss, uss = footprint.rss_and_uss()
        alive = allocated.in_use()
        overhead = self.discovery.overhead if self.discovery is not None else 0
        if alive is not None and overhead is not None and self.number < len(self.alive):
            self.alive[self.number] = alive - overhead
        return {
            "rss": rss,
            "uss": uss,
            "blocks": early.getallocatedblocks(),
            "alive": None if alive is None or overhead is None else alive - overhead,
            "sizes": agent.sizes(self.probes),
        }


def _message(error: BaseException) -> str:
    try:
        return wire.dumps(f"{type(error).__name__}: {error}"[:500])[1:-1]
    except Exception:
        return type(error).__name__
