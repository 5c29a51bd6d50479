"""Leaks in current releases that stood: each is driven again, with the release as it is and with a repair.

    python benchmarks/wild/leaks.py --environments DIR [FOLDER] [--only ID ...] [--leaklint CMD]

takes each folder below FOLDER (default: ``leaks/`` beside this file): ``leak.toml`` says what keeps what, ``driver.py`` uses
the release once in ``work()``, and ``repair.diff`` mends it. The release is installed into an environment of its own below DIR,
made once. Then ``leaklint check`` reads it, ``leaklint profile --no-check`` calls ``work()`` again and again without a finding
that helps it, and the same again with a copy of the release to which ``patch`` has applied the repair. It prints Markdown: a
table with a line for each leak, a section for each, and what did not come out as ``leak.toml`` says. The exit status is 1 if
that is anything.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from checking import CHECK, LEAKLINT, LEVELS, Report, RunLimits, reported
from fetching import MissingEnvironmentError, environment, interpreter
from judged import on

LEAKS = Path(__file__).parent / "leaks"
SECONDS = 600.0  # for one run of leaklint
GROWS = 1  # the status of a profile that saw memory grow


@dataclass(frozen=True, slots=True)
class WildLeak:
    """What ``leak.toml`` says of a leak.

    Places are ``file:line`` below ``site-packages``; ``accept`` has regular expressions of other spellings of the holder;
    ``word`` is *leak* or *few by nature*.
    """

    folder: Path
    package: str
    version: str
    python: str
    import_package: str
    word: str
    holder: str
    holder_place: str
    store_places: list[str]
    rounds: int
    code: str
    what: str
    who: str
    repair: str
    requirements: list[str] = field(default_factory=list)
    accept: list[str] = field(default_factory=list)
    tests: str = ""
    not_shown: str = ""

    @property
    def id(self) -> str:
        """Return the name of the folder with the driver and the repair."""
        return self.folder.name

    def names(self, symbol: str) -> bool:
        """Tell whether the name of a holder in a report is this one."""
        return symbol == self.holder or any(re.search(pattern, symbol) for pattern in self.accept)


@dataclass(frozen=True, slots=True)
class DrivenLeak:
    """What leaklint said of a leak.

    ``checked`` is the confidence at which ``check`` shows it; ``grows`` the bytes a call, None if the memory does not grow;
    ``holder`` and ``store`` whether they are named; ``quiet`` whether the repaired release is, None without a repair; and
    ``path`` the way from a root to what is kept.
    """

    leak: WildLeak
    checked: str
    grows: float | None
    holder: bool
    store: bool
    quiet: bool | None
    path: str

    def differs(self) -> Iterator[str]:
        """Yield what is not as it should be."""
        if self.grows is None:
            yield "does not grow"
        if not self.holder:
            yield "its holder is not named"
        if not self.store:
            yield "its storing line is not named"
        if self.quiet is False:
            yield "still grows once repaired"

    def row(self) -> list[str]:
        """Return the line of the table."""
        size = "no" if self.grows is None else f"{self.grows:,.0f}"
        shown = [_word(self.holder), _word(self.store), "no repair" if self.quiet is None else _word(self.quiet)]
        leak = self.leak
        return [f"{leak.package} {leak.version}", leak.what, leak.word, self.checked, size, *shown]

    def section(self) -> list[str]:
        """Return the lines of the section on the leak."""
        leak = self.leak
        facts = {
            "Holder": f"`{leak.holder}`" + (f", `{leak.holder_place}`" if leak.holder_place else ""),
            "Stored at": ", ".join(f"`{place}`" for place in leak.store_places),
            "Kept by": f"`{self.path}`" if self.path else "",
            "Rule": leak.code,
            "Who meets it": leak.who,
            "Repair": leak.repair,
            "Tests of the release": leak.tests,
            "Not shown": leak.not_shown,
        }
        head = f"### {leak.package} {leak.version}: {leak.what}"
        return ["", head, "", *(f"- {name}: {text}" for name, text in facts.items() if text)]


HEAD = ["release", "what is kept", "word", "check", "bytes a call", "holder named", "store named", "repaired: quiet"]


def main(words: Sequence[str] | None = None) -> int:
    """Drive the leaks and return the exit status."""
    args = _arguments(words)
    command = shlex.split(args.leaklint) if args.leaklint else list(LEAKLINT)
    outcomes, wrong = [], []
    for leak in load(args.folder, args.only):
        try:
            outcomes.append(driven(leak, args.environments.absolute(), command))
        except (MissingEnvironmentError, subprocess.CalledProcessError) as error:
            wrong.append(f"{leak.id}: {error}")
            continue
        wrong += [f"{leak.id}: {what}" for what in outcomes[-1].differs()]
        print(f"{leak.id}: {', '.join(outcomes[-1].differs()) or 'as it is told'}", file=sys.stderr, flush=True)
    rows = [HEAD, ["---"] * len(HEAD), *(outcome.row() for outcome in outcomes)]
    print("\n".join(f"| {' | '.join(row)} |" for row in rows))
    print("\n".join(line for outcome in outcomes for line in outcome.section()))
    print("\n".join(["", "### What came out otherwise", "", *(f"- {what}" for what in wrong)] if wrong else []))
    return 1 if wrong else 0


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--environments", type=Path, required=True, metavar="DIR", help="the folder for what is installed"
    )
    parser.add_argument("folder", type=Path, nargs="?", default=LEAKS, metavar="FOLDER", help="where the leaks are")
    parser.add_argument("--only", action="append", metavar="ID", help="a leak to take; may be repeated")
    parser.add_argument("--leaklint", default="", metavar="CMD", help="how leaklint is started")
    return parser.parse_args(words)


def load(folder: Path, only: Sequence[str] | None = None) -> list[WildLeak]:
    """Return the leaks below a folder, all or those with these names, in the order of their names."""
    files = sorted(folder.absolute().glob("*/leak.toml"))
    return [
        WildLeak(folder=file.parent, **tomllib.loads(file.read_text(encoding="utf-8")))
        for file in files
        if not only or file.parent.name in only
    ]


def driven(leak: WildLeak, environments: Path, command: Sequence[str]) -> DrivenLeak:
    """Check a release and profile its driver, as it is and repaired.

    Raises ``MissingEnvironmentError`` if it cannot be installed, ``CalledProcessError`` if the repair does not fit.
    """
    base = interpreter(leak.python)
    if base is None:
        raise MissingEnvironmentError(f"no Python {leak.python} here")
    pins = [f"{leak.package}=={leak.version}", *leak.requirements]
    python = environment(environments / leak.id, base, pins)
    site = next(iter(sorted((environments / leak.id).glob("lib/python*/site-packages"))))
    found = _checked(leak, site, command)
    before = _profiled(leak, python, command)
    quiet = None
    if (leak.folder / "repair.diff").exists():
        repaired = environments / "repaired" / leak.id
        _repair(leak, site, repaired)
        quiet = before["run"]["status"] == GROWS and not _growing(
            _profiled(leak, python, command, PYTHONPATH=str(repaired))
        )
    growing = _growing(before)
    mine = [holder for holder in growing if leak.names(holder["symbol"])]
    stores = {f"{store['path']}:{store['line']}" for holder in growing for store in holder["stores"]}
    named = any(f"/{store}".endswith(f"/{place}") for store in stores for place in leak.store_places)
    size = before["verdict"]["memory"]["slope"] if growing else None
    path = " ".join(mine[0]["retention"]) if mine else ""
    return DrivenLeak(leak, found, size, bool(mine), named, quiet, path)


def _checked(leak: WildLeak, site: Path, command: Sequence[str]) -> str:
    """Return the highest confidence at which ``check`` shows the leak, or "no"."""
    place = site / leak.import_package
    target = place if place.exists() else place.with_suffix(".py")
    report = reported([*command, *CHECK[:-1], "--confidence", "low", str(target)], site, RunLimits(SECONDS))
    name = re.split(r"[.:]", leak.holder)[-1]
    known = [{"place": where, "name": name} for where in (leak.holder_place, *leak.store_places) if where]
    shown = {finding["confidence"] for finding in report["findings"] for one in known if on(one, finding)}
    return next((level for level in LEVELS if level in shown), "no")


def _profiled(leak: WildLeak, python: Path, command: Sequence[str], **variables: str) -> Report:
    """Return the report of a profile of the driver, without a finding to help it."""
    words = [*command, "profile", f"{leak.folder / 'driver.py'}:work", "--no-check", "--rounds", str(leak.rounds)]
    words += ["--python", str(python), "--timeout", f"{SECONDS:.0f}"]
    return reported(words, leak.folder, RunLimits(SECONDS + 60), **variables)


def _growing(profile: Report) -> list[Report]:
    """Return the holders that grow without end; none where the whole memory does not."""
    if profile["run"]["status"] != GROWS:
        return []
    return [holder for holder in profile.get("holders", ()) if holder["kind"] == "linear"]


def _repair(leak: WildLeak, site: Path, target: Path) -> None:
    """Make a copy of what is installed (by links: ``patch`` writes the files that it changes anew), and repair it."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(site, target, copy_function=os.link, ignore=shutil.ignore_patterns("*.pth", "__pycache__"))
    words = [
        "patch",
        "--quiet",
        "--strip",
        "1",
        "--directory",
        str(target),
        "--input",
        str(leak.folder / "repair.diff"),
    ]
    subprocess.run(words, check=True, capture_output=True, text=True)


def _word(value: bool) -> str:
    return "yes" if value else "no"


if __name__ == "__main__":
    sys.exit(main())
