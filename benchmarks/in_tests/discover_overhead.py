"""What ``--leaklint-discover`` costs on Jinja2's own suite of 909 quick tests, and on a copy in which most tests leak.

    python benchmarks/in_tests/discover_overhead.py --work FOLDER [--rounds 5]

FOLDER is that of ``overhead.py``, or is made as there. The figures are seconds of CPU time of the whole process, its start
included: the median of the rounds, in which the ways take turns, and the ratio to plain pytest on the same copy. Written to
``discover_overhead.md``; 1 if discovery costs more than 1.3 times the suite's own time.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from pathlib import Path

from overhead import JINJA, QUIET, Way, prepared, seconds

HERE = Path(__file__).parent
MOST = 1.3
DISCOVER = ("-p", "leaklint_runtime.pytest_plugin", "--leaklint-discover", "--leaklint-exit-zero")
WAYS = (
    Way("plain pytest", "jinja", QUIET),
    Way("`--leaklint-discover`", "jinja", (*QUIET, *DISCOVER)),
    Way("plain pytest, planted", "planted", QUIET),
    Way("`--leaklint-discover`, planted", "planted", (*QUIET, *DISCOVER)),
)


def main() -> int:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    work = args.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    python = prepared(work)
    runs: dict[str, list[tuple[float, str]]] = {way.name: [] for way in WAYS}
    for _ in range(args.rounds):
        for way in WAYS:
            runs[way.name].append(seconds(python, work, way))
            print(way.name, *runs[way.name][-1], flush=True)
    medians = {name: statistics.median(spent for spent, _ in some) for name, some in runs.items()}
    rows, worst = [], 0.0
    for way in WAYS:
        plain = medians["plain pytest" if way.copy == "jinja" else "plain pytest, planted"]
        ratio = medians[way.name] / plain
        worst = max(worst, ratio)
        fastest = min(spent for spent, _ in runs[way.name])
        rows.append(
            f"| {way.name} | {medians[way.name]:.2f} | {ratio:.2f} | {fastest:.2f} | {args.rounds} | {runs[way.name][-1][1]} |"
        )
    version = subprocess.run([str(python), "-V"], capture_output=True, text=True, check=True).stdout.strip()
    head = (
        f"# What discovery costs in tests\n\nJinja2 {JINJA}'s own suite on {version}, written by "
        "`benchmarks/in_tests/discover_overhead.py`; the ways take turns. `planted`\nis a copy in which every environment is "
        "kept for good.\n\n| way | median CPU s | ratio to plain | fastest s | runs | outcome |\n|---|---|---|---|---|---|\n"
    )
    (HERE / "discover_overhead.md").write_text(head + "\n".join(rows) + "\n")
    return 1 if worst > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
