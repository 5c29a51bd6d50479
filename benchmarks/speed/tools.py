"""What is measured: leaklint and its peers, each as the command that a user would give, with output as short as ours.

Peers stand in an environment of their own (``requirements.txt``); the flake8 plugins lie in folders beside it, so that flake8
is measured with and without them. leaklint is a copy of this checkout, so that nothing changes under its cache.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
_NEW = "\n\ndef changed_"


@dataclass(frozen=True, slots=True)
class Tool:
    """One row of the table: a command, run in the corpus's folder, and what is done before each run.

    ``heavy`` tools take minutes on the large corpus and are run there with ``--heavy`` only. A run that ends with another
    status than those of ``fine`` has failed.
    """

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    before: Callable[[Path, int], None] = lambda folder, round_: None
    heavy: bool = False
    fine: Container[int] = (0, 1)


@dataclass(frozen=True, slots=True)
class Bench:
    """The environment with the peers, and the folders with the plugins."""

    folder: Path

    @property
    def python(self) -> str:
        """Return the interpreter that runs everything."""
        return str(self.folder / "env" / "bin" / "python")

    def path(self, name: str) -> str:
        """Return the folder of a plugin."""
        return str(self.folder / name)


def bench(cache: Path) -> Bench:
    """Return the environment below ``cache``; the peers are installed once, leaklint is copied anew."""
    made = Bench(cache / "bench")
    pins = {line.partition("==")[0]: line for line in (HERE / "requirements.txt").read_text().split()}
    if not Path(made.python).exists():
        subprocess.run([sys.executable, "-m", "venv", str(made.folder / "env")], check=True)
        _pip(made, "install", "--upgrade", "pip")  # older ones write scripts that load ``re`` before anything else
        peers = [line for name, line in pins.items() if name != "flake8-bugbear"]
        _pip(made, "install", *peers)
        _pip(made, "install", "--no-deps", "--target", made.path("bugbear"), pins["flake8-bugbear"])
    shutil.rmtree(made.path("leaklint"), ignore_errors=True)
    _pip(made, "install", "--no-deps", "--target", made.path("leaklint"), str(ROOT))
    return made


def _pip(bench: Bench, *words: str) -> None:
    subprocess.run([bench.python, "-m", "pip", "--quiet", "--disable-pip-version-check", *words], check=True)


def tools(bench: Bench, cache: Path) -> list[Tool]:
    """Return everything that is measured, in the order of the table."""
    ours = {"PYTHONPATH": bench.path("leaklint")}
    memory, ruffs = str(cache / "caches" / "leaklint"), str(cache / "caches" / "ruff")

    def check(*options: str) -> tuple[str, ...]:
        script = str(bench.folder / "leaklint" / "bin" / "leaklint")
        return (script, "check", "--isolated", "--output-format", "concise", "--quiet", *options, ".")

    remembering = check("--cache-dir", memory)
    ruff = (
        str(bench.folder / "env" / "bin" / "ruff"),
        "check",
        "--isolated",
        "--select",
        "B019",
        "--output-format",
        "concise",
    )
    ruff = (*ruff, "--quiet", "--cache-dir", ruffs, ".")
    plugins = str(cache / "caches" / "flake8")
    flake8 = (bench.python, "-m", "flake8", "--isolated")
    plugin = (*flake8, "--select", "LK", "--leaklint-cache-dir", plugins, ".")
    pylint = ("-m", "pylint", "--recursive=y", "--disable=all", "--score=n")
    checks = "--enable=method-cache-max-size-none,dangerous-default-value"
    return [
        Tool("leaklint cold", remembering, ours, _without(memory)),
        Tool("leaklint cold, one process", check("--no-cache", "--jobs", "1"), ours),
        Tool("leaklint warm", remembering, ours),
        Tool("leaklint, a plain file changed", remembering, ours, _changed(_is_plain)),
        Tool("leaklint, a file with classes changed", remembering, ours, _changed(_has_classes)),
        Tool("ruff cold", ruff, {}, _without(ruffs)),
        Tool("ruff warm", ruff),
        Tool("vulture", (bench.python, "-m", "vulture", "--min-confidence", "100", "."), heavy=True, fine=(0, 1, 3)),
        Tool("flake8", (*flake8, "--select", "F82", "."), heavy=True),
        Tool("flake8 + leaklint, cold", plugin, ours, _without(plugins), heavy=True),
        Tool("flake8 + leaklint, warm", plugin, ours, heavy=True),
        Tool("flake8 + bugbear", (*flake8, "--select", "B019", "."), {"PYTHONPATH": bench.path("bugbear")}, heavy=True),
        Tool("pylint, two checks", (bench.python, *pylint, checks, "."), heavy=True, fine=range(32)),
        Tool("Fixit, one rule", _fixit(bench), heavy=True),
    ]


def _fixit(bench: Bench) -> tuple[str, ...]:
    return (
        str(bench.folder / "env" / "bin" / "fixit"),
        "--quiet",
        "--rules",
        "fixit.rules:NoStaticIfCondition",
        "lint",
        ".",
    )


def _without(cache: str) -> Callable[[Path, int], None]:
    def clear(folder: Path, round_: int) -> None:
        shutil.rmtree(cache, ignore_errors=True)
        time.sleep(2.5)  # a file that the round before has changed is trusted again

    return clear


def _changed(chosen: Callable[[str], bool]) -> Callable[[Path, int], None]:
    """Return what puts a new function at the end of the first file, from the middle on by name, that is ``chosen``."""

    def change(folder: Path, round_: int) -> None:
        files = sorted(folder.rglob("*.py"))
        for file in (*files[len(files) // 2 :], *files):
            text = file.read_text(encoding="utf-8", errors="replace")
            kept = text.partition(_NEW)[0]
            if chosen(kept):
                file.write_text(f"{kept}{_NEW}{round_}(value):\n    return value + {round_}\n", encoding="utf-8")
                return

    return change


def _is_plain(text: str) -> bool:
    """Tell whether a text has functions and nothing that could hold anything."""
    return "def " in text and not re.search(r"^\s*class |= ?[\[{]|^\s*@|\(\)$", text, re.MULTILINE)


def _has_classes(text: str) -> bool:
    return "class " in text and "= {}" in text


def environment(tool: Tool) -> dict[str, str]:
    """Return the variables that a tool runs with."""
    plain = {name: value for name, value in os.environ.items() if name not in {"CI", "PRE_COMMIT", "PYTHONPATH"}}
    return {**plain, **tool.environment}
