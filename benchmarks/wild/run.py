"""Releases as they are found in the wild: fetched, checked, proven, and driven by their own examples; one table of all.

    python benchmarks/wild/run.py --results DIR [LIST] [--stage check|verify|discover] [--only NAME ...] [--limit N]

takes the pins of LIST (default: ``packages.txt``) one after the other. The stage ``check`` fetches a release with pip and
unpacks it (nothing of it is run, but for what pip asks the build of a source distribution), and runs ``leaklint check
--isolated --confidence low`` on it. ``verify`` then installs it into an environment of its own and proves each finding
there, and ``discover`` calls the examples that its docstrings and its folder of examples hold again and again, and tells
which holders grow. Each run is a process with limits on its time and memory.

DIR gets one file a release and stage, written whole, so an interrupted run goes on where it ended; the table
``findings.jsonl``; and ``summary.json`` and ``summary.md``, which also list every crash, time-out and file that was not read.
What readers judged (``judged.jsonl``, each FILE of ``--judged``) is joined to it: precision, and the leaks that were missed.
The exit status is 1 if there was a crash, a time-out or an error of leaklint itself.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import stages
from checking import Report, RunLimits, counts, defective, json_lines, named, rows, write
from judged import Judgement, judge, judgements, recall
from show import summary

HERE = Path(__file__).parent
WAITS = 20  # wall seconds for each of the processor's, for a machine that does other things, too


def main(words: Sequence[str] | None = None) -> int:
    """Run what has no result yet, and write the table and the summary of all results."""
    args = _arguments(words)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    results, pins = args.results.resolve(), chosen(args.list, args.only, args.limit)
    cache = (args.cache or results / "cache").resolve()
    limits = RunLimits(WAITS * args.seconds, args.seconds, args.megabytes)
    bench = stages.WildBench(cache, results, limits, again=args.again, keeps=args.keep_environments)
    try:
        if args.jobs == 1:
            for pin in pins:
                stages.run(pin, args.stage, bench)
        else:
            with ThreadPoolExecutor(args.jobs) as pool:
                list(pool.map(lambda pin: stages.run(pin, args.stage, bench), pins))
    finally:
        known = judgements([HERE / "judged.jsonl", *args.judged])
        reports = list(kept(results, pins, known))
        table = [row for report in reports for row in rows(report)]
        write(results / "findings.jsonl", json_lines(table))
        figures = counts(reports) | {
            "unnamed": [{"pin": report["pin"], **one} for report in reports for one in report["unnamed"]]
        }
        figures |= {"recall": recall(known, {report["pin"]: report["findings"] for report in reports})}
        write(results / "summary.json", json.dumps(figures, indent=1) + "\n")
        write(results / "summary.md", summary(figures, table))
    print(summary(figures, table))
    return 1 if any(map(_broken, reports)) else 0


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", type=Path, nargs="?", default=HERE / "packages.txt", metavar="LIST",
                        help="a file of name==version, one a line, # begins a comment; or judgements (.jsonl)")  # fmt: skip
    parser.add_argument("--results", type=Path, required=True, metavar="DIR", help="the folder for what comes out")
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="the folder for releases and environments (default: below)"
    )
    parser.add_argument(
        "--stage", choices=stages.STAGES, default="check", help="the last stage to run (default: check)"
    )
    parser.add_argument("--only", action="append", metavar="NAME", help="a release to take; may be repeated")
    parser.add_argument("--limit", type=int, metavar="N", help="take the first N of them")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="releases side by side (default: 1)")
    parser.add_argument(
        "--seconds", type=float, default=600, metavar="S", help="of the processor for a check (default: 600)"
    )
    parser.add_argument(
        "--megabytes", type=int, default=4096, metavar="MB", help="of memory for a check (default: 4096)"
    )
    parser.add_argument("--judged", type=Path, action="append", default=[], metavar="FILE",
                        help="judgements, an object a line; may be repeated")  # fmt: skip
    parser.add_argument("--again", action="store_true", help="run anew what has a result already")
    parser.add_argument("--keep-environments", action="store_true", help="do not remove what was installed for a proof")
    return parser.parse_args(words)


def chosen(file: Path, only: Sequence[str] | None, limit: int | None) -> list[str]:
    """Return the pins of a list, or those with these names, at most ``limit``; of judgements those that they are on."""
    if file.suffix == ".jsonl":
        lines = list(dict.fromkeys(item["pin"] for item in judgements([file])))
    else:
        lines = [line.partition("#")[0].strip() for line in file.read_text(encoding="utf-8").splitlines()]
    pins = [line for line in lines if line and (not only or named(stages.plain(line))["package"] in only)]
    return pins[:limit]


def kept(results: Path, pins: Iterable[str], known: Sequence[Judgement]) -> Iterator[Report]:
    """Yield what the stages together say of each release that has a result, and readers of its findings."""
    for pin in pins:
        found = stages.together(pin, results)
        if found is not None:
            mine = [item for item in known if item["pin"] == found["pin"]]
            yield {**found, "findings": list(judge(found["findings"], mine))}


def _broken(report: Report) -> bool:
    return defective(report) or any(run.get("late") or run.get("crash") for run in report["later"].values())


if __name__ == "__main__":
    sys.exit(main())
