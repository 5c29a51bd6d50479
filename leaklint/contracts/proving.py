"""Prove retention contracts: run the experiment of each entry against the package that an interpreter has installed."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from leaklint_runtime import launch

DATA = Path(__file__).with_name("data")
TABLES = ("callable", "object", "class")
HOLDS, FAILS, MISSING, UNAVAILABLE, OTHER_VERSION = "holds", "fails", "missing", "unavailable", "other version"
_SPECIFIER = re.compile(r"\s*(==|!=|>=|<=|>|<)\s*([\d.]+)\s*")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a file: ``top`` is the import package, ``distribution`` what pip installs (nothing: Python itself)."""

    top: str
    distribution: str
    table: str
    data: dict[str, Any]

    @property
    def name(self) -> str:
        """Return the dotted name that the entry speaks of."""
        return str(self.data["name"])

    @property
    def package(self) -> str:
        """Return the distribution, or ``Python`` for the standard library."""
        return self.distribution or "Python"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an entry in one interpreter; ``version`` is that of its distribution, ``shown`` the claims that hold."""

    entry: Entry
    status: str
    version: str = ""
    reason: str = ""
    shown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What an experiment may take: seconds, megabytes (0: no limit), experiments side by side, and the network."""

    timeout: float = 60.0
    memory_limit: int = 4096
    jobs: int = 1
    allow_network: bool = False
    path: tuple[str, ...] = field(default=())


def entries(folder: Path = DATA) -> list[Entry]:
    """Return all entries of a folder of contracts, file by file, as they stand there."""
    listed = []
    for path in sorted(folder.glob("*.toml")):
        with open(path, "rb") as source:
            document = tomllib.load(source)
        distribution = str(document.get("distribution", ""))
        listed += [Entry(path.stem, distribution, table, data) for table in TABLES for data in document.get(table, ())]
    return listed


def chosen(all_entries: Sequence[Entry], packages: Sequence[str]) -> list[Entry]:
    """Return the entries of the packages, named as pip or as import does, in any case; of none named, all entries."""
    wanted = {_plain(name) for name in packages}
    return [one for one in all_entries if not wanted or wanted & {_plain(one.top), _plain(one.package)}]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def verify(
    entries: Sequence[Entry], python: str, limits: Limits, progress: Callable[[Outcome], None] | None = None
) -> list[Outcome]:
    """Return what became of each entry in ``python``, in order; ``progress`` hears of each.

    Raises ``launch.LaunchError`` if the interpreter cannot be started.
    """
    installed = _installed(entries, python, limits)
    outcomes = {place: _untried(entry, installed[entry.distribution, entry.top]) for place, entry in enumerate(entries)}
    places = [place for place, outcome in outcomes.items() if not outcome.status]
    hear = progress or (lambda outcome: None)
    for place in outcomes.keys() - set(places):
        hear(outcomes[place])

    def share(part: Sequence[int]) -> None:
        for place, outcome in zip(part, _tried([outcomes[place] for place in part], python, limits), strict=True):
            outcomes[place] = outcome
            hear(outcome)

    with ThreadPoolExecutor(limits.jobs) as pool:
        parts = limits.jobs if hasattr(os, "fork") else len(places)
        list(pool.map(share, filter(None, (places[number::parts] for number in range(parts)))))
    return list(outcomes.values())


def _installed(entries: Iterable[Entry], python: str, limits: Limits) -> dict[tuple[str, str], str]:
    pairs = sorted({(entry.distribution, entry.top) for entry in entries})
    seconds = max(limits.timeout, Limits().timeout)  # nothing is tried here: what an experiment may take is no measure
    answer = launch.ask("contracts", {"versions": pairs, "path": limits.path}, python, seconds)
    return dict(zip(pairs, answer["versions"], strict=True))


def _untried(entry: Entry, version: str) -> Outcome:
    """Return why an entry is not tried; an outcome without a status where it is to be."""
    if not version:
        return Outcome(entry, MISSING)
    fits = applies(str(entry.data.get("versions", "")), version)
    return Outcome(entry, "" if fits else OTHER_VERSION, version)


def _tried(untried: Sequence[Outcome], python: str, limits: Limits) -> Iterator[Outcome]:
    """Try entries one after the other in forks of one process: it has loaded what every experiment needs."""
    request = {
        "entries": [{**outcome.entry.data, "table": outcome.entry.table} for outcome in untried],
        "seconds": limits.timeout,
        "path": limits.path,
        "memory_limit": limits.memory_limit,
        "allow_network": limits.allow_network,
    }
    spare = (
        launch.GRACE if hasattr(os, "fork") else 0.0
    )  # a fork is ended by its parent, however long that took to load
    seconds = limits.timeout * len(untried) + spare
    answers = launch.answers("contracts", json.loads(json.dumps(request)), python, seconds, len(untried))
    failure = ""
    for outcome in untried:
        answer: dict[str, Any] = {"status": FAILS, "reason": failure, "shown": []}
        if not failure:
            try:
                answer = next(answers)
            except launch.LaunchError as error:
                answer["reason"] = failure = str(error)
        yield replace(outcome, status=answer["status"], reason=answer["reason"], shown=tuple(answer["shown"]))


def applies(specifier: str, version: str) -> bool:
    """Tell whether a version is one that ``>=2,<3`` or the like asks for; one that is not known is taken for it."""
    if version == "unknown":
        return True
    parts = [_SPECIFIER.fullmatch(part) for part in specifier.split(",") if part.strip()]
    return all(part is None or _compare(part[1], _numbers(version), _numbers(part[2])) for part in parts)


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in match[0].split(".")] if match else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _compare(sign: str, left: tuple[int, ...], right: tuple[int, ...]) -> bool:
    match sign:
        case "==":
            return left == right
        case "!=":
            return left != right
        case ">=":
            return left >= right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            return left < right
