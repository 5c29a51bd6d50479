"""``check --executor dask``: many releases on a cluster, with a worker killed midway, against the same run on one machine.

    python benchmarks/cluster/run.py RELEASE ... [--workers 2]

checks the folders (unpacked releases, say) twice: in processes of this machine, and on a LocalCluster of separate worker
processes of which one is killed after the first files. The exit status is 1 if the reports differ in anything but time.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from dataclasses import replace

from leaklint.cluster import Cluster
from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import Report
from leaklint.running import Running


def main() -> int:
    """Run both and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("releases", nargs="+", metavar="RELEASE")
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()
    from distributed import Client, LocalCluster

    local = {path: timed(path, Running(args.workers)) for path in args.releases}
    killed: list[int] = []
    options = {"n_workers": args.workers, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(**options) as workers, Client(workers) as client:

        def tick(stage: str, done: int, total: int) -> None:
            if len(spread) == len(args.releases) // 2 and not killed:
                killed.append(next(iter(client.run(os.getpid).values())))
                os.kill(killed[0], signal.SIGKILL)

        cluster = Cluster(client)
        spread: dict[str, tuple[Report, float]] = {}
        for path in args.releases:
            spread[path] = timed(path, Running(1, tick, cluster))
    differ = [path for path in args.releases if spread[path][0] != local[path][0]]
    findings = sum(len(report.findings) for report, _ in local.values())
    files = sum(report.summary.files for report, _ in local.values())
    seconds = [sum(found[path][1] for path in args.releases) for found in (local, spread)]
    print(f"{len(local)} releases, {files} files, {findings} findings; killed worker: process {killed[0]}")
    print(f"processes {seconds[0]:.1f} s, cluster {seconds[1]:.1f} s; {len(differ)} reports differ {' '.join(differ)}")
    return 1 if differ else 0


def timed(path: str, running: Running) -> tuple[Report, float]:
    """Return the report without its time, and the seconds it took."""
    started = time.perf_counter()
    report = check([path], Settings(), running=running)
    return replace(report, summary=replace(report.summary, seconds=0.0)), time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
