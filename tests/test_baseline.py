"""Baselines: what was there stays quiet where it moves, and only what is new shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import FINDING

from leaklint.baseline import BaselineEntry, compare, dump, load, record
from leaklint.config import ConfigError
from leaklint.model import Finding, fingerprint


def finding(module: str = "pkg.mod", name: str = "C.reg", code: str = "LK101", line: int = 1) -> Finding:
    symbol = f"{module}:{name}"
    path = module.replace(".", "/") + ".py"
    return replace(
        FINDING, code=code, symbol=symbol, path=path, line=line, fingerprint=fingerprint(code, symbol, "dict")
    )


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("pkg").mkdir()
    Path("pkg/mod.py").write_text("")
    return tmp_path


def test_round_trip(project: Path) -> None:
    entries = record([finding(name="B.reg"), finding(name="A.reg")], project)
    assert [entry.symbol for entry in entries] == ["pkg.mod:A.reg", "pkg.mod:B.reg"]
    file = project / "base.json"
    file.write_text(dump(entries))
    assert load(file) == entries
    assert dump(entries).count("\n") == 4
    file.write_text(dump(()))
    assert load(file) == ()


def test_moved_lines_are_known_and_new_ones_are_not(project: Path) -> None:
    entries = record([finding(line=1)], project)
    assert compare([finding(line=99)], entries, project) == ((), ())
    other = finding(name="D.reg")
    assert compare([finding(), other], entries, project) == ((other,), ())


def test_an_entry_covers_one_finding(project: Path) -> None:
    entries = record([finding()], project)
    twice = (finding(line=1), finding(line=5))
    assert compare(twice, entries, project) == ((twice[1],), ())
    assert compare((), entries, project) == ((), entries)


def test_renamed_files_are_known_where_the_old_one_is_gone(project: Path) -> None:
    entries = record([finding()], project)
    moved = finding(module="pkg.renamed")
    assert compare([moved], entries, project) == ((moved,), entries)
    Path("pkg/mod.py").unlink()
    assert compare([moved], entries, project) == ((), ())
    assert compare([finding(module="pkg.renamed", code="LK102")], entries, project)[1] == entries


def test_paths_count_from_the_baseline(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("pkg")
    here = replace(finding(), path="mod.py")
    assert record([here], project)[0].path == "pkg/mod.py"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "not a baseline"),
        ("[]", "not a baseline"),
        ('{"version": 1}', "not a baseline"),
        ('{"version": 1, "findings": [{}]}', "not a baseline"),
        ('{"version": 1, "findings": [3]}', "not a baseline"),
        ('{"version": 9, "findings": []}', "baseline version 9 is not known"),
        ("[" * 100_000, "not a baseline"),
    ],
)
def test_what_is_no_baseline(text: str, told: str, project: Path) -> None:
    file = project / "base.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match=told) as caught:
        load(file)
    assert str(caught.value).startswith(str(file))
    assert "\n" not in str(caught.value)


def test_a_missing_baseline(project: Path) -> None:
    with pytest.raises(ConfigError, match="no such baseline; 'leaklint baseline' records one"):
        load(project / "none.json")


names = st.lists(st.sampled_from(["A.r", "B.r", "C.r"]), max_size=6)


@given(names, names)
def test_nothing_is_lost_or_made_up(before: list[str], now: list[str]) -> None:
    folder = Path()
    entries = record([finding(name=name) for name in before], folder)
    findings = [finding(name=name, line=line) for line, name in enumerate(now, start=1)]
    new, stale = compare(findings, entries, folder)
    assert len(findings) - len(new) == len(entries) - len(stale)
    assert {item.symbol for item in new}.isdisjoint({entry.symbol for entry in stale})
    assert all(isinstance(entry, BaselineEntry) for entry in stale)
