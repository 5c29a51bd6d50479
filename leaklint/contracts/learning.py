"""Propose a retention contract: what was seen when a callable was handed tracer objects, as an entry of a file."""

from __future__ import annotations

import json
from typing import Any

from leaklint.contracts.proving import Limits
from leaklint_runtime import launch

_ORDER = ("name", "retains", "lifetime", "undo", "handle", "slot", "returns", "weak_form", "experiment")


def learn(target: str, code: str, python: str, limits: Limits) -> dict[str, Any]:
    """Return what ``target`` keeps, as keys of an entry, and ``notes``; ``failure`` stands alone where nothing ran.

    Raises ``launch.LaunchError`` where ``python`` cannot be started or the time is up.
    """
    request = {
        "learn": target,
        "call": code,
        "seconds": limits.timeout * 0.7,
        "path": limits.path,
        "memory_limit": limits.memory_limit,
        "allow_network": limits.allow_network,
    }
    return launch.ask("contracts", request, python, limits.timeout)


def text(answer: dict[str, Any]) -> str:
    """Return the entry as TOML, and the notes as comments above it."""
    if "failure" in answer:
        return f"# {answer['failure']}\n"
    lines = [f"# {note}" for note in answer.get("notes", ())]
    if not answer["retains"] and "returns" not in answer:
        return "".join(f"{line}\n" for line in [*lines, f"# {answer['name']} keeps none of its arguments"])
    lines.append("[[callable]]")
    for key in _ORDER:
        if key == "lifetime" and answer.get(key) == "process":
            continue
        if key == "experiment" and answer.get(key):
            lines.append(f"experiment = '''\n{answer[key]}'''")
        elif answer.get(key):
            lines.append(f"{key} = {value(answer[key])}")
    return "".join(f"{line}\n" for line in lines)


def value(found: Any) -> str:
    """Return a plain value as TOML."""
    if isinstance(found, dict):
        return "{ " + ", ".join(f"{key} = {value(one)}" for key, one in found.items()) + " }"
    if isinstance(found, list):
        return "[" + ", ".join(value(one) for one in found) + "]"
    return json.dumps(found, ensure_ascii=False)
