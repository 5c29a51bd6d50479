"""The HTML page: complete, harmless whatever it is given, self-contained, and reachable by keyboard."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import CLEAN, FINDING, REPORT, VERDICT, lines

from leaklint import demo
from leaklint.cli import main
from leaklint.model import Problem, Report
from leaklint.reports.html import Diff, Picture, Sheet, page

DIFF = Diff(
    "pkg/mod.py", "--- a/pkg/mod.py\n+++ b/pkg/mod.py\n@@ -1 +1 @@\n-\tx = {}\n+\tx = W()\n", (FINDING.fingerprint,)
)
PICTURE = Picture("A plot", "image/svg+xml", b"<svg/>", "memory grows", ("3.0 entries a call",))
SHEET = Sheet(
    REPORT,
    "The <service>",
    lines,
    {"LK101": "A container.\n\nIts page."},
    (DIFF,),
    {FINDING.fingerprint: "not asked for"},
    {FINDING.fingerprint: replace(VERDICT, status="refuted", reason="all died", path=())},
    (PICTURE,),
)
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Document(HTMLParser):
    """The elements of a page as (name, attributes), its text, and what is wrong with their nesting."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.wrong: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        self.wrong += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)

    def values(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.elements if name in attributes]


def harmless(text: str) -> Document:
    """Check what holds for every page and return it parsed."""
    document = Document(text)
    assert document.wrong == []
    names = {name for name, _ in document.elements}
    assert not names & {"script", "iframe", "object", "embed", "link", "form", "base", "svg", "audio", "video"}
    for _, attributes in document.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "srcset", "formaction")]
    assert all(value.startswith("#") for value in document.values("href"))
    assert all(
        value.startswith(("data:image/svg+xml;base64,", "data:image/png;base64,")) for value in document.values("src")
    )
    ids = Counter(document.values("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    assert {value[1:] for value in document.values("href")} <= set(ids)
    styles = "".join(re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL))
    assert "url(" not in styles
    assert "@import" not in styles
    (policy,) = [
        item["content"] for name, item in document.elements if item.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'")
    return document


def test_everything_is_joined() -> None:
    document = harmless(page(SHEET))
    for part in (
        "The <service>",
        FINDING.message,
        "confirmed",
        "every Processor outlives its last user",
        "Proof after the repair",
        "all died",
        "self is stored here",
        "pkg/other.py:3",
        "weakref.WeakValueDictionary",
        "+    x = W()",
        "3.0 entries a call",
        "Its page.",
        "pkg/bad.py:3",
        "8 of 8 alive",
        *FINDING.retention,
    ):
        assert part in document.text, part
    pictures = document.values("src")
    assert len(pictures) == 2  # the chain, and the picture that was given
    drawn = base64.b64decode(pictures[1].partition(",")[2])
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert all(document.values("alt"))


def test_it_can_be_walked_by_keyboard() -> None:
    document = harmless(page(SHEET))
    links = [item for name, item in document.elements if name == "a"]
    assert links[0] == {"class": "skip", "href": "#main"}
    assert {"#finding-1", "#diff-1"} <= {item["href"] for item in links}
    scrolling = [item for name, item in document.elements if name in ("pre", "nav")]
    assert all(item.get("tabindex") == "0" for item in scrolling)
    headings = [int(name[1]) for name, _ in document.elements if re.fullmatch(r"h[1-6]", name)]
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    assert document.elements[0] == ("html", {"lang": "en"})


def test_an_empty_report_is_a_page() -> None:
    assert "No leak-prone pattern was found." in harmless(page(Sheet(CLEAN))).text


def test_the_same_sheet_gives_the_same_page() -> None:
    assert page(SHEET) == page(SHEET)


HOSTILE = st.text(max_size=12) | st.sampled_from(
    [
        "<script>x</script>",
        '"><img src=x onerror=x>',
        "</style>",
        "</pre>",
        "'",
        "&amp;",
        "]]>",
        "\x00\x1b[31m",
        "\u202e",
    ]
)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_whatever_names_hold_stays_text(one: str, two: str, three: str) -> None:
    verdict = replace(VERDICT, reason=one, cause=two, path=(one, two, three))
    related = replace(FINDING.related[0], path=three, message=one)
    finding = replace(
        FINDING, path=two, symbol=one, message=two, retention=(three,), related=(related,), verdict=verdict
    )
    fix = replace(finding.fix, reason=three, replacement=two)
    sheet = Sheet(
        Report((replace(finding, fix=fix),), (Problem(one, 1, two),)),
        one,
        lambda path: [one, two, three],
        {"LK101": one},
        (Diff(one, f"+{two}\n-{three}", (finding.fingerprint,)),),
        {finding.fingerprint: one},
        {finding.fingerprint: verdict},
        (Picture(one, "image/png", b"", two, (three,)),),
    )
    harmless(page(sheet))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    demo.copy_example(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_writes_the_page(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--verify", "--title", "A & B", "assistant"]) == 0
    assert capsys.readouterr().out == "wrote leaklint-report.html\n"
    document = harmless((project / "leaklint-report.html").read_text())
    assert "A & B" in document.text
    assert "confirmed" in document.text
    assert "+    instance_map = WeakValueDictionary()" in document.text


def test_saved_findings_and_their_state_after_the_repair(project: Path) -> None:
    assert main(["verify", "--output-format", "json", "--output-file", "before.json", "assistant"]) == 1
    main(["fix", "assistant"])
    assert main(["verify", "--findings", "before.json", "--output-format", "json", "--output-file", "after.json"]) == 0
    assert main(["report", "--findings", "before.json", "--after", "after.json", "--output-file", "page.html"]) == 0
    document = harmless((project / "page.html").read_text())
    assert "1 refuted after the repair" in document.text
    assert "10 |     instance_map" not in document.text  # the file has changed since: its old lines are not shown


def test_memory_profile_and_pictures(project: Path) -> None:
    (project / "work.py").write_text("from assistant import Assistant\n\n\ndef load():\n    Assistant('app')\n")
    (project / "own.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    words = ["--rounds", "12", "--output-format", "json", "--output-file"]
    assert main(["memory", "work:load", *words, "memory.json"]) == 0
    assert main(["profile", "work:load", *words, "profile.json"]) == 1
    given_files = ["--memory", "memory.json", "--profile", "profile.json", "--picture", "own.svg"]
    assert main(["report", *given_files, "assistant"]) == 0
    document = harmless((project / "leaklint-report.html").read_text())
    assert len(document.values("src")) == 3
    assert "managed" in document.text
    assert "Processor.instance_map grows" in document.text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--memory", "none.json"], "none.json: No such file or directory"),
        (["--memory", "odd.json"], "odd.json: not what 'leaklint memory --output-format json' writes"),
        (["--profile", "odd.json"], "odd.json: not what 'leaklint profile --output-format json' writes"),
        (["--profile", "own.gif"], "own.gif: not JSON"),
        (["--picture", "own.gif"], "own.gif: a picture must be an .svg or a .png"),
        (
            ["--findings", "odd.json"],
            "odd.json: not a report of 'leaklint check --output-format json' nor a profile of 'leaklint profile'",
        ),
        (["--findings", "odd.json", "--verify"], "--findings holds the verdicts already; leave out --verify"),
    ],
)
def test_what_cannot_be_read_is_told(
    project: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    (project / "odd.json").write_text(json.dumps([{"odd": 1}]))
    (project / "own.gif").write_text("GIF")
    assert main(["report", *words]) == 2
    assert capsys.readouterr().err == f"leaklint: {told}\n"


def test_without_jinja_it_says_what_to_do(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert main(["report", "assistant"]) == 2
    assert "pip install 'flake8-leaklint[report]'" in capsys.readouterr().err


def test_a_browser_shows_it_and_asks_for_nothing(tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no browser here")
    (tmp_path / "page.html").write_text(page(SHEET))
    words = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile", "--dump-dom"]
    url = (tmp_path / "page.html").as_uri()
    done = subprocess.run([browser, *words, url], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("the browser does not start here")
    shown = Document(done.stdout)
    assert FINDING.message in shown.text
    assert [name for name, _ in shown.elements].count("img") == 2
