"""Leaks in current releases that stood: each is driven again, with the release as it is and with a repair.

    python benchmarks/wild/leaks.py --environments DIR [FOLDER] [--only ID ...] [--seconds S] [--results DIR] [--leaklint CMD]

takes each folder below FOLDER (default: ``leaks/`` beside this file): ``leak.toml`` says what keeps what, ``driver.py`` uses
the release once in ``work()``, and ``repair.diff`` mends it. The release is installed into an environment of its own below DIR,
made once. Then ``leaklint check`` reads it, ``leaklint profile --no-check`` calls ``work()`` again and again without a finding
that helps it, and the same again with a copy of the release to which ``patch`` has applied the repair. Each of the three is
ended after ``--seconds``. It prints Markdown: a table with a line for each leak, a section for each, and what did not come out
as ``leak.toml`` says. The exit status is 1 if that is anything. With ``--results`` the three reports on each leak are kept
there, and a leak that has some is not driven again.
"""

from __future__ import annotations

import argparse
import json
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

from checking import CHECK, LEAKLINT, LEVELS, Report, RunLimits, reported, write
from fetching import MissingEnvironmentError, environment, interpreter
from judged import on

LEAKS = Path(__file__).parent / "leaks"
SECONDS = 600.0  # for one run of leaklint, unless another limit is asked for
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

    ``checked`` is the highest confidence at which ``check`` shows it, with the rule, or "no"; ``profile`` the report of the
    profile, ``repaired`` that of the profile of the repaired release, None without a repair.
    """

    leak: WildLeak
    checked: str
    profile: Report
    repaired: Report | None

    @property
    def named(self) -> list[Report]:
        """Return the growing holders that are the one of ``leak.toml``."""
        return [holder for holder in _growing(self.profile) if self.leak.names(holder["symbol"])]

    @property
    def stored(self) -> bool:
        """Tell whether a growing holder has a storing line of ``leak.toml``."""
        stores = [store for holder in _growing(self.profile) for store in holder["stores"]]
        lines = {f"/{store['path']}:{store['line']}" for store in stores}
        return any(line.endswith(f"/{place}") for line in lines for place in self.leak.store_places)

    @property
    def quiet(self) -> bool | None:
        """Tell whether the repaired release was profiled to the end and no holder of it grows; None without a repair."""
        if self.repaired is None:
            return None
        return self.grows and _is_done(self.repaired) and not _growing(self.repaired)

    @property
    def grows(self) -> bool:
        """Tell whether the memory grows, as released."""
        return bool(self.profile["run"]["status"] == GROWS and _is_done(self.profile))

    def differs(self) -> Iterator[str]:
        """Yield what is not as it should be."""
        if not _is_done(self.profile):
            yield f"no profile in {self.profile['run']['wall']:.0f} s: {_last_line(self.profile)}"
        elif not self.grows:
            yield "does not grow"
        elif not self.named:
            others = ", ".join(f"`{holder['symbol']}`" for holder in _growing(self.profile)) or "nothing"
            yield f"its holder is not named, but {others}"
        if self.grows and not self.stored:
            yield "its storing line is not named"
        if self.grows and self.repaired is not None and not _is_done(self.repaired):
            yield f"no profile in {self.repaired['run']['wall']:.0f} s once repaired: {_last_line(self.repaired)}"
        elif self.quiet is False and self.grows:
            others = ", ".join(f"`{holder['symbol']}`" for holder in _growing(self.repaired or {}))
            yield f"once repaired there grows still {others}"

    def row(self) -> list[str]:
        """Return the line of the table."""
        leak, verdict = self.leak, self.profile.get("verdict")
        size = f"{verdict['memory']['slope']:,.0f}" if self.grows and verdict else "no"
        shown = [_word(bool(self.named)), _word(self.stored), "no repair" if self.quiet is None else _word(self.quiet)]
        seconds = f"{self.profile['run']['cpu']:.0f}"
        release, holder = f"{leak.package} {leak.version}", f"`{leak.holder}`"
        return [release, leak.what, holder, leak.word, self.checked, size, *shown, seconds]

    def section(self) -> list[str]:
        """Return the lines of the section on the leak."""
        leak = self.leak
        facts = {
            "Holder": f"`{leak.holder}`" + (f", `{leak.holder_place}`" if leak.holder_place else ""),
            "Stored at": ", ".join(f"`{place}`" for place in leak.store_places),
            "Kept by": f"`{' '.join(self.named[0]['retention'])}`" if self.named else "",
            "Rule": leak.code,
            "Who meets it": leak.who,
            "Repair": leak.repair,
            "Tests of the release": leak.tests,
            "Not shown": leak.not_shown,
        }
        head = f"### {leak.package} {leak.version}: {leak.what}"
        return ["", head, "", *(f"- {name}: {text}" for name, text in facts.items() if text)]


HEAD = ["release", "what is kept", "holder", "word", "check", "bytes a call"]
HEAD += ["holder named", "store named", "repaired: quiet", "seconds"]


def main(words: Sequence[str] | None = None) -> int:
    """Drive the leaks and return the exit status."""
    args = _arguments(words)
    command = shlex.split(args.leaklint) if args.leaklint else list(LEAKLINT)
    outcomes, wrong = [], []
    for leak in load(args.folder, args.only):
        try:
            outcomes.append(_known(leak, args) or driven(leak, args.environments.absolute(), command, args.seconds))
        except (MissingEnvironmentError, subprocess.CalledProcessError) as error:
            wrong.append(f"{leak.id}: {error}")
            print(wrong[-1], file=sys.stderr, flush=True)
            continue
        _keep(outcomes[-1], args)
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
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, metavar="S", help="the limit of each run (default: 600)"
    )
    parser.add_argument("--results", type=Path, metavar="DIR", help="the folder for the reports on each leak")
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


def _known(leak: WildLeak, args: argparse.Namespace) -> DrivenLeak | None:
    """Return what an earlier run has kept of a leak."""
    file = args.results / f"{leak.id}.json" if args.results else None
    return DrivenLeak(leak, **json.loads(file.read_text(encoding="utf-8"))) if file and file.exists() else None


def _keep(outcome: DrivenLeak, args: argparse.Namespace) -> None:
    if args.results:
        reports = {name: getattr(outcome, name) for name in ("checked", "profile", "repaired")}
        write(args.results / f"{outcome.leak.id}.json", json.dumps(reports, indent=1))


def driven(leak: WildLeak, environments: Path, command: Sequence[str], seconds: float = SECONDS) -> DrivenLeak:
    """Check a release and profile its driver, as it is and repaired, each in so many seconds.

    Raises ``MissingEnvironmentError`` if it cannot be installed, ``CalledProcessError`` if the repair does not fit.
    """
    base = interpreter(leak.python)
    if base is None:
        raise MissingEnvironmentError(f"no Python {leak.python} here")
    pins = [f"{leak.package}=={leak.version}", *leak.requirements]
    python = environment(environments / leak.id, base, pins)
    site = next(iter(sorted((environments / leak.id).glob("lib/python*/site-packages"))))
    checked = _checked(leak, site, command, seconds)
    profile, repaired = _profiled(leak, python, command, seconds), None
    if (leak.folder / "repair.diff").exists():
        copy = environments / "repaired" / leak.id
        _repair(leak, site, copy)
        repaired = _profiled(leak, python, command, seconds, PYTHONPATH=str(copy))
    return DrivenLeak(leak, checked, profile, repaired)


def _checked(leak: WildLeak, site: Path, command: Sequence[str], seconds: float) -> str:
    """Return the highest confidence at which ``check`` shows the leak, with the rule, or "no"."""
    place = site / leak.import_package
    target = place if place.exists() else place.with_suffix(".py")
    report = reported([*command, *CHECK[:-1], "--confidence", "low", str(target)], site, RunLimits(seconds))
    name = re.split(r"[.:]", leak.holder)[-1]
    known = [{"place": where, "name": name} for where in (leak.holder_place, *leak.store_places) if where]
    shown = [finding for finding in report["findings"] if any(on(one, finding) for one in known)]
    best = min(shown, key=lambda finding: LEVELS.index(finding["confidence"]), default=None)
    return f"{best['confidence']} ({best['code']})" if best else "no"


def _profiled(leak: WildLeak, python: Path, command: Sequence[str], seconds: float, **variables: str) -> Report:
    """Return the report of a profile of the driver, without a finding to help it."""
    words = [*command, "profile", f"{leak.folder / 'driver.py'}:work", "--no-check", "--rounds", str(leak.rounds)]
    words += ["--python", str(python), "--timeout", f"{seconds:.0f}"]
    return reported(words, leak.folder, RunLimits(seconds + 60), **variables)


def _is_done(profile: Report) -> bool:
    return "verdict" in profile and not profile["run"]["late"] and not profile["run"]["crash"]


def _last_line(profile: Report) -> str:
    return (profile["run"]["crash"].strip().splitlines() or ["its time was up"])[-1]


def _growing(profile: Report) -> list[Report]:
    """Return the holders that grow without end; none where the whole memory does not."""
    if not profile or profile["run"]["status"] != GROWS:
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
