"""Where a cold run in one process spends its processor time.

    PYTHONPATH=CHECKOUT python benchmarks/speed/stages.py FOLDER

prints the seconds and the share of each stage; a stage that runs inside another is counted for itself only.
"""

from __future__ import annotations

import functools
import importlib
import os
import sys
import time
from collections.abc import Callable
from typing import Any

# Stage -> the functions that make it up, as module:attribute.
STAGES: dict[str, tuple[str, ...]] = {
    "find files": ("leaklint.engine:discover",),
    "read and decode": ("leaklint.reading:read_bytes", "leaklint.source:Source.decode"),
    "ast.parse": ("leaklint.source:parse_ast",),
    "value flow": ("leaklint.flow.read:read_flow",),
    "points-to, effects, lifetimes": ("leaklint.heap.retention:Heap.__init__",),
    "rules": ("leaklint.rules:cases_of",),
    "import libcst": (),
    "libcst.parse_module": ("libcst:parse_module",),
    "libcst's positions": ("leaklint.positions:Positions.__init__",),
    "repairs": ("leaklint.drafts:repaired",),
}


class Clock:
    """Seconds by stage, the innermost one counted."""

    def __init__(self) -> None:
        self.spent = dict.fromkeys((*STAGES, "all else"), 0.0)
        self.stack = ["all else"]
        self.last = time.process_time()

    def turn(self) -> None:
        """Count the time since the last turn for the stage that is running."""
        now = time.process_time()
        self.spent[self.stack[-1]] += now - self.last
        self.last = now

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return ``function`` with its time counted for ``stage``."""

        @functools.wraps(function)
        def inner(*args: Any, **named: Any) -> Any:
            self.turn()
            self.stack.append(stage)
            try:
                return function(*args, **named)
            finally:
                self.turn()
                self.stack.pop()

        return inner

    def put(self, stage: str, place: str) -> None:
        """Replace the function at ``module:attribute`` by one whose time is counted."""
        module, _, path = place.partition(":")
        owner: Any = importlib.import_module(module)
        *outer, name = path.split(".")
        for step in outer:
            owner = getattr(owner, step)
        kept = owner.__dict__[name]
        bare = self.timed(stage, kept.__func__ if isinstance(kept, classmethod) else kept)
        setattr(owner, name, classmethod(bare) if isinstance(kept, classmethod) else bare)


def main(folder: str) -> int:
    """Check ``folder`` and print the table."""
    os.chdir(folder)
    from leaklint import engine
    from leaklint.config import Settings

    clock = Clock()
    clock.timed("import libcst", importlib.import_module)("libcst")  # the first repair would do it
    for stage, places in STAGES.items():
        for place in places:
            clock.put(stage, place)
    report = engine.check(["."], Settings())
    clock.turn()
    whole = sum(clock.spent.values())
    summary = report.summary
    print(f"{summary.files} files, {summary.gated} in which something may be kept, {whole:.2f} s of processor time\n")
    print("| stage | s | % |\n|---|---|---|")
    for stage, seconds in clock.spent.items():
        print(f"| {stage} | {seconds:.2f} | {100 * seconds / whole:.0f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
