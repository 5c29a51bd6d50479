"""Calls each program's work() again and again and says whether memory rises: python measure.py [NAME ...].

Every program runs in a process of its own, on the interpreter that runs this file (3.8 or later). After each call the
interpreter's method cache is emptied, which else fills with names for thousands of calls, and the heap is collected. Figures
are the least bytes that tracemalloc counts within a stretch of calls. A program of leaks/ must rise by 8 bytes a call from
each third of 60 calls to the next. One of healthy/ is called six times its rounds. From the last third of its rounds to the
next stretch, and from each stretch to the next, it may rise by 2 bytes a call, but for two of these five steps, as tables are
enlarged now and then. Before Python 3.11, where code that ran 1024 times gets a cache, it may rise by 16, but for three steps.
Exit status 1 where a program is not what its folder says.
"""

from __future__ import annotations

import array
import gc
import importlib.util
import json
import re
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

LEAK_CALLS, LEAK_RISE = 60, 8  # calls; bytes a call
HEALTHY_RISE, STEPS = (
    (2, 2) if sys.version_info >= (3, 11) else (16, 3)
)  # bytes a call; larger rises of a healthy program


def header(path: Path, key: str, default: str) -> str:
    """The value of a header comment of a program."""
    match = re.search(rf"^# {key}: *(.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return match.group(1).strip() if match else default


def sample(path: str, calls: int) -> list[int]:
    """Bytes that tracemalloc knows of after each call."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sizes = array.array("q", [0] * calls)  # takes no memory for its entries
    longest = 0.0
    tracemalloc.start()
    for number in range(calls):
        started = time.perf_counter()
        module.work()
        longest = max(longest, time.perf_counter() - started)
        getattr(sys, "_clear_internal_caches", sys._clear_type_cache)()
        gc.collect()
        sizes[number] = tracemalloc.get_traced_memory()[0]
    sys.stderr.write(f"longest call {longest * 1000:.1f} ms\n")
    return sizes.tolist()


def verdict(path: Path) -> tuple[bool, str]:
    """Whether a program does what its folder says, and the figures behind that."""
    leaks = path.parent.name == "leaks"
    rounds = LEAK_CALLS if leaks else int(header(path, "rounds", "40"))
    command = [sys.executable, __file__, "--sample", str(path), str(rounds if leaks else 6 * rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    try:
        sizes = json.loads(done.stdout.rpartition("sizes ")[2])
    except ValueError:
        return False, f"status {done.returncode}: " + " | ".join(done.stderr.splitlines()[-2:])
    longest = re.findall(r"longest call .*", done.stderr)[0]
    if leaks:
        first, second, third = (min(sizes[at : at + rounds // 3]) for at in range(0, rounds, rounds // 3))
        least = rounds // 3 * LEAK_RISE
        return second - first >= least <= third - second, f"{first} {second} {third} B, {longest}"
    lows = [min(sizes[rounds * 2 // 3 : rounds]), *(min(sizes[rounds * at :][:rounds]) for at in range(1, 6))]
    rises = [after - before for before, after in zip(lows, lows[1:])]  # noqa: B905, RUF007
    return sum(rise > HEALTHY_RISE * rounds for rise in rises) <= STEPS, f"{' '.join(map(str, lows))} B, {longest}"


def main(words: list[str]) -> int:
    """Measure the programs of these names, or all."""
    if words[:1] == ["--sample"]:
        print("sizes", json.dumps(sample(words[1], int(words[2]))), flush=True)
        return 0
    wrong = 0
    for path in sorted(Path(__file__).parent.glob("*/*.py")):
        least = tuple(int(part) for part in header(path, "min-python", "3.8").split("."))
        excluded = header(path, "not-python", "") == "{}.{}".format(*sys.version_info)
        if (words and path.stem not in words) or sys.version_info < least or excluded:
            continue
        right, figures = verdict(path)
        wrong += not right
        print(f"{'ok   ' if right else 'WRONG'} {path.parent.name}/{path.stem}: {figures}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
