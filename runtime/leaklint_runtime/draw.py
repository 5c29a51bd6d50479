"""Chains of holders as people read them: text here, graphs in ``graphs``."""

from __future__ import annotations

from typing import Sequence

from .units import size
from .wire import WireVerdict


def text(verdict: WireVerdict) -> list[str]:
    """Return the chain as lines, the suspect edge underlined with ``~``, library nodes marked; none without a chain."""
    path = list(verdict.path)
    lines: list[str] = []
    last = len(path) - 1
    for place, name in enumerate(path):
        if place % 2:
            lines.append(f"│    ↓ {name}")
            if place == verdict.suspect:
                lines.append("│      {}".format("~" * len(name)))
            continue
        start = "┬ root: " if place == 0 else "╰→ " if place == last else "├─ "
        lines.append(f"{start}{name}{_note(verdict.origins, place // 2)}")
    return lines


def _note(origins: Sequence[str], node: int) -> str:
    return "   (library)" if node < len(origins) and origins[node] == "lib" else ""


def summary(verdict: WireVerdict) -> str:
    """Return the figures of a verdict as one line: bytes, survivors, growth, alike traces."""
    parts = []
    if verdict.created:
        parts.append(f"{verdict.survivors} of {verdict.created} alive")
    if verdict.container_growth is not None:
        parts.append(f"{verdict.container_growth:+.2f} entries an object")
    if verdict.bytes_per_instance is not None:
        parts.append(f"{size(verdict.bytes_per_instance)} an instance")
    if verdict.refcount.before is not None:
        counts = verdict.refcount
        after = "freed" if counts.after is None else counts.after
        parts.append(f"refcount {counts.before} → {after} (control {counts.control})")
    if verdict.alike > 1:
        parts.append(f"{verdict.alike} traces alike, one shown")
    return " · ".join(parts)
