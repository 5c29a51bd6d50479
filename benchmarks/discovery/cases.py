"""The cases: a released package that leaks, the release that repaired it, a driver, and where the leak is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CASES = HERE / "cases.jsonl"
DRIVERS = HERE / "drivers"
#: A variable's name of at least so many letters names a holder in a chain of references without its module.
TELLING = 8

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class LeakCase:
    """A release that leaks and what is known of it; ``cases.jsonl`` has one a line, ``README.md`` says what each key holds."""

    id: str
    driver: str
    package: str
    check: str
    version_before: str
    version_after: str | None
    python: str
    requirements: tuple[str, ...]
    holder: str
    holder_file: str
    holder_line: int
    store_file: str
    store_lines: tuple[int, ...]
    type: str
    rounds: int
    also: tuple[Place, ...] = ()
    accept: tuple[str, ...] = ()
    after_quiet: bool = True
    source: str = ""
    note: str = field(default="", repr=False)

    @property
    def driver_file(self) -> Path:
        """Return the file whose ``work()`` uses the library once."""
        return DRIVERS / f"{self.driver}.py"

    @property
    def stores(self) -> frozenset[Place]:
        """Return the lines that store into the holder, or run for that."""
        return frozenset({*((self.store_file, line) for line in self.store_lines), *self.also})

    @property
    def variable(self) -> str:
        """Return the last part of the holder's name."""
        return re.split(r"[:.]", self.holder)[-1]

    def version(self, side: str) -> str | None:
        """Return the release of a side, ``before`` or ``after`` the repair."""
        return self.version_before if side == "before" else self.version_after

    def holder_pattern(self) -> re.Pattern[str]:
        """Return what a text matches that names the holder in full: module and path, or a spelling that the case accepts."""
        module, _, name = self.holder.partition(":")
        plain = re.escape(module) + (f"[:.]{re.escape(name)}" if name else "") + r"(?!\w)"
        return re.compile("|".join([rf"(?<!\w){plain}", *self.accept]))

    def chain_named(self, chain: str) -> bool:
        """Tell whether a chain of references names the holder: in full, or its variable (a short one: with its owner)."""
        if self.holder_pattern().search(chain):
            return True
        mangled = r"(?:_\w+)?" if self.variable.startswith("__") else ""
        variable = re.search(rf"(?<!\w){mangled}{re.escape(self.variable)}(?!\w)", chain)
        if variable is None:
            return False
        owners = [part for part in re.split(r"[:.]", self.holder)[:-1] if part]
        return len(self.variable) >= TELLING or any(re.search(rf"\b{re.escape(part)}\b", chain) for part in owners[-2:])


def load(path: Path = CASES, only: Iterable[str] = ()) -> list[LeakCase]:
    """Return the cases of a file, all or those with an identifier among ``only``. Raises ``ValueError`` for an unknown one."""
    lines = path.read_text(encoding="utf-8").splitlines()
    cases = [_case(json.loads(line)) for line in lines]
    chosen = set(only)
    if unknown := chosen - {case.id for case in cases}:
        raise ValueError(f"no such case: {', '.join(sorted(unknown))}")
    return [case for case in cases if not chosen or case.id in chosen]


def _case(values: dict[str, Any]) -> LeakCase:
    tuples = {name: tuple(values.get(name, ())) for name in ("requirements", "store_lines", "accept")}
    also = tuple((file, line) for file, line in values.get("also", ()))
    return LeakCase(**{**values, **tuples, "also": also})
