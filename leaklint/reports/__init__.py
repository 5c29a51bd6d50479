"""Reports as text: one module a format, each a pure function of the report and of a view on the sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

from leaklint.model import Report
from leaklint.records import dataclass, field

FORMATS: tuple[str, ...] = ("text", "concise", "json", "jsonl", "sarif", "github", "gitlab", "junit")

#: Formats read by people: their problems go to standard error, one a line, and are not part of the text.
SPOKEN: frozenset[str] = frozenset({"text", "concise"})


def _no_lines(path: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class View:
    """What a format may use beside the report.

    ``lines`` gives the physical lines of a path (none if it cannot be read), ``rules`` the documentation of a code.
    ``hidden`` counts findings that the run left out on purpose (a baseline, unchanged files). ``color`` asks for
    terminal colours and ``quiet`` for nothing but the findings; formats for machines ignore these three.
    """

    lines: Callable[[str], Sequence[str]] = _no_lines
    rules: Mapping[str, str] = field(default_factory=dict)
    hidden: int = 0
    color: bool = False
    quiet: bool = False


def render(report: Report, name: str, view: View | None = None) -> str:
    """Return ``report`` in the format ``name`` (one of ``FORMATS``), ending with a newline unless it is empty."""
    if name not in FORMATS:
        raise ValueError(f"no such format: {name}")
    text: str = import_module(f"leaklint.reports.{name}_format").render(report, view or View())
    return text
