"""A small program with a leak, and the story of how it is found, proven, repaired and proven gone.

``example`` holds the program. It has the shape of a leak that shipped: every part of an assistant enters itself into a
dict on its class, so that no assistant that was ever loaded goes away, nor the training data it holds.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

EXAMPLE = Path(__file__).parent / "example"
PACKAGE = "assistant"


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the story: what it is for, its words, and the exit status that the story expects."""

    title: str
    words: tuple[str, ...]
    status: int


STORY: tuple[Step, ...] = (
    Step("Find it: what can keep an object alive after its last user let go?", ("check", PACKAGE), 1),
    Step(
        "Keep the finding, to ask the same question again later.",
        ("check", "--output-format", "json", "--output-file", "findings.json", PACKAGE),
        1,
    ),
    Step("Prove it: make the object, drop it, collect, look who is left.", ("verify", "--explain", PACKAGE), 1),
    Step("See the repair.", ("fix", "--diff", PACKAGE), 1),
    Step("Apply it.", ("fix", PACKAGE), 1),
    Step("Prove the repair: the same experiment on the same finding.", ("verify", "--findings", "findings.json"), 0),
    Step("And nothing is left to find.", ("check", PACKAGE), 0),
)


def copy_example(folder: Path) -> None:
    """Copy the example's package into ``folder``."""
    shutil.copytree(EXAMPLE / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
