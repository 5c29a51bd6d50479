"""What the tests of one process showed about a finding, as plain data, and the verdict that comes of it."""

from __future__ import annotations

from typing import Any, Dict

from .. import fit
from ..wire import BOUNDED, CONFIRMED, REFUTED, UNREACHED, plain, verdict_from

Record = Dict[str, Any]
TRACES = 3
NEVER = "the tests never load"


def empty(why: str) -> Record:
    """Return the record of a finding that no test has reached, and why that is so far."""
    return {
        "why": why, "reached": 0, "used": 0, "skipped": 0, "left": [], "alive": 0, "gone": 0, "rest": 0,
        "elsewhere": "", "points": [], "bound": 0, "holder": "", "facts": {}, "growth": {},
    }  # fmt: skip


def joined(records: list[Record]) -> Record:
    """Return what several processes showed together."""
    first = records[0]
    total = dict(first)
    for other in records[1:]:
        for name in ("reached", "used", "skipped", "alive", "gone", "rest"):
            total[name] += other[name]
        total["left"] = total["left"] + other["left"]
        total["bound"] = max(total["bound"], other["bound"])
        for name in ("elsewhere", "facts", "holder", "growth"):
            total[name] = total[name] or other[name]
        if len(other["points"]) > len(total["points"]):
            total["points"] = other["points"]
        if total["why"].startswith(NEVER):
            total["why"] = other["why"]
    return total


def verdict(record: Record) -> Record:
    """Return the verdict in its JSON form."""
    made = _by_instances(record) if record["left"] else _by_growth(record)
    status, reason, more = made
    value = {"status": status, "reason": reason, "rounds": record["reached"], "tracked": "test run", **more}
    return plain(verdict_from(value))


def _by_instances(record: Record) -> tuple[str, str, Record]:
    left, label = sorted(record["left"], key=lambda item: item["test"]), record["holder"]
    count = sum(item["count"] for item in left)
    facts = {**record["facts"], "created": count, "survivors": record["alive"]}
    first = left[0]["test"]
    if record["gone"] > record["rest"] and not record["alive"]:
        return (
            REFUTED,
            f"over {record['reached']} tests, what they left in {label} went later, all {record['gone']} of it",
            {},
        )
    if record["gone"] > record["alive"]:
        return BOUNDED, f"{record['gone']} of {count} that tests left in {label} went later", facts
    if record["bound"] and record["bound"] >= count:
        return (
            BOUNDED,
            f"the code speaks of a bound of {record['bound']} for {label}, and the tests left {count}",
            facts,
        )
    used = max(record["reached"], record["used"])
    if count == 1 and used >= 2:
        return BOUNDED, f"one object stays in {label}, made in {first}; {used} tests came by", facts
    what = "an object" if left[0]["count"] == 1 else f"{left[0]['count']} objects"
    text = f"{first} leaves {what} in {label}"
    if len(left) > 1:
        text += f"; {len(left) - 1} more of {record['reached']} tests do"
    if record["skipped"]:
        text += f"; {record['skipped']} more are suspected"
    return CONFIRMED, text, facts


def _by_growth(record: Record) -> tuple[str, str, Record]:
    points, label, reached = [tuple(point) for point in record["points"]], record["holder"], record["reached"]
    if not reached:
        return UNREACHED, record["why"], {}
    tests = f"{reached} test" + ("" if reached == 1 else "s")
    rises = sum(later[1] > earlier[1] for earlier, later in zip(points, points[1:]))
    shape = fit.classify(points)
    if record["elsewhere"]:
        return REFUTED, f"over {tests}, what stayed is also kept by {record['elsewhere']}", {}
    if rises >= 3 and shape == fit.LINEAR:
        facts = {**record["growth"], "fit": shape, "container_growth": _slope(points)}
        return CONFIRMED, f"{label} grew in {rises} of {tests} and never shrank", facts
    if rises >= 3:
        return BOUNDED, f"{label} grew in {rises} of {tests}, then no more", {"fit": shape}
    if rises == 2 and points[-1][1] > points[-2][1]:
        return UNREACHED, f"{label} grew up to the last of {tests} that one process ran: too few to tell", {}
    return REFUTED, f"over {tests}, nothing of theirs stayed in {label}", {}


def _slope(points: list[tuple[float, float]]) -> float:
    return round((points[-1][1] - points[0][1]) / max(1.0, points[-1][0] - points[0][0]), 2)
