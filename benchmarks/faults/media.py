"""Disks that are full or read-only, and a cluster whose workers are killed: no torn file, no lost finding.

    python benchmarks/faults/media.py [--times N] [--seed S] [--only NAME]

Each is done N times on a tree of programs that leak, drawn with a fixed seed:

    small     the tree and its cache lie on a disk of 1 MB (a tmpfs) that is filled up to a few bytes; check, check with
              a report to a file, and repair run there, and once more when there is room again
    readonly  the tree and its cache are mounted read-only; check has to say what it always says, a repair that it wrote nothing
    cluster   a check runs on a Dask cluster of this machine, one of whose workers is killed (SIGKILL) at a random moment

The first two mount, which only root may on Linux. One line of figures each; the exit status is 1 if anything was wrong.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from faults import FILES, FaultyTree, contents, main, torn

from leaklint.config import Settings
from leaklint.model import Report


@contextmanager
def mounted(place: Path, *words: str) -> Iterator[None]:
    """Mount something at ``place`` for a while. Raises ``SystemExit`` where that is not allowed."""
    done = subprocess.run(["mount", *words, str(place)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"cannot mount here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(disk: Path, room: int) -> Path:
    """Fill a disk with one file, up to so many bytes; return that file."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream, suppress(OSError):
        while stream.write(bytes(4096)):
            pass
    os.truncate(filler, max(0, filler.stat().st_size - room))
    return filler


def small(folder: Path, rng: random.Random, times: int) -> tuple[int, int]:
    """Check and repair on a full disk; return how many runs there were, and how many answers or files were wrong."""
    disk = folder / "disk"
    disk.mkdir()
    wrong = done = 0
    with mounted(disk, "-t", "tmpfs", "-o", "size=1m", "tmpfs"):
        tree = FaultyTree(disk, rng)
        for _ in range(times):
            tree.write(rng.randrange(FILES))
            truth = tree.report(cached=False)
            filler = fill(disk, rng.choice([0, 0, 4096, 8192, 20_000, 60_000]))
            wrong += tree.report() != truth
            wrong += _report_cut(tree, disk / "report.json")
            before = contents(tree.root)
            process = tree.fix()
            process.communicate()
            wrong += process.returncode not in (0, 1, 2)
            wrong += torn(tree, before) + sum(1 for _ in tree.root.glob(".*.leaklint"))
            filler.unlink()
            wrong += tree.wrong()
            done += 3
    return done, wrong


def _report_cut(tree: FaultyTree, place: Path) -> int:
    """Write a report to a file; it has to be whole, or the status 2 with a line that says why."""
    process = tree.start(tree.words("--output-file", str(place)))
    _, err = process.communicate()
    whole = True
    try:
        json.loads(place.read_bytes())
    except (OSError, ValueError):
        whole = False
    place.unlink(missing_ok=True)
    reported = process.returncode == 2 and err.count(b"\n") == 1 and b"internal error" not in err
    return int(not (whole and process.returncode in (0, 1)) and not reported)


def readonly(folder: Path, rng: random.Random, times: int) -> tuple[int, int]:
    """Check and repair what is mounted read-only; return how many runs there were, and how many were wrong."""
    wrong = done = 0
    place = folder / "place"
    place.mkdir()
    tree = FaultyTree(place, rng)
    for number in range(times):
        tree.write(rng.randrange(FILES))
        if number % 2:
            tree.report()  # a cache that was written before
        truth, before = tree.report(cached=False), contents(tree.root)
        with mounted(place, "--bind", str(place)):
            subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
            wrong += tree.report() != truth
            process = tree.fix()
            out, err = process.communicate()
            repairs = any(finding["fix"]["edits"] for finding in truth.get("findings", ()) if "edits" in finding["fix"])
            wrong += process.returncode not in ((2,) if repairs else (0, 1, 2)) or b"internal error" in out + err
        wrong += contents(tree.root) != before
        done += 2
    return done, wrong


def cluster(folder: Path, rng: random.Random, times: int) -> tuple[int, int]:
    """Kill workers of clusters while they check; return how many were killed, and how many answers were wrong."""
    from leaklint.engine import check

    tree, hit, wrong = FaultyTree(folder, rng), 0, 0
    settings = Settings(root=str(tree.root))
    for _ in range(times):
        tree.write(rng.randrange(FILES))
        truth = check([str(tree.root)], settings)
        report, killed = _spread(tree, settings, rng)
        hit += killed
        wrong += (report.findings, report.problems) != (truth.findings, truth.problems)
    return hit, wrong


def _spread(tree: FaultyTree, settings: Settings, rng: random.Random) -> tuple[Report, int]:
    """Check on a cluster that loses a worker; return what it says, and how many were killed before it was done.

    Each has a cluster of its own: Dask does not always bring back what was killed.
    """
    from distributed import Client, LocalCluster

    from leaklint.cluster import Cluster
    from leaklint.engine import check
    from leaklint.running import Running

    moment = rng.randrange(FILES // 4)
    victims: list[int] = []
    options: Any = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 50}
    with LocalCluster(processes=True, **options) as workers, Client(workers, set_as_default=False) as client:
        pids = sorted(client.run(os.getpid).values())

        def tick(stage: str, done: int, total: int) -> None:
            nonlocal moment
            moment -= 1
            if moment < 0 and not victims:
                victims.append(rng.choice(pids))
                os.kill(victims[0], signal.SIGKILL)

        return check([str(tree.root)], settings, running=Running(1, tick, Cluster(client))), len(victims)


MEDIA = {one.__name__: one for one in (small, readonly, cluster)}


def run(name: str, times: int, seed: int) -> tuple[int, int]:
    """Do one of them so often; return how often it struck, and what was lost, torn or wrong."""
    with tempfile.TemporaryDirectory(prefix="leaklint-") as folder:
        return MEDIA[name](Path(folder), random.Random(f"{seed} {name}"), times)


if __name__ == "__main__":
    sys.exit(main(__doc__, list(MEDIA), run))
