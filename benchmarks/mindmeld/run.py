"""One real leak, end to end: MindMeld 4.3.4, flagged, proven, repaired, proven gone, and measured.

    python benchmarks/mindmeld/run.py [--work DIR] [--out DIR]

installs the release for Python 3.8 (once), runs ``leaklint check``, ``verify``, ``fix`` and ``verify`` again on a copy
of it, lets ``leaklint profile`` discover the leak without any finding, loads an application 30 times before and after
the repair, prints the table and draws the memory to ``mindmeld-rss.svg`` and ``.png``. The status is 0 if everything is
as the story says (or there is no Python 3.8 here, which is told), 1 if something is not, 2 if the environment could not
be made.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import places
from sheet import ServiceCase, growth, svg, table

SYMBOL = "mindmeld.components.nlp:Processor.instance_map"
PLACE = os.path.join("mindmeld", "components", "nlp.py")
DEFINED_AT, STORED_AT = 105, 128
TITLE = "MindMeld 4.3.4 loaded 30 times, before and after the repair"
LOADS, SHOWN, DISCOVERED = 30, 5, 12
#: Reading queries would ask a server for dates and numbers in them; this keeps it in the process.
WITHOUT_SYSTEM_ENTITIES = 'NLP_CONFIG = {"system_entity_recognizer": {}}\n'


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended: its status and what it wrote."""

    status: int
    text: str


def main(words: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    work, out = places.default_work(), places.HERE / "out"
    parser.add_argument(
        "--work", type=Path, default=work, help="where the environments are kept (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, default=out, help="where the figures go (default: %(default)s)")
    args = parser.parse_args(words)
    old = places.old_python()
    if old is None:
        print("skipped: no Python 3.8 here (MindMeld 4.3.4 needs one); 'pyenv install 3.8' brings it")
        return 0
    try:
        return story(args.work.absolute(), args.out.absolute(), old)
    except places.SetupError as error:
        sys.stderr.write(f"benchmark not run: {error}\n")
        return 2


def story(work: Path, out: Path, old: Path) -> int:
    """Tell the whole story; return 0 if each of its claims holds, else 1."""
    out.mkdir(parents=True, exist_ok=True)
    print(f"Making or re-using the environments in {work} ...", flush=True)
    python, upstream, plot = places.environment(work, old), places.upstream(work, old), places.plotting(work)
    folder = places.copied(python, work / "case")
    apps = {
        "3 training queries": (places.application(work / "app", 3), False),
        "500 training queries, read at each load": (
            places.application(work / "app-500", 500, WITHOUT_SYSTEM_ENTITIES), True,
        ),
    }  # fmt: skip
    before = {title: measured(python, folder, app, read) for title, (app, read) in apps.items()}
    claims = commands(folder, out, python, work / "app", work / "app-500")
    after = {title: measured(python, folder, app, read) for title, (app, read) in apps.items()}
    cases = [ServiceCase(title, before[title], after[title]) for title in apps]
    claims += [*survivors(cases[0]), memory(cases[-1])]
    kept = shown("check", "--isolated", "--select", "LK101", "mindmeld", folder=upstream)
    claims.append((f"{places.REPAIRED_UPSTREAM} is not reported there", SYMBOL not in kept.text and kept.status < 2))
    draw(cases, out, plot)
    print(f"\n{table(cases, SHOWN)}")
    for claim, holds in claims:
        print(f"{'yes' if holds else 'NO '}  {claim}")
    return 0 if all(holds for _, holds in claims) else 1


def commands(folder: Path, out: Path, python: Path, app: Path, used: Path) -> list[tuple[str, bool]]:
    """Run the tool's commands on the copy in ``folder``, which is repaired; return the claims and whether they hold.

    ``used`` is the application that is profiled.
    """
    saved = str(out / "findings.json")
    factory = f"{SYMBOL}={places.HERE / 'factory.py'}:load"
    prove = ("verify", "--isolated", "--explain", "--python", str(python), "--factory", factory, "--findings", saved)
    found = shown("check", "--isolated", "mindmeld", folder=folder)
    leaklint("check", "--isolated", "--output-format", "json", "--output-file", saved, "mindmeld", folder=folder)
    proven = shown(*prove, folder=folder, app=app)
    grown = profiled(folder, out / "profile-before.json", python, used)
    unguided = discovered(folder, python, used)
    diff = shown("fix", "--isolated", "--diff", "mindmeld", folder=folder)
    shown("fix", "--isolated", "mindmeld", folder=folder)
    gone = shown(*prove, folder=folder, app=app)
    sheet = ("--compare", str(out / "profile-before.json"), "--plot", str(out / "mindmeld-profile.svg"))
    flat = profiled(folder, out / "profile-after.json", python, used, *sheet)
    quiet = discovered(folder, python, used)
    again = shown("check", "--isolated", "mindmeld", folder=folder)
    removed, added = changed(diff.text, PLACE)
    there = f"{PLACE}:{DEFINED_AT}:5: LK101 Processor.instance_map"
    return [
        (f"check finds {there}", there in found.text),
        ("verify confirms it", verdict(proven.text) == "CONFIRMED"),
        (
            "fix changes two lines there: an import, and the container",
            removed == ["    instance_map = {}"]
            and added == ["from weakref import WeakValueDictionary", "    instance_map = WeakValueDictionary()"],
        ),
        ("verify refutes it after the repair", verdict(gone.text) == "REFUTED"),
        ("profile says that it grows 3.0 entries a call", grown[0].startswith(f"{SYMBOL} grows 3.0 entries and ")),
        ("and that nothing grows after the repair", not [line for line in flat if " grows " in line]),
        *discovery(unguided, quiet),
        ("check is silent about it after the repair", "Processor.instance_map" not in again.text),
    ]


def profiled(folder: Path, target: Path, python: Path, app: Path, *options: str) -> list[str]:
    """Let ``leaklint profile`` load the application ``LOADS`` times; print its verdicts, and return them."""
    saved = str(target.parent / "findings.json")
    words = ("--rounds", str(LOADS), "--findings", saved, "--python", str(python), *options)
    print(f"\n$ leaklint profile factory.py:use {' '.join(words)}", flush=True)
    written = ("--output-format", "json", "--output-file", str(target))
    leaklint("profile", f"{places.HERE / 'factory.py'}:use", *words, *written, folder=folder, app=app)
    text: list[str] = json.loads(target.read_text())["verdict"]["sentences"]
    print("\n".join(text), flush=True)
    return text


def discovered(folder: Path, python: Path, app: Path) -> Done:
    """Let ``leaklint profile`` load the application ``DISCOVERED`` times without any finding, print it, and return it."""
    words = ("--no-check", "--no-ledger", "--rounds", str(DISCOVERED), "--python", str(python))
    return shown("profile", f"{places.HERE / 'factory.py'}:use", *words, folder=folder, app=app)


def discovery(before: Done, after: Done) -> list[tuple[str, bool]]:
    """Return what has to hold of the profiles that no finding guided."""
    sentences = about(before.text, SYMBOL)
    seen = sentences[:1] and sentences[0].startswith(f"{SYMBOL} grows 3.0 entries and ") and before.status == 1
    there = f"{PLACE}:{STORED_AT} in "
    return [
        (f"discovered without a finding: {SYMBOL} grows 3.0 entries a call", bool(seen)),
        (
            f"and is defined at {PLACE}:{DEFINED_AT}",
            any(f"defined at {PLACE}:{DEFINED_AT}," in line for line in sentences),
        ),
        (
            f"and stored at {PLACE}:{STORED_AT}",
            any(line.strip().startswith(f"stored at {there}") for line in sentences),
        ),
        ("and nothing grows that is discovered after the repair", " grows " not in after.text and after.status == 0),
    ]


def about(text: str, symbol: str) -> list[str]:
    """Return the sentence about a holder in the text of ``leaklint profile`` and the indented lines below it."""
    lines = text.splitlines()
    first = next((place for place, line in enumerate(lines) if line.startswith(f"{symbol} ")), len(lines))
    return lines[first : first + 1] + list(itertools.takewhile(lambda line: line[:1] == " ", lines[first + 1 :]))


def survivors(case: ServiceCase) -> list[tuple[str, bool]]:
    """Return what has to hold of the objects that the measurement itself counted."""
    before, after = case.before["rounds"][SHOWN - 1], case.after["rounds"][SHOWN - 1]
    entries = [before[key] for key in ("loaders", "processors", "entries")]
    return [
        (f"{SHOWN} loads leave {SHOWN} resource loaders and {3 * SHOWN} entries", entries == [SHOWN, 15, 15]),
        ("and none after the repair", not any(after[key] for key in ("loaders", "processors", "entries"))),
    ]


def memory(case: ServiceCase) -> tuple[str, bool]:
    """Return what has to hold of the memory; a tenth is left to the allocator."""
    before, after = growth(case.before)[-1], growth(case.after)[-1]
    return f"memory grows by {before:.1f} MB over {LOADS} loads, by {after:.1f} after the repair", after < before / 10


def shown(*words: str, folder: Path, app: Path | None = None) -> Done:
    """Run a command of the tool, print it with what it says, and return how it ended."""
    print(f"\n$ leaklint {' '.join(words)}", flush=True)
    done = leaklint(*words, folder=folder, app=app)
    print(done.text, end="", flush=True)
    return done


def leaklint(*words: str, folder: Path, app: Path | None = None) -> Done:
    """Run a command of the tool in ``folder``. Raises ``SetupError`` if it cannot do its work at all."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
    if app is not None:
        environment["MINDMELD_APP_PATH"] = str(app)
    command = [sys.executable, "-m", "leaklint", *words]
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        encoding="utf-8",
    )  # fmt: skip
    if done.returncode > 1 or "No module named leaklint" in done.stdout:
        raise places.SetupError(f"leaklint {words[0]}: {(done.stdout.strip().splitlines() or ['no output'])[-1]}")
    return Done(done.returncode, done.stdout)


def verdict(text: str) -> str:
    """Return the verdict on the story's container in the text of ``leaklint verify``; empty if there is none."""
    match = re.search(rf": LK101 ([A-Z-]+) {re.escape(SYMBOL)}:", text)
    return match.group(1) if match else ""


def changed(diff: str, path: str) -> tuple[list[str], list[str]]:
    """Return the lines of one file that a unified diff takes away and those that it adds."""
    _, _, there = diff.partition(f"+++ b/{path}\n")
    lines = there.partition("\n--- a/")[0].splitlines()
    return [line[1:] for line in lines if line[:1] == "-"], [line[1:] for line in lines if line[:1] == "+"]


def measured(python: Path, folder: Path, app: Path, read_queries: bool) -> dict[str, Any]:
    """Return what ``measure.py`` says of the MindMeld in ``folder``. Raises ``SetupError`` if it fails."""
    print(f"Measuring {LOADS} loads of {app.name} ...", flush=True)
    command = [str(python), str(places.HERE / "measure.py"), str(app), str(LOADS)]
    command += ["--read-queries"] if read_queries else []
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise places.SetupError(f"measure.py: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if not Path(figures["module"]).resolve().is_relative_to(folder.resolve()):
        raise places.SetupError(f"measure.py loaded {figures['module']}, which is not in {folder}")
    return figures


def draw(cases: Sequence[ServiceCase], out: Path, plot: Path) -> None:
    """Write what was measured and the sheet, as SVG and as PNG."""
    figures = out / "measured.json"
    figures.write_text(json.dumps({"title": TITLE, "cases": [asdict(case) for case in cases]}, indent=1) + "\n")
    (out / "mindmeld-rss.svg").write_text(svg(cases, TITLE), encoding="utf-8")
    command = [str(plot), str(places.HERE / "picture.py"), str(figures), str(out / "mindmeld-rss.png")]
    subprocess.run(command, check=True)
    print(f"\nWrote {out / 'mindmeld-rss.svg'} and {out / 'mindmeld-rss.png'}")


if __name__ == "__main__":
    sys.exit(main())
