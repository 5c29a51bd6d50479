"""A function called again and again in a process of its own, with what is alive after each call.

After every call the heap is collected, so that what rises is held and not merely waiting. ``alive`` are the bytes in use
to the byte (blocks of pymalloc and of the C library); resident memory moves in steps of whole arenas and pages.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from . import agent, channel, early, footprint, ledger, libc, measuring, memory, pymalloc, sandbox, scenarios, wire
from .act import finished

WARM = 1


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
        return {"failure": f"target {request['target']}: {_told(error)}"}
    probes = memory.probes_of(request["findings"])
    collect = bool(request.get("collect", True))
    marked = bool(request.get("ledger"))
    if marked:
        memory.mark()
    measuring.collected()
    early.freeze()  # what is there already need not be collected again after every call
    channel.send(outgoing, {**_sample(probes), "round": 0})
    for number in range(int(request["rounds"])):
        started = early.perf_counter()
        try:
            finished(function())
        except BaseException as error:
            return {"failure": f"{request['target']} failed in call {number + 1}: {_told(error)}"}
        seconds = early.perf_counter() - started
        if collect:
            measuring.collected()
        channel.send(outgoing, {**_sample(probes), "round": number + 1, "seconds": seconds})
    if marked:
        return {"ledger": ledger.to_json(memory.ledger(probes, baseline="mark")._replace(name=request["target"]))}
    return {"done": True}


def _sample(probes: Any) -> dict[str, Any]:
    rss, uss = footprint.rss_and_uss()
    return {
        "rss": rss,
        "uss": uss,
        "blocks": early.getallocatedblocks(),
        "alive": alive(),
        "sizes": agent.sizes(probes),
    }


def alive() -> int | None:
    """Return the bytes that are in use, to the byte; None where the allocators cannot be asked."""
    small, large = pymalloc.arenas(), libc.in_use()
    return None if small is None or large is None else small.used + large


def _told(error: BaseException) -> str:
    try:
        return wire.dumps(f"{type(error).__name__}: {error}"[:500])[1:-1]
    except Exception:
        return type(error).__name__
