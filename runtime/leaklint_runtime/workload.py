"""A function called again and again in a process of its own, with what is alive after each call, and which holder grows.

After every call the heap is collected, so that what rises is held and not merely waiting. ``alive`` are the bytes in use
to the byte (blocks of pymalloc and of the C library); resident memory moves in steps of whole arenas and pages.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from . import agent, allocated, channel, early, footprint, growth, ledger, memory, sandbox, scenarios, wire
from .act import finished
from .discovery.model import to_json
from .discovery.session import Discovery
from .patience import Patience

ROUNDS, MOST_ROUNDS = 30, 240
PATIENCE = 20.0  # seconds of CPU time after which no more rounds are added to see whether what grows goes on
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
    try:
        function = scenarios.load(request["target"])
    except scenarios.ScenarioError as error:
        return {"failure": str(error).replace("factory ", "target ", 1)}
    except BaseException as error:
        return {"failure": f"target {request['target']}: {_message(error)}"}
    call = _Calls(function, request, outgoing)
    try:
        call.run()
        found = call.discovery.holders(call.once) if call.discovery is not None and call.discovery.begun else []
    except _FailedCallError as error:
        return {"failure": f"{request['target']} failed in call {call.number}: {_message(error.__cause__ or error)}"}
    if call.discovery is not None:
        channel.send(outgoing, {"holders": to_json(found), "notes": call.discovery.notes})
    if request.get("ledger"):
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

    def run(self) -> None:
        """Call until the rounds are over; where no number was given, twice as often again while something grows."""
        if self.marked:
            memory.mark()
        allocated.collected()
        if self.discovery is not None:
            self.discovery.begin()
        early.freeze()  # what is there already need not be collected again after every call
        channel.send(self.outgoing, {**self._sample(), "round": 0})
        rounds, patience = self.given or ROUNDS, Patience(PATIENCE)
        fence = max(1, int(rounds * growth.WARM))
        while self.number < rounds:
            self._round(fence, max(1, (rounds - fence) // MOMENTS))
            more = self.number == rounds and not self.given and rounds < MOST_ROUNDS and not patience.over()
            if more and self._growing():
                rounds *= 2

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
        return self.discovery is not None and self.discovery.growing()

    def _sample(self) -> dict[str, Any]:
        rss, uss = footprint.rss_and_uss()
        alive = allocated.in_use()
        overhead = self.discovery.overhead if self.discovery is not None else 0
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
