"""The ledger as people read it: tables of text; pure functions."""

from __future__ import annotations

from typing import Sequence

from .ledger import ADVICE, BASELINE, MANAGED, NATIVE, NATIVE_GROWS, NATIVE_IS_LARGE, SHARED, UNKNOWN, Ledger
from .units import size

MEBIBYTE = 1024.0 * 1024.0
TELLING = 0.02  # the share of a process from which on advice is given


def ledger(measured: Ledger, growing: Sequence[str] | None = None) -> list[str]:
    """Return the ledger as lines: the process, its parts, what findings hold, the largest types, advice, notes.

    Where it is known which parts grow, advice is given on these alone, else on what is large.
    """
    lines = [_head(measured), "", f"  {'part':<14}{'MiB':>9}{'±':>8}{'share':>8}   what it is"]
    for part in measured.parts:
        share = part.size / measured.total if measured.total else 0.0
        how = part.how + (f" ({size(part.returned)} leave the process)" if part.returned else "")
        lines.append(f"  {part.name:<14}{_mib(part.size)}{_mib(part.uncertainty, 8)}{share:>8.1%}   {how}")
        if part.name == MANAGED:
            lines += _held(measured)
    lines.append(f"  {'sum':<14}{_mib(measured.sum)}{'':>8}{measured.sum / (measured.total or 1):>8.1%}")
    if measured.old is not None and measured.recent is not None:
        text = f"{size(measured.old)} old, {size(measured.recent)} recent (within {measured.window:g} s)"
        lines += ["", f"  unmanaged {size(measured.unmanaged)}: {text}"]
    if measured.kinds:
        lines += ["", "  types with the most bytes, libraries included"]
        lines += [f"  {_mib(kind.size, 11)} MiB {kind.number:>10,}  {kind.name}" for kind in measured.kinds[:8]]
    lines += _advice(measured, growing)
    return [*lines, *[f"  note: {note}" for note in measured.notes]]


def _head(measured: Ledger) -> str:
    name = f"{measured.name}, " if measured.name else ""
    more = [f"USS {size(measured.uss)}"] if measured.uss is not None else []
    more += [f"PSS {size(measured.pss)}"] if measured.pss is not None else []
    python = f", Python {measured.python}" if measured.python else ""
    return f"{name}process {measured.pid}{python}: RSS {size(measured.total)}" + (
        f" ({', '.join(more)})" if more else ""
    )


def _mib(count: float, width: int = 9) -> str:
    return f"{count / MEBIBYTE:>{width}.2f}"


def _held(measured: Ledger) -> list[str]:
    lines = []
    for item in sorted(measured.held, key=lambda held: -(held.size or 0)):
        amount = f"{'':>9}" if item.size is None else _mib(item.size)
        entries = "" if item.entries is None else f"{item.entries:,} entries; "
        lines.append(f"    held{'':<8}{amount}{'':>16}   {item.symbol}: {entries}freed by emptying it")
    if len(measured.held) > 1 and measured.held_together is not None:
        lines.append(f"    together{'':<4}{_mib(measured.held_together)}")
    return lines


def _advice(measured: Ledger, growing: Sequence[str] | None) -> list[str]:
    """Return what to do about the parts that matter, the largest first."""
    rows = []
    for part in sorted(measured.parts, key=lambda item: -item.size):
        if part.name in (SHARED, BASELINE, UNKNOWN) or (growing is None and part.size < TELLING * measured.total):
            continue
        if growing is not None and part.name not in growing:
            continue
        if part.name == NATIVE:
            rows.append(f"  {part.name}: {NATIVE_GROWS if growing else NATIVE_IS_LARGE}")
            continue
        text = ADVICE.get(part.name)
        if part.name == MANAGED and measured.leading not in ("", *ADVICE):
            text = f"{ADVICE['findings']}; first of them {measured.leading}"
        if text:
            rows.append(f"  {part.name}: {text}")
    return ["", "  what to do", *rows] if rows else []


def columns(rows: Sequence[Sequence[str]], left: int = 1) -> list[str]:
    """Align rows of cells: the first ``left`` columns to the left, the others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))] if rows else []
    lines = []
    for row in rows:
        cells = [
            f"{cell:<{width}}" if place < left else f"{cell:>{width}}"
            for place, (cell, width) in enumerate(zip(row, widths))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines
