"""Quantities as people read them."""

from __future__ import annotations


def size(count: float | None) -> str:
    """Return bytes with a unit, three digits or so: ``412 B``, ``41.0 KiB``, ``1.25 GiB``; a dash for None."""
    if count is None:
        return "-"
    value, unit = float(count), "B"
    for following in ("KiB", "MiB", "GiB", "TiB"):
        if abs(value) < 1000:
            break
        value, unit = value / 1024, following
    digits = 0 if unit == "B" or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:.{digits}f} {unit}"
