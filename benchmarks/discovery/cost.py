"""What a look at a heap of a million live containers costs, beside a full collection of the same heap."""

from __future__ import annotations

import json
import resource
import shlex
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from environments import interpreter, peers
from running import IN_TARGET

PYTHON = "3.11"
FEW, MANY = 4, 12


@dataclass(frozen=True, slots=True)
class HeapCost:
    """CPU seconds by what was done, and the number of objects that the collector tracked."""

    objects: int
    collection: float
    seconds: dict[str, float]

    def to_json(self) -> dict[str, object]:
        """Return it as JSON."""
        return {"python": PYTHON, **asdict(self)}

    def table(self) -> list[list[str]]:
        """Return the lines of the table."""
        head = ["a look at the heap", "CPU seconds", "full collections"]
        rows = {f"gc.collect(), {self.objects:,} objects": self.collection, **self.seconds}
        return [head, *([name, f"{spent:.2f}", f"{spent / self.collection:.1f}"] for name, spent in rows.items())]


def measured(envs: Path, leaklint: str, turns: int) -> HeapCost:
    """Measure leaklint's rounds and the peers' looks on the same heap; each figure is a median of ``turns``."""
    python = interpreter(peers(PYTHON, envs))
    words = [str(python), str(IN_TARGET / "cost_of_peers.py"), str(turns)]
    text = subprocess.run(words, capture_output=True, text=True, check=True, cwd=IN_TARGET).stdout
    values = json.loads(text.splitlines()[-1])
    times = {name: median(spent) for name, spent in values["seconds"].items()}
    collection = times.pop("gc.collect()")
    rounds = [_round(leaklint, python) for _ in range(turns)]
    return HeapCost(values["objects"], collection, {"leaklint profile, a round": median(rounds), **times})


def _round(leaklint: str, python: Path) -> float:
    """Return the CPU seconds that a round of ``leaklint profile`` takes: those of many rounds less those of few."""
    few, many = (_profile(leaklint, python, rounds) for rounds in (FEW, MANY))
    return (many - few) / (MANY - FEW)


def _children() -> float:
    """Return the CPU seconds of all processes that were waited for, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _profile(leaklint: str, python: Path, rounds: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        words = [*shlex.split(leaklint), "profile", f"{IN_TARGET / 'heap.py'}:work", "--no-check", "--quiet"]
        words += ["--rounds", str(rounds), "--python", str(python), "--memory-limit", "0"]
        words += ["--output-format", "json", "--output-file", str(Path(folder) / "profile.json")]
        start = _children()
        done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder)
        spent = _children() - start
        if done.returncode not in (0, 1):
            raise RuntimeError(f"leaklint ended with status {done.returncode}: {done.stderr[-500:]}")
    return spent
