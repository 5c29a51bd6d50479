"""Tools beside each other on releases that leak: who names the holder, and who is quiet once it is repaired?

    python benchmarks/discovery/run.py --envs DIR [--only ID[,ID]] [--tools NAME[,NAME]] [--jobs N] [--cost] [--reuse]

makes a virtual environment for both releases of each case in ``cases.jsonl`` and one with the peers for each Python (once),
lets every tool look at a driver's ``work()``, and prints one table as text and as Markdown, and a line for each case. ``out/``
(or ``--out DIR``) gets the raw reports and ``results.json``; ``--reuse`` judges what is there and runs what is not. ``--cost``
measures what a look at a heap of a million objects takes instead. The status is 0, also where tools miss leaks.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cost
import show
from cases import LeakCase, load
from environments import MissingEnvironmentError, peer_versions
from judging import judged
from running import TOOLS, ToolFailedError, ToolRun, Workplace, raw_report, reported

HERE = Path(__file__).parent


def main(words: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    args = _arguments(words)
    envs, out = args.envs.absolute(), args.out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    if args.cost:
        result = cost.measured(envs, args.leaklint, args.turns)
        (out / "cost.json").write_text(json.dumps(result.to_json(), indent=1) + "\n", encoding="utf-8")
        print(f"{show.plain(result.table())}\n{show.markdown(result.table())}")
        return 0
    cases = load(only=filter(None, args.only.split(",")))
    tools = [tool for tool in TOOLS if not args.tools or tool.split(",")[0].lower() in args.tools.lower().split(",")]
    bench = Workplace(envs, out, args.leaklint, args.timeout, args.reuse)
    with ThreadPoolExecutor(args.jobs) as pool:
        rows = list(pool.map(lambda case: _row(case, tools, bench), cases))
    versions = {python: peer_versions(python, envs) for python in sorted({case.python for case in cases})}
    _write(rows, tools, versions, out)
    for lines in (show.totals(rows, tools), show.by_case(rows, tools)):
        print(f"{show.plain(lines)}\n{show.markdown(lines)}")
    print(json.dumps(versions))
    return 0


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envs", type=Path, required=True, metavar="DIR", help="the folder for the environments")
    parser.add_argument("--out", type=Path, default=HERE / "out", metavar="DIR", help="the folder for the reports")
    parser.add_argument("--only", default="", metavar="ID[,ID]", help="these cases alone")
    parser.add_argument("--tools", default="", metavar="NAME[,NAME]", help="these tools alone")
    parser.add_argument(
        "--leaklint", default=f"{sys.executable} -m leaklint", metavar="CMD", help="how leaklint is started"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="cases at the same time (default: %(default)s)"
    )
    parser.add_argument("--timeout", type=float, default=900.0, metavar="SECONDS", help="of one run of a tool")
    parser.add_argument("--reuse", action="store_true", help="judge the reports that are there")
    parser.add_argument("--cost", action="store_true", help="measure the cost of a look at a million objects")
    parser.add_argument("--turns", type=int, default=5, metavar="N", help="with --cost: looks of each tool")
    return parser.parse_args(words)


def _row(case: LeakCase, tools: Sequence[str], bench: Workplace) -> show.CaseRow:
    row = show.CaseRow(case.id)
    for side in ("before", "after"):
        version = case.version(side)
        if version is None or (side == "after" and not case.after_quiet):
            continue
        for tool in tools:
            run = ToolRun(case, version, raw_report(tool, case, side, bench.out), bench)
            try:
                report = reported(tool, run)
            except (ToolFailedError, MissingEnvironmentError) as error:
                row.failed[f"{tool}, {side}"] = str(error)
                print(f"{case.id} {side} {tool}: {error}", file=sys.stderr, flush=True)
                continue
            if side == "before":
                row.before[tool] = judged(case, report, tool)
            else:
                row.quiet[tool] = not report.growth
    print(f"{case.id}: {row.before}", file=sys.stderr, flush=True)
    return row


def _write(rows: Sequence[show.CaseRow], tools: Sequence[str], versions: dict[str, dict[str, str]], out: Path) -> None:
    values = {
        "machine": {"python": platform.python_version(), "system": platform.platform(), "processors": os.cpu_count()},
        "peers": versions,
        "totals": show.totals(rows, tools),
        "cases": [
            {
                "id": row.id,
                "before": {tool: judgement.to_json() for tool, judgement in row.before.items()},
                "quiet": row.quiet,
                "failed": row.failed,
            }
            for row in rows
        ],
    }
    (out / "results.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    (out / "table.md").write_text(show.markdown(show.totals(rows, tools)), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
