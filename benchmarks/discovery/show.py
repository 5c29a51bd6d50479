"""The tables: how often each tool notices, names and stays quiet, and the same case by case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from judging import Judgement

HEAD = ("tool", "growth noticed", "allocation line", "holder named", "storing line named", "repaired: quiet")


@dataclass(slots=True)
class CaseRow:
    """What each tool says of a case before, whether it is quiet after, and what failed."""

    id: str
    before: dict[str, Judgement] = field(default_factory=dict)
    quiet: dict[str, bool] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def totals(rows: Sequence[CaseRow], tools: Sequence[str]) -> list[list[str]]:
    """Return the lines of the table with a line a tool; a dash where a tool does not look for that."""
    return [list(HEAD), *(_line(rows, tool) for tool in tools)]


def _line(rows: Sequence[CaseRow], tool: str) -> list[str]:
    ran = [row.before[tool] for row in rows if tool in row.before]
    after = [row.quiet[tool] for row in rows if tool in row.quiet]
    holder = _share([item.holder for item in ran])
    first = sum(item.first is True for item in ran)
    if tool == "leaklint" and holder not in ("-", f"0 of {len(ran)}"):
        holder += f" ({first} first)"
    growth, store = _share([item.growth for item in ran]), _share([item.store for item in ran])
    return [tool, growth, _share([item.allocation for item in ran]), holder, store, _share(after)]


def _share(values: Sequence[bool | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known)} of {len(known)}" if known else "-"


def by_case(rows: Sequence[CaseRow], tools: Sequence[str]) -> list[list[str]]:
    """Return the table with a line a case: G, A, H, S for what is named before, ``quiet`` or ``grows`` for after."""
    return [["case", *tools], *([row.id, *(_cell(row, tool) for tool in tools)] for row in rows)]


def _cell(row: CaseRow, tool: str) -> str:
    judgement = row.before.get(tool)
    if judgement is None:
        return "failed"
    letters = {
        "G": judgement.growth,
        "A": judgement.allocation,
        "H": judgement.holder,
        "S": judgement.store,
    }
    before = "".join(letter for letter, value in letters.items() if value) or "."
    after = {True: "quiet", False: "grows", None: "-"}[row.quiet.get(tool)]
    return f"{before} / {after}"


def markdown(lines: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    ruled = [lines[0], ["---"] * len(lines[0]), *lines[1:]]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in ruled)


def plain(lines: Sequence[Sequence[str]]) -> str:
    """Return a table for a terminal."""
    widths = [max(len(cells[place]) for cells in lines) for place in range(len(lines[0]))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip() + "\n"
        for cells in lines
    )
