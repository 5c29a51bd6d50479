"""Every output format, from reports made by hand: complete, well-formed, harmless whatever names and sources hold."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import CLEAN, FINDING, REPORT, SOURCE, lines

from leaklint.config import ConfigError
from leaklint.model import Finding, Fix, Problem, Related, Report, Summary, from_json
from leaklint.reports import FORMATS, View, render
from leaklint.reports.escape import command_data, for_xml, visible
from leaklint.reports.excerpt import Mark, columns, excerpt
from leaklint.reports.json_format import load
from leaklint.reports.style import Style
from leaklint.reports.text_format import statistics

DATA = Path(__file__).parent / "data"
DOCS = Path(__file__).parents[1] / "docs"
VIEW = View(lines)


def document(name: str, report: Report = REPORT, view: View = VIEW) -> Any:
    return json.loads(render(report, name, view))


def test_what_can_be_printed_hides_nothing() -> None:
    shown = "".join(character for character in map(chr, range(sys.maxunicode + 1)) if character.isprintable())
    assert visible(shown) == shown
    assert visible(f"\0{shown}") == f"\\x00{shown}"


def test_text() -> None:
    assert render(REPORT, "text", VIEW) == (
        "pkg/mod.py:4:5: LK101 [confirmed] Processor.instance_map keeps every Processor; hold them in a "
        "WeakValueDictionary\n"
        "  3 | class Processor:\n"
        "  4 |     instance_map = {}\n"
        "    |     ^^^^^^^^^^^^^^^^^\n"
        "  ...\n"
        "  6 |     def __init__(self, app):\n"
        "  7 |         Processor.instance_map[id(self)] = self\n"
        "    |         ^^^^^^^^^^^^^^^^^^^^^^ self is stored here\n"
        "  --> pkg/other.py:3:1\n"
        "  3 | del x\n"
        "    | ^^^ removed here, but only in __del__\n"
        "  = kept by: pkg.mod:Processor.instance_map (class attribute, lives as long as the process)\n"
        "             -> Processor\n"
        "             -> resource_loader\n"
        "  = repair: weakref.WeakValueDictionary: every use is known\n"
        "  = verdict: confirmed: every Processor outlives its last user\n"
        "             ┬ root: module pkg.mod\n"
        "             │    ↓ .Processor\n"
        "             ├─ class Processor\n"
        "             │    ↓ .instance_map\n"
        "             │      ~~~~~~~~~~~~~\n"
        "             ├─ dict\n"
        "             │    ↓ [*]\n"
        "             ╰→ Processor\n"
        "             8 of 8 alive · +1.00 entries an object · 412 B an instance · refcount 2 → 3 (control 2)\n"
        "\n"
        "1 finding in 120 files (0.4 s): 1 high, 1 problem\n"
    )


def test_text_without_sources_still_tells_the_stores() -> None:
    text = render(REPORT, "text")
    assert "  line 7: self is stored here\n" in text
    assert "  --> pkg/other.py:3:1\n" in text


def test_what_is_said_of_the_place_itself_stands_under_it() -> None:
    finding = replace(FINDING, related=(Related("pkg/mod.py", 4, 5, "registered here"),), verdict=None)
    text = render(Report((finding,)), "text", VIEW)
    assert text.count("^ registered here\n") == 1
    assert text.count("    |") == 1


def test_text_of_nothing() -> None:
    assert render(CLEAN, "text") == "no leak-prone pattern found in 3 files (0.0 s)\n"
    assert render(CLEAN, "text", View(quiet=True)) == ""
    assert render(CLEAN, "text", View(hidden=2)) == "nothing new in 3 files (0.0 s), 2 known findings left out\n"
    unread = replace(CLEAN, problems=REPORT.problems)
    assert render(unread, "text") == "nothing found in 3 files (0.0 s), 1 problem\n"


def test_text_says_why_there_is_no_repair() -> None:
    finding = replace(FINDING, fix=Fix("none", "", "the dict is pickled"), verdict=None)
    text = render(Report((finding,)), "text")
    assert "  = by hand: the dict is pickled\n" in text
    assert "verdict" not in text
    unsafe = replace(FINDING, fix=Fix("unsafe", "weakref.WeakSet", "order is assumed not to matter"))
    assert "  = repair, unsafe: weakref.WeakSet: order is assumed not to matter\n" in render(Report((unsafe,)), "text")


def test_colour_adds_only_colour() -> None:
    plain, colored = render(REPORT, "text", VIEW), render(REPORT, "text", replace(VIEW, color=True))
    assert "\x1b[1;31mLK101\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == plain
    assert "\x1b" not in plain


def test_concise() -> None:
    assert render(REPORT, "concise", VIEW) == (
        "pkg/mod.py:4:5: LK101 [confirmed] Processor.instance_map keeps every Processor; hold them in a "
        "WeakValueDictionary\n"
    )


def test_statistics() -> None:
    other = replace(FINDING, code="LK301", name="memoised-method")
    report = Report((FINDING, other, other))
    assert statistics(report) == "2 LK301 memoised-method\n1 LK101 class-registry-of-self\n"
    assert statistics(Report()) == ""


def test_json_is_the_contract() -> None:
    whole = document("json")
    jsonschema.validate(whole, json.loads((DOCS / "report.schema.json").read_text()))
    assert whole["findings"][0]["fix"] == {
        "safety": "safe",
        "replacement": "weakref.WeakValueDictionary",
        "reason": "every use is known",
    }
    assert whole["problems"] == [{"path": "pkg/bad.py", "line": 3, "message": "syntax error: invalid syntax"}]
    assert whole["summary"] == {"files": 120, "gated": 4, "findings": 1, "seconds": 0.42}
    revived = from_json(Finding, whole["findings"][0])
    assert revived == replace(FINDING, fix=replace(FINDING.fix, edits=()))


def test_json_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(render(REPORT, "json"))
    finding = replace(FINDING, fix=replace(FINDING.fix, edits=()))
    assert load(file) == replace(REPORT, findings=(finding,))
    for text in ("", "[]", '{"version": 2}', '{"version": 1, "findings": [{}]}'):
        file.write_text(text)
        with pytest.raises(ConfigError, match=r"report\.json: (not a report|report version 2 is not known)"):
            load(file)
    with pytest.raises(ConfigError, match="cannot read the report: No such file"):
        load(tmp_path / "none.json")


def test_jsonl() -> None:
    items = [json.loads(line) for line in render(REPORT, "jsonl", VIEW).splitlines()]
    assert [item["type"] for item in items] == ["finding", "problem", "summary"]
    assert items[0]["fingerprint"] == FINDING.fingerprint
    assert items[2]["tool"]["name"] == "leaklint"


def assert_is_sarif(log: Any) -> None:
    """Hold a log against the whole schema of the standard, formats of its texts included."""
    schema = json.loads((DATA / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    jsonschema.validate(log, schema, format_checker=jsonschema.FormatChecker())


def test_sarif() -> None:
    view = replace(VIEW, rules={"LK101": "Keeps self.\n\nLonger."})
    log = document("sarif", view=view)
    assert_is_sarif(log)
    (run,) = log["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["shortDescription"]["text"]) == ("LK101", "Keeps self.")
    (result,) = run["results"]
    assert result["partialFingerprints"] == {"leaklint/v1": FINDING.fingerprint}
    assert result["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 4,
        "startColumn": 5,
        "endLine": 4,
        "endColumn": 22,
    }
    assert [item["message"]["text"] for item in result["relatedLocations"]] == [
        "self is stored here",
        "removed here, but only in __del__",
    ]
    steps = [step["location"]["message"]["text"] for step in result["codeFlows"][0]["threadFlows"][0]["locations"]]
    assert steps == ["self is stored here", "removed here, but only in __del__", *FINDING.retention]
    (change,) = result["fixes"][0]["artifactChanges"]
    region = change["replacements"][0]["deletedRegion"]
    deleted = SOURCE[region["charOffset"] : region["charOffset"] + region["charLength"]]
    assert deleted == "{}"
    assert not run["invocations"][0]["executionSuccessful"]


def test_the_sarif_schema_is_the_strict_one() -> None:
    log = document("sarif")
    log["runs"][0]["results"][0]["level"] = "grave"
    with pytest.raises(jsonschema.ValidationError):
        assert_is_sarif(log)


def test_sarif_uris_are_quoted() -> None:
    odd = Report((replace(FINDING, path="a b/#ü%.py", related=()), replace(FINDING, path="/abs/x.py", related=())))
    log = document("sarif", odd)
    assert_is_sarif(log)
    uris = [item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for item in log["runs"][0]["results"]]
    assert uris == ["a%20b/%23%C3%BC%25.py", "file:///abs/x.py"]


def test_github() -> None:
    finding, problem = render(REPORT, "github", VIEW).splitlines()
    assert finding.startswith(
        "::error title=leaklint (LK101),file=pkg/mod.py,line=4,col=5,endLine=4,endColumn=22::pkg/mod.py:4:5: LK101 "
    )
    assert "%0A  -> resource_loader%0Aconfirmed: " in finding
    assert problem == "::error title=leaklint,file=pkg/bad.py,line=3::pkg/bad.py: syntax error: invalid syntax"


def test_github_commands_cannot_be_smuggled_in() -> None:
    odd = Report((replace(FINDING, path="a,b:c\n::stop-commands::x", message="50% of\r\n::error::x"),))
    text = render(odd, "github")
    assert text.count("\n") == 1
    assert "file=a%2Cb%3Ac%0A%3A%3Astop-commands" in text
    assert command_data("50%\n") == "50%25%0A"


def test_gitlab() -> None:
    twice = replace(REPORT, findings=(FINDING, FINDING))
    issues = document("gitlab", twice)
    assert [issue["severity"] for issue in issues] == ["major", "major", "blocker"]
    assert len({issue["fingerprint"] for issue in issues}) == 3
    assert issues[0]["location"] == {"path": "pkg/mod.py", "lines": {"begin": 4, "end": 4}}
    assert issues[2]["location"]["lines"]["begin"] == 3


def test_junit() -> None:
    root = ElementTree.fromstring(render(REPORT, "junit", VIEW))
    assert root.attrib == {"name": "leaklint", "tests": "2", "failures": "1", "errors": "1", "time": "0.420"}
    failed, erred = root.iter("testcase")
    assert failed.attrib["name"] == "LK101 pkg.mod:Processor.instance_map"
    failure = failed.find("failure")
    assert failure is not None
    assert failure.text is not None
    assert failure.text.splitlines()[1].startswith("  -> pkg.mod:Processor.instance_map")
    assert erred.find("error") is not None
    clean = ElementTree.fromstring(render(CLEAN, "junit"))
    assert (clean.attrib["tests"], clean.attrib["failures"], clean.attrib["errors"]) == ("1", "0", "0")


def test_excerpt_with_tabs_and_wide_characters() -> None:
    source = ["\tnamé = '日本' + x"]
    rows = excerpt([Mark(1, 16, 17)], source, Style())
    assert rows[0] == "1 |     namé = '日本' + x"
    assert columns(rows[1]) == columns(rows[0])
    assert rows[1].endswith(" ^")


def test_excerpt_shows_nothing_beyond_the_file() -> None:
    assert excerpt([Mark(9, 1, 2)], ["x"], Style()) == ()


def test_long_lines_are_cut() -> None:
    rows = excerpt([Mark(1, 100_000, 100_001)], ["x" * 200_000], Style())
    assert all(len(row) < 200 for row in rows)


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match="no such format: yaml"):
        render(REPORT, "yaml")


hostile = st.text(st.characters(codec=None, categories=None), max_size=30)  # surrogates and controls too


@given(hostile)
def test_visible_shows_nothing_that_acts(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in shown)
    assert len(shown.splitlines()) <= 1
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f]", shown)


@given(hostile)
def test_xml_is_well_formed(text: str) -> None:
    element = ElementTree.Element("a", {"b": for_xml(text)})
    element.text = for_xml(text)
    written = ElementTree.tostring(element, "us-ascii")
    assert not re.search(rb"[\x00-\x08\x0b-\x1f\x7f-\xff]", written)
    again = ElementTree.fromstring(written)
    assert again.text == again.attrib["b"] or (again.text is None and not text)


@given(hostile, hostile, hostile, st.sampled_from(FORMATS), st.booleans())
def test_no_format_is_broken_by_names_or_sources(path: str, message: str, source: str, name: str, color: bool) -> None:
    finding = replace(FINDING, path=path, message=message, symbol=message, retention=(message,))
    report = Report((finding,), (Problem(path, 0, message),), Summary(1, 1, 1, 0.0))
    text = render(report, name, View(lambda _: [source] * 9, color=color))
    if name in ("json", "sarif", "gitlab"):
        json.loads(text)
    elif name == "jsonl":
        assert len([json.loads(line) for line in text.splitlines()]) == 3
    elif name == "junit":
        ElementTree.fromstring(text)
        assert text.isascii()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", text)
    elif name == "github":
        assert len(text.splitlines()) == 2
        assert all(line.startswith("::error ") for line in text.splitlines())
    else:
        stripped = re.sub(r"\x1b\[[0-9;]*m", "", text) if color else text
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", stripped)


@given(st.text(max_size=40), st.integers(1, 60), st.integers(0, 80))
def test_marks_stay_under_their_line(line: str, column: int, end: int) -> None:
    source = line.replace("\n", " ").replace("\r", " ")
    for row in excerpt([Mark(1, column, end, "label")], [source], Style()):
        assert len(row.splitlines()) == 1
