"""The programs of tests/growth_programs with what their header comments and line marks say of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "growth_programs"
_HEADER = re.compile(r"^# ([a-z-]+): *(.*\S)$", re.MULTILINE)
_KEYS = {"holder", "kind", "min-python", "not-python", "what", "rounds", "marks", "alone"}


@dataclass(frozen=True, slots=True)
class GrowthProgram:
    """One program, called by its function work().

    Lines count from 1, in the file `marks`, which is the program itself but for one whose holder is in a module beside it.
    """

    path: Path
    kind: str
    rounds: int  # calls of work()
    min_python: tuple[int, int]
    not_python: tuple[int, int] | None  # where the interpreter itself makes the label wrong
    holders: tuple[re.Pattern[str], ...]  # to be searched in what follows the module in a holder's name
    what: re.Pattern[str] | None  # searched in the name of the type that is mostly held
    marks: Path
    stores: tuple[int, ...]  # any of these lines, or several, may be named as the line that stores
    holder_lines: tuple[int, ...]  # any of these may be named as the definition; none for registries of the interpreter
    alone: bool  # not to be run in one process with others: they would make the objects that tell

    def runs_on(self, python: tuple[int, int]) -> bool:
        """Whether the program works as labelled on this version of Python, as (3, 11)."""
        return self.min_python <= python != self.not_python

    @property
    def name(self) -> str:
        """The name of the file without its ending."""
        return self.path.stem

    @property
    def holder(self) -> re.Pattern[str] | None:
        """The holder, or the first of several."""
        return self.holders[0] if self.holders else None

    @property
    def holder_line(self) -> int | None:
        """The line that defines the holder, or the first of several."""
        return self.holder_lines[0] if self.holder_lines else None


def leaks() -> list[GrowthProgram]:
    """The programs that grow without end, by name."""
    return _programs("leaks")


def healthy() -> list[GrowthProgram]:
    """The programs that stop growing within their rounds, by name."""
    return _programs("healthy")


def _programs(folder: str) -> list[GrowthProgram]:
    return [_parsed(path) for path in sorted((FOLDER / folder).glob("*.py"))]


def _parsed(path: Path) -> GrowthProgram:
    """One program; ValueError where its header has a key that nobody knows, or lacks its kind."""
    headers: dict[str, list[str]] = {}
    for key, value in _HEADER.findall(path.read_text(encoding="utf-8").partition("\nfrom ")[0]):
        headers.setdefault(key, []).append(value)
    if headers.keys() - _KEYS or "kind" not in headers:
        raise ValueError(f"{path}: {sorted(headers.keys() - _KEYS) or 'no kind'}")
    marks = path.parent / headers.get("marks", [path.name])[0]
    return GrowthProgram(
        path=path,
        kind=headers["kind"][0],
        rounds=int(headers.get("rounds", ["40"])[0]),
        min_python=_version(headers.get("min-python", ["3.8"])[0]),
        not_python=_version(headers["not-python"][0]) if "not-python" in headers else None,
        holders=tuple(re.compile(pattern) for pattern in headers.get("holder", ())),
        what=re.compile(headers["what"][0]) if "what" in headers else None,
        marks=marks,
        stores=_marked(marks, "stores"),
        holder_lines=_marked(marks, "holder here"),
        alone="alone" in headers,
    )


def _version(text: str) -> tuple[int, int]:
    major, minor = text.split(".")
    return int(major), int(minor)


def _marked(path: Path, mark: str) -> tuple[int, ...]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(number for number, line in enumerate(lines, 1) if f"  # {mark}" in line)
