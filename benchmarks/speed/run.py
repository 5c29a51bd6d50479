"""How fast leaklint is, beside its peers, in one interleaved run.

    python benchmarks/speed/run.py --cache DIR [--sizes small,medium] [--tools NAME ...] [--rounds N]

builds the corpora and the peers' environment below DIR (once), then gives every tool its turn in each round, so that a
machine that changes its speed does so for all. Prints tables of medians, and writes ``out/SIZE.json`` and ``out/SIZE.svg``.
Tools that take minutes on the large corpus are left out there, unless ``--heavy`` asks for them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from corpus import SIZES, Corpus, corpus
from measure import SpeedRow, row
from measuring import Run, measured
from show import plot, table
from tools import Tool, bench, environment, tools

HERE = Path(__file__).parent


def main() -> int:
    """Build, measure, show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="the folder for releases, corpora and environments")
    parser.add_argument("--sizes", default="small,medium", help="of small, medium and large (default: the first two)")
    parser.add_argument("--tools", action="append", metavar="NAME", help="measure tools whose name begins so only")
    parser.add_argument("--rounds", type=int, default=5, help="counted runs of each tool, after one that is not")
    parser.add_argument("--heavy-rounds", type=int, help="rounds in which slow tools have a turn (default: all)")
    parser.add_argument("--seconds", type=float, default=900, help="give up on a run after this time")
    parser.add_argument("--heavy", action="store_true", help="run slow tools on the large corpus, too")
    args = parser.parse_args()
    cache = args.cache.resolve()
    chosen = tools(bench(cache), cache)
    if args.tools:
        chosen = [tool for tool in chosen if tool.name.startswith(tuple(args.tools))]
    for size in args.sizes.split(","):
        if size not in SIZES:
            parser.error(f"{size} is no size; there are {', '.join(SIZES)}")
        there = corpus(size, cache)
        heavy = 0 if size == "large" and not args.heavy else min(args.heavy_rounds or args.rounds, args.rounds)
        rows = compared(chosen, there, args.rounds, heavy, args.seconds)
        keep(there, rows)
        print(table(title(there), rows), flush=True)
    return 0


def title(there: Corpus) -> str:
    """Return how a corpus is called in tables."""
    return f"{there.name}: {there.files:,} files, {there.lines:,} lines"


def compared(chosen: Sequence[Tool], there: Corpus, rounds: int, heavy: int, seconds: float) -> list[SpeedRow]:
    """Run the tools in turn, ``rounds`` times and once before; slow ones in the first ``heavy`` of these rounds only."""
    runs: dict[str, list[Run]] = {tool.name: [] for tool in chosen}
    failed = {tool.name: "not run: takes minutes here" for tool in chosen if tool.heavy and not heavy}
    for number in range(rounds + 1):
        for tool in chosen:
            if tool.name in failed or (tool.heavy and not 1 <= number <= heavy):
                continue
            tool.before(there.folder, number)
            run = measured(tool.words, there.folder, environment(tool), seconds)
            if run.late:
                failed[tool.name] = f"not done after {seconds:.0f} s"
            elif run.status not in tool.fine:
                failed[tool.name] = f"failed with status {run.status}"
            elif number:
                runs[tool.name].append(run)
            print(f"{there.name} {number}/{rounds} {tool.name}: {run}", file=sys.stderr, flush=True)
    return [
        SpeedRow(tool.name, 0, failed=failed[tool.name]) if tool.name in failed else row(tool.name, runs[tool.name])
        for tool in chosen
    ]


def keep(there: Corpus, rows: Sequence[SpeedRow]) -> None:
    """Write the figures and the picture."""
    out = HERE / "out"
    out.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "system": platform.system(), "processors": os.cpu_count()}
    data = {"corpus": {"name": there.name, "files": there.files, "lines": there.lines}, "machine": machine}
    (out / f"{there.name}.json").write_text(
        json.dumps({**data, "rows": [asdict(row) for row in rows]}, indent=1) + "\n"
    )
    (out / f"{there.name}.svg").write_text(plot(title(there), rows))


if __name__ == "__main__":
    sys.exit(main())
