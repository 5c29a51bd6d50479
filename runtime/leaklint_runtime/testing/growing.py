"""``@pytest.mark.leaklint_discover``: run a test in rounds, and fail with the holders that grow in each of them."""

from __future__ import annotations

from typing import Any

import pytest

from ..discovery import text
from ..discovery.model import GrowingHolder
from ..discovery.session import Discovery
from ..early import unfreeze
from ..fit import LINEAR
from ..growth import rate
from .instances import Machinery, machinery
from .rounds import once

WARM, LEAST = 2, 4
_active: list[str] = []


def parse(marker: Any) -> int:
    """Return the number of rounds that the marker asks for. Raises ``ValueError`` with one line."""
    unknown = [name for name in marker.kwargs if name != "rounds"]
    if marker.args or unknown:
        raise ValueError("leaklint_discover takes one argument, by its name: rounds")
    rounds = marker.kwargs.get("rounds", 6)
    if type(rounds) is not int or rounds < LEAST:
        raise ValueError(f"rounds must be a whole number of at least {LEAST}, not {rounds!r}")
    return rounds


def run(item: Any, marker: Any) -> BaseException | None:
    """Call the test function in more rounds, through the hook that has called it once; return the failure, or None."""
    if item.nodeid in _active:
        return None
    _active.append(item.nodeid)
    try:
        holders = _grown(item, parse(marker))
    except BaseException as error:
        return error
    finally:
        _active.remove(item.nodeid)
        unfreeze()
    if not holders:
        return None
    lines = []
    for holder in holders:
        lines.append(
            f"each round leaves objects behind: {holder.symbol} grows by {rate(holder.entries.slope)} entries a round"
        )
        lines += text.lines(holder, "round")
    message = "\n".join(lines)
    item.add_report_section("call", "leaklint", message)
    return pytest.fail.Exception(message, pytrace=False)


def _grown(item: Any, rounds: int) -> list[GrowingHolder]:
    """Warm up, run the rounds, and return the holders that grow without end and are not pytest's."""
    for _ in range(WARM - 1):
        once(item)
    discovery = Discovery()
    discovery.begin()
    discovery.fence(0.0)
    for number in range(1, rounds + 1):
        once(item)
        discovery.sample(float(number), rare=True)
    runner = machinery(item.config)
    found = discovery.holders(lambda: once(item))
    tests = getattr(getattr(item, "module", None), "__name__", None)
    return [holder for holder in found if holder.kind == LINEAR and holder.module != tests and not _of(holder, runner)]


def _of(holder: GrowingHolder, runner: Machinery) -> bool:
    """Tell whether a holder belongs to what runs the tests, or is reached through it only."""
    names = [
        holder.module,
        holder.owner.partition(":")[0],
        *[node.rpartition(" ")[2] for node in holder.retention[::2]],
    ]
    return not holder.module or any(runner.owns_module(name.partition(":")[0]) for name in names)
