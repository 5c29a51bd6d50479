"""What a run alone has shown, in the formats of reports, in a baseline, on the page, and in an editor."""

from __future__ import annotations

import html
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hidden_programs import TWO_DEEP, line_of, profile, written
from lsprotocol import types as lsp
from test_server import applied, editor, run

from leaklint.cli import main

HINT = "LK202 would have to see this: its stores reach it by an expression that is not resolved"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    written(folder, TWO_DEEP)
    return folder


def printed(capsys: pytest.CaptureFixture[str], *words: str, status: int = 1) -> str:
    assert main([*words]) == status
    return capsys.readouterr().out


def checked(capsys: pytest.CaptureFixture[str], form: str, status: int = 1) -> str:
    return printed(
        capsys, "check", "--no-cache", "--findings", "profile.json", "--output-format", form, ".", status=status
    )


def test_people_read_what_the_rules_lack(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = checked(capsys, "text")
    assert f"= seen at run time alone: {HINT}" in text
    assert "stored here by login, 12 times" in text


def test_sarif_tells_the_origin(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (result,) = json.loads(checked(capsys, "sarif"))["runs"][0]["results"]
    assert (result["properties"]["origin"], result["properties"]["hint"]) == ("runtime", HINT)
    assert result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"] == line_of(
        TWO_DEEP, TWO_DEEP.stored
    )


def test_junit_has_a_failed_case(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (case,) = ElementTree.fromstring(checked(capsys, "junit")).iter("testcase")
    assert (case.get("name"), case.get("line")) == (
        "LK202 deep:State.sessions",
        str(line_of(TWO_DEEP, TWO_DEEP.defined)),
    )


def test_a_baseline_covers_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys, "baseline", "--findings", "profile.json", ".", status=0)
    recorded = json.loads((folder / "leaklint-baseline.json").read_text())["findings"]
    assert [(item["code"], item["symbol"]) for item in recorded] == [("LK202", "deep:State.sessions")]
    words = ["check", "--no-cache", "--findings", "profile.json", "--baseline", "leaklint-baseline.json", "."]
    assert printed(capsys, *words, status=0).startswith("nothing new in 1 file")


def test_selection_and_comments_count(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["check", "--no-cache", "--findings", "profile.json", "."]
    assert main([*words, "--ignore", "LK2"]) == 0
    written(folder, TWO_DEEP._replace(text=TWO_DEEP.text.replace("sessions = {}", "sessions = {}  # noqa: LK202")))
    assert main(words) == 0
    assert main([*words, "--disable-noqa"]) == 1


def test_the_cache_does_not_repeat_what_another_profile_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["check", "--cache-dir", "cache", "--findings", "profile.json", "."]
    assert [main(words), main(words)] == [1, 1]
    (folder / "profile.json").write_text(json.dumps(profile(TWO_DEEP)))
    assert main(words) == 0
    assert main(["check", "--cache-dir", "cache", "."]) == 0


def test_a_page_of_a_profile_shows_its_findings(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    printed(capsys, "report", "--profile", "profile.json", "--output-file", "page.html", status=0)
    page = (folder / "page.html").read_text()
    assert "<code>deep:State.sessions</code>" in page and f"Seen at run time alone: {HINT}" in page
    assert 'operator.attrgetter("state.sessions")(APP)[id(session)] = session' in html.unescape(page)
    printed(
        capsys, "report", "--findings", "profile.json", "--unsafe-fixes", "--output-file", "fixed.html", ".", status=0
    )
    assert "self.sessions = weakref.WeakValueDictionary()" in (folder / "fixed.html").read_text()


def test_a_page_shows_what_was_seen_outside_of_the_paths(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "other.py").write_text("")
    printed(capsys, "report", "--profile", "profile.json", "--output-file", "page.html", "other.py", status=0)
    assert "<code>deep:State.sessions</code>" in (folder / "page.html").read_text()


def test_memory_measures_what_a_profile_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["memory", "--findings", "profile.json", "--output-format", "json", "--rounds", "5", "deep.py:work"]
    (ledger,) = json.loads(printed(capsys, *words, status=0))
    assert [item["symbol"] for item in ledger["held"]] == ["deep:State.sessions"]


def test_an_editor_shows_and_repairs_it(folder: Path) -> None:
    async def work() -> None:
        async with editor(folder, "--findings", str(folder / "profile.json")) as client:
            path = folder / "deep.py"
            uri, (found,) = await client.open(path)
            assert (found.code, found.range.start.line) == ("LK202", line_of(TWO_DEEP, TWO_DEEP.defined) - 1)
            assert found.related_information is not None
            assert found.related_information[0].location.range.start.line == line_of(TWO_DEEP, TWO_DEEP.stored) - 1
            (action,) = await client.actions(uri, found.range, lsp.CodeActionKind.QuickFix.value)
            after = applied(action, {uri: path.read_text()})[uri]
            assert "self.sessions = weakref.WeakValueDictionary()" in after
            document = lsp.VersionedTextDocumentIdentifier(2, uri)
            whole = lsp.TextDocumentContentChangeWholeDocument(after)
            client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [whole]))
            assert await client.diagnostics(uri, 2) == []

    run(work)
