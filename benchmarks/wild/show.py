"""The summary of all results as Markdown."""

from __future__ import annotations

from checking import LEVELS, Report, Row
from judged import OPEN, table

SHOWN = ("packages", "files", "lines", "cpu", "memory", "findings", "findings a 1,000 lines",
         "not fetched", "not installed", "crash", "time-out", "unread", "internal error")  # fmt: skip


def summary(figures: Report, rows: list[Row]) -> str:
    """Return the figures as tables, what readers judged of the rows, and a line for each thing that went wrong."""
    total = figures["total"]
    lines = ["# What the releases came to", "", "| figure | |", "|---|---|"]
    lines += [f"| {name} | {total.get(name, 0):,} |" for name in SHOWN]
    lines += ["", "CPU in seconds, memory in megabytes of the largest process; both of the check.", ""]
    lines += ["| confidence | findings |", "|---|---|"]
    lines += [f"| {level} | {figures['confidence'].get(level, 0):,} |" for level in LEVELS]
    for name in ("code", "verdict"):
        if figures[name]:
            lines += ["", f"| {name} | findings |", "|---|---|"]
            lines += [f"| {kind} | {count:,} |" for kind, count in figures[name].items()]
    lines += ["", "| slowest | CPU seconds a 1,000 lines | CPU seconds |", "|---|---|---|"]
    lines += [f"| {one['pin']} | {one['pace']} | {one['cpu']} |" for one in figures["slowest"]]
    if any(row["judgement"] != OPEN for row in rows):
        lines += ["", "## What readers judged", "", *table(rows, "confidence"), "", *table(rows, "verdict")]
    if figures["recall"]["leaks"]:
        found = ", ".join(f"{name} {count}" for name, count in figures["recall"].items() if name != "which")
        lines += [
            "",
            "## Leaks that were known",
            "",
            found,
            "",
            *(f"- missed: {one}" for one in figures["recall"]["which"]),
        ]
    if figures["unnamed"]:
        lines += ["", "## Grows, and no holder is named", ""]
        lines += [f"- {one['pin']}, {one['driver']}: {'; '.join(one['said'])}" for one in figures["unnamed"]]
    lines += ["", "## What went wrong", ""]
    lines += [
        f"- {one['pin']}, {one['stage']}: {one['what']}: {' '.join(one['why'].split())}" for one in figures["wrong"]
    ]
    return "\n".join(lines if figures["wrong"] else [*lines, "Nothing."]) + "\n"
