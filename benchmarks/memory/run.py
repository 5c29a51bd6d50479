"""Four programs whose memory goes four ways, alone and as Dask tasks: does the ledger name each, and do its parts add up?

    python benchmarks/memory/run.py [--alone] [--plots DIR]

prints one table for fresh processes and one for workers of a real ``LocalCluster`` (needs the extra ``dask``; left out
with ``--alone``), and draws both to ``ledger.svg`` and ``dask.svg`` in DIR. The process figure is read by the benchmark
itself, from the kernel: alone before the ledger is taken, of a worker after it (what is sent there takes some 2.5 MB).
The status is 0 if every program is named rightly and every sum is within 2 % of that figure, else 1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import programs

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import to_json
from leaklint_runtime import charts, dask_plugin, dask_tables, ledger, plot

HERE = Path(__file__).parent
TOLERANCE = 0.02
COLUMNS = ("shared", "baseline", "managed", "held", "gc-lag", "hoard", "fragmented", "native")
CHILD = """\
import json, os, sys
sys.path[:0] = json.loads(sys.argv[3])
import programs
from leaklint_runtime import ledger, memory, wire
programs.PROGRAMS[sys.argv[1]]()
with open("/proc/self/statm") as source:
    resident = int(source.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
print(wire.dumps({"resident": resident, "ledger": ledger.to_json(memory.ledger(json.loads(sys.argv[2])))}))
"""


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """One program in one process: the kernel's figure before, what was named, and the ledger."""

    program: str
    resident: int
    named: str
    measured: ledger.Ledger

    @property
    def error(self) -> float:
        """Return how far the sum of the parts is from the process figure, as a share of it."""
        return (self.measured.sum - self.resident) / self.resident

    @property
    def holds(self) -> bool:
        """Tell whether the program is named rightly and its parts add up."""
        return self.named == programs.NAMED[self.program] and abs(self.error) <= TOLERANCE


def main(words: Sequence[str] | None = None) -> int:
    """Run the benchmark and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alone", action="store_true", help="without Dask")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="where the pictures go")
    args = parser.parse_args(words)
    findings = [to_json(item) for item in check([str(HERE / "programs.py")], Settings(root=str(HERE))).findings]
    rows = list(alone(findings))
    print(f"Each in a process of its own, MB of 10^6 bytes:\n\n{table(rows)}")
    if args.plots:
        chart = charts.ledgers([row.measured for row in rows], "Four programs, four reasons")
        (args.plots / "ledger.svg").write_text(plot.svg(chart), encoding="utf-8")
    if not args.alone:
        tasks = list(on_dask(findings, args.plots))
        print(f"\nEach as a task on a Dask worker of its own:\n\n{table(tasks)}")
        rows += tasks
    return 0 if all(row.holds for row in rows) else 1


def alone(findings: list[object]) -> Iterator[MemoryRow]:
    """Run each program in a fresh interpreter."""
    path = [str(HERE), str(HERE.parents[1] / "runtime")]
    for program in programs.PROGRAMS:
        command = [sys.executable, "-c", CHILD, program, json.dumps(findings), json.dumps(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        measured = json.loads(done.stdout)
        found = ledger.from_json(measured["ledger"])._replace(name=program)
        yield MemoryRow(program, measured["resident"], found.leading, found)


def on_dask(findings: list[object], plots: Path | None) -> Iterator[MemoryRow]:
    """Run each program as a task on a worker of its own, and ask the cluster."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=4, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        client.upload_file(str(HERE / "programs.py"))
        workers = sorted(client.nthreads())
        where = dict(zip(workers, programs.PROGRAMS, strict=True))
        client.gather([client.submit(programs.PROGRAMS[name], workers=[at], pure=False) for at, name in where.items()])
        rows = dask_plugin.collect(client, findings, 120.0)
        resident = client.run(_resident)
    print(f"\n{dask_plugin.table(rows)}")
    if plots:
        chart = charts.ledgers(dask_tables.bars(rows), "The same programs as tasks of four Dask workers")
        (plots / "dask.svg").write_text(plot.svg(chart), encoding="utf-8")
    for row in sorted(rows, key=lambda item: list(programs.PROGRAMS).index(where[item.address])):
        if row.ledger is None:
            raise SystemExit(f"{row.address}: {row.failure}")
        yield MemoryRow(where[row.address], resident[row.address], row.leading, row.ledger)


def _resident() -> int:
    with open("/proc/self/statm") as source:
        return int(source.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def table(rows: Sequence[MemoryRow]) -> str:
    """Return the rows as a Markdown table; ``held`` is a part of ``managed``."""
    head = ["program", "named", "process", "sum", *COLUMNS]
    cells = [head, ["---", "---", *["---:"] * (len(head) - 2)]]
    for row in rows:
        sizes = {**{part.name: part.size for part in row.measured.parts}, "held": row.measured.held_together or 0}
        figures = [f"{sizes[name] / 1e6:.1f}" for name in COLUMNS]
        cells.append([row.program, f"`{row.named}`", f"{row.resident / 1e6:.1f}", f"{row.error:+.2%}", *figures])
    return "".join(f"| {' | '.join(line)} |\n" for line in cells)


if __name__ == "__main__":
    sys.exit(main())
