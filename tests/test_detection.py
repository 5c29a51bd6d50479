"""Many small programs: what leaks is found under the right code, what looks alike is not.

The programs are in ``tests/data``: ``==== title -> codes`` begins one, ``## path`` a file of it (``mod.py`` if none).
``low`` after the codes: shown only where findings of low confidence are asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.rules import RULES

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Program:
    title: str
    codes: tuple[str, ...]
    low: bool
    files: dict[str, str]


def programs(name: str) -> Iterator[Program]:
    """Yield the programs of one file."""
    for block in (DATA / name).read_text(encoding="utf-8").split("==== ")[1:]:
        head, _, body = block.partition("\n")
        title, _, words = head.partition(" -> ")
        files: dict[str, str] = {}
        path = "mod.py"
        for line in body.splitlines(keepends=True):
            if line.startswith("## "):
                path = line[3:].strip()
                files[path] = ""
            else:
                files[path] = files.get(path, "") + line
        codes = sorted(word for word in words.split() if word != "low")
        yield Program(title, tuple(codes), "low" in words.split(), files)


LEAKING = list(programs("shapes_leaking.txt"))
QUIET = list(programs("shapes_quiet.txt"))


def written(program: Program, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write the files of ``program`` below ``folder`` and go there."""
    for path, text in program.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)


def found(settings: Settings) -> tuple[str, ...]:
    report = check(["."], settings)
    assert report.problems == ()
    return tuple(sorted(finding.code for finding in report.findings))


def test_every_rule_has_a_shape() -> None:
    assert {code for program in LEAKING for code in program.codes} == set(RULES)


def test_titles_are_told_apart() -> None:
    titles = [program.title for program in (*LEAKING, *QUIET)]
    assert len(set(titles)) == len(titles) > 130


@pytest.mark.parametrize("program", LEAKING, ids=lambda program: program.title)
def test_what_leaks_is_found(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(program, tmp_path, monkeypatch)
    assert found(Settings(confidence="medium")) == (() if program.low else program.codes)
    if program.low:
        assert found(Settings(confidence="low")) == program.codes


@pytest.mark.parametrize("program", QUIET, ids=lambda program: program.title)
def test_what_looks_alike_is_not(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(program, tmp_path, monkeypatch)
    assert program.codes == ()
    assert found(Settings(confidence="medium")) == ()
