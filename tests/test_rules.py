"""Each rule on its fixtures: found, quiet, repaired, and proven before and after the repair.

``fixtures/CODE`` holds ``bad.py`` (each line with a finding ends ``# CODE``), ``ok.py`` (silent), ``bad.fixed.py`` and,
where objects need it, ``scenario.py``; some hold ``unrepaired.py``, whose findings no edit repairs for certain.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.fixing import FixOptions, Plan, plan
from leaklint.model import Finding
from leaklint.proof import VerifyOptions, verify
from leaklint.rules import RULES
from leaklint.rules.context import Case, Context

FIXTURES = Path(__file__).parents[1] / "fixtures"
#: What readers do with the container or logger decides: these repairs are written by hand.
BY_HAND = {"LK403"}
ALL = Settings(confidence="low")
CODES = sorted(RULES)
UNREPAIRED = sorted(path.parent.name for path in FIXTURES.glob("*/unrepaired.py"))


@pytest.fixture
def copy(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a scratch copy of a rule's fixtures."""
    shutil.copytree(FIXTURES / code, tmp_path / code, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path / code)
    return tmp_path / code


def expected(file: Path) -> list[tuple[int, str]]:
    """Return the lines and codes that a fixture's comments announce."""
    return sorted(_announced(file.read_text(encoding="utf-8")))


def _announced(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if found := re.search(r"# (LK\d{3})$", line):
            yield number, found[1]


def findings(name: str, settings: Settings = ALL) -> tuple[Finding, ...]:
    report = check([name], settings)
    assert report.problems == ()
    return report.findings


def repaired(name: str) -> Plan:
    report = check([name], ALL)
    return plan(report, ALL, FixOptions((name,), unsafe=True))


def unmarked(text: str) -> str:
    """Take the announcing comments off."""
    return re.sub(r" +# LK\d{3}$", "", text, flags=re.MULTILINE)


def proven(found: Sequence[Finding], source: Path, folder: Path) -> dict[str, str]:
    """Return the verdict on each finding's symbol, with ``source`` in the place of the file that was checked."""
    assert all(finding.probe is not None for finding in found)
    folder.mkdir()
    scenario = source.parent / "scenario.py"
    target = folder / Path(found[0].path).name
    shutil.copy(source, target)
    if scenario.exists():
        shutil.copy(scenario, folder)
    moved = [
        replace(one, probe=replace(one.probe, root=str(folder), file=str(target)))
        for one in found
        if one.probe is not None
    ]
    scenarios = (str(folder / "scenario.py"),) if scenario.exists() and source.stem != "unrepaired" else ()
    verdicts = verify(moved, VerifyOptions(scenarios=scenarios))
    return {f"{one.code} {one.symbol}": one.verdict.status for one in verdicts if one.verdict is not None}


def test_every_rule_has_fixtures() -> None:
    assert sorted(path.name for path in FIXTURES.glob("LK*")) == CODES
    for code in CODES:
        assert code in {found for _, found in expected(FIXTURES / code / "bad.py")}, code


@pytest.mark.parametrize("code", CODES)
def test_bad_is_found_exactly(code: str, copy: Path) -> None:
    assert sorted((one.line, one.code) for one in findings("bad.py")) == expected(copy / "bad.py")


@pytest.mark.parametrize("code", CODES)
def test_ok_is_silent(code: str, copy: Path) -> None:
    assert findings("ok.py", Settings()) == ()


@pytest.mark.parametrize("code", CODES)
def test_the_repair_is_as_written_and_stays(code: str, copy: Path) -> None:
    done = repaired("bad.py")
    text = (copy / "bad.fixed.py").read_text(encoding="utf-8")
    if code in BY_HAND:
        assert code not in {one.code for one in done.repaired}
        assert all(left.why for left in done.left)
    else:
        assert [left.why for left in done.left] == []
        assert unmarked(done.changes[0].after) == text
    (copy / "bad.py").write_text(text, encoding="utf-8")
    assert findings("bad.py") == ()
    assert repaired("bad.py").changes == ()


@pytest.mark.parametrize("code", CODES)
def test_the_leak_is_confirmed_and_its_repair_refuted(code: str, copy: Path, tmp_path: Path) -> None:
    found = findings("bad.py")
    before = proven(found, copy / "bad.py", tmp_path / "before")
    assert before == dict.fromkeys(before, "confirmed")
    after = proven(found, copy / "bad.fixed.py", tmp_path / "after")
    # A cache that an object keeps for itself makes a cycle, and a bounded memo keeps its last entries.
    gone = {"LK301": {"refuted", "gc-lag"}, "LK204": {"refuted", "bounded"}}.get(code, {"refuted"})
    assert after.keys() == before.keys()
    assert {name: status for name, status in after.items() if status not in gone} == {}


@pytest.mark.parametrize("code", UNREPAIRED)
def test_what_cannot_be_repaired_is_found_confirmed_and_left(code: str, copy: Path, tmp_path: Path) -> None:
    found = findings("unrepaired.py")
    assert sorted((one.line, one.code) for one in found) == expected(copy / "unrepaired.py")
    done = repaired("unrepaired.py")
    assert done.changes == ()
    assert len(done.left) == len(found)
    assert all(left.why for left in done.left)
    verdicts = proven(found, copy / "unrepaired.py", tmp_path / "before")
    assert verdicts == dict.fromkeys(verdicts, "confirmed")


@pytest.mark.parametrize(
    ("made", "confidence", "told"),
    [
        ("lru_cache(maxsize=None)", "high", "without bound"),
        ("lru_cache(None)", "high", "without bound"),
        ("lru_cache(maxsize=16)", "low", "up to 16 calls"),
        ("lru_cache(maxsize=256)", "medium", "up to 256 calls"),
        ("lru_cache()", "medium", "up to 128 calls"),
    ],
)
def test_the_bound_of_a_memoiser_counts_under_another_name_too(
    made: str, confidence: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    body = "    def row(self, n):\n        return [n]\n"
    named = f"from functools import lru_cache\n\nmemo = {made}\n\n\nclass Table:\n    @memo\n{body}"
    called = f"from functools import lru_cache\n\n\nclass Table:\n    @{made}\n{body}"
    for text in (named, called):
        Path("mod.py").write_text(text + "\n\ndef read(n):\n    return Table().row(n)\n")
        (found,) = findings("mod.py")
        assert (found.confidence, told in found.message) == (confidence, True), found.message


@pytest.mark.parametrize(
    ("key", "said"), [("name", "keep at most 1024 entries"), ("shape: Shape", "WeakKeyDictionary")]
)
def test_a_memo_as_default_argument_is_to_be_bounded_unless_objects_are_its_keys(
    key: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    word = key.partition(":")[0]
    shape = "class Shape:\n    pass\n\n\n"
    body = f"    if {word} not in known:\n        known[{word}] = str({word})\n    return known[{word}]\n"
    Path("mod.py").write_text(f"{shape}def told({key}, known={{}}):\n{body}")
    (found,) = findings("mod.py")
    assert (found.code, said in f"{found.message} {found.fix.replacement}") == ("LK204", True), found.message


def test_a_rule_that_fails_costs_no_findings_but_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of leaklint itself is told as a problem; what the other rules find is shown."""

    def broken(context: Context) -> Iterator[Case]:
        raise ZeroDivisionError("by zero")

    monkeypatch.delenv("LEAKLINT_DEBUG", raising=False)
    monkeypatch.setitem(RULES, "LK204", replace(RULES["LK204"], find=broken))
    (tmp_path / "leak.py").write_text(
        "class Part:\n    every = []\n\n    def __init__(self):\n        Part.every.append(self)\n"
    )
    report = check([str(tmp_path)], Settings())
    assert [finding.code for finding in report.findings] == ["LK101"]
    (problem,) = report.problems
    assert problem.path == "LK204"
    assert "findings may be missing: internal error: ZeroDivisionError: by zero" in problem.message


@pytest.mark.parametrize("name", ["__init_subclass__", "__set_name__"])
def test_a_function_of_no_class_may_have_any_name(tmp_path: Path, name: str) -> None:
    """What runs while classes are made is so only in a class."""
    (tmp_path / "odd.py").write_text(
        f"import sys\n\n\ndef {name}(self):\n    sys.excepthook = lambda *a: self\n\n\nEVERY = []\n\n\n"
        "class Part:\n    def __init__(self):\n        EVERY.append(self)\n"
    )
    report = check([str(tmp_path)], Settings())
    assert not report.problems
    assert [finding.code for finding in report.findings] == ["LK202"]
