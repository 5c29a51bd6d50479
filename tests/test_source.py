"""Files as they are on the disk: encodings, line ends, and places that agree with libcst's own."""

from __future__ import annotations

import ast
import codecs
from pathlib import Path

import libcst as cst
import pytest
from hypothesis import given
from hypothesis import strategies as st
from libcst.metadata import MetadataWrapper, PositionProvider

from leaklint.source import MAX_BYTES, Source, SourceError

ROOT = Path(__file__).parents[1]
OWN = sorted(path for top in ("leaklint", "runtime", "tests") for path in (ROOT / top).rglob("*.py"))
#: Every eighth file of the project, and the fixtures: positions of all would take a minute.
SAMPLE = [*OWN[::8], *sorted((ROOT / "fixtures").glob("*/bad.py"))]


def same_places(text: str) -> None:
    """Compare the span of every node with libcst's ``PositionProvider``."""
    source = Source("mod.py", text)
    wrapper = MetadataWrapper(source.module, unsafe_skip_copy=True)
    for node, place in wrapper.resolve(PositionProvider).items():
        if isinstance(node, (cst.BaseExpression, cst.BaseStatement, cst.BaseSmallStatement, cst.Arg, cst.Decorator)):
            line, column, end_line, end_column = source.span(node)
            assert (line, column - 1, end_line, end_column - 1) == (
                place.start.line, place.start.column, place.end.line, place.end.column
            ), type(node)  # fmt: skip


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: str(path.relative_to(ROOT)))
def test_places_are_those_of_libcst(path: Path) -> None:
    same_places(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "x = {\n  1: 2\n}\n",
        "x = 1\r\ny = {}\r\n",
        "if x:\n\ty = {}\n",
        "x = 'é日本'; y = {}\n",
        "x = '''\na\n'''; y = {}\n",
        "x = 1 + \\\n  2; y = {}\n",
        "@a(1)\n# comment\n@b\ndef f(x=[]): ...\n",
        "\n\n# only\nx = (  1  )\n",
    ],
)
def test_places_of_odd_texts(text: str) -> None:
    same_places(text)


def test_offsets_and_lines_agree() -> None:
    text = "a = 1\r\nb = {}\r\nc = 3\rd = 4\n"
    source = Source("mod.py", text)
    assert source.line_starts == [0, 7, 15, 21, 27]
    assert [source.line_of(text.index(name)) for name in "abcd"] == [1, 2, 3, 4]
    assert text[source.offset(2, 5) :].startswith("{}")


def test_form_feeds_do_not_move_lines() -> None:
    text = "x = 1\n\x0c\ny = {}\n"
    source = Source("mod.py", text)
    node = source.module.body[1]
    assert source.span(node)[0] == ast.parse(text).body[1].lineno == 3


@pytest.mark.parametrize(
    ("raw", "text", "encoding", "bom"),
    [
        (b"x = 1\n", "x = 1\n", "utf-8", False),
        (codecs.BOM_UTF8 + b"x = 1\n", "x = 1\n", "utf-8", True),
        (codecs.BOM_UTF8 + b"# coding: utf-8\nx = 1\n", "# coding: utf-8\nx = 1\n", "utf-8", True),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n", "iso-8859-1", False),
        (b"#!/usr/bin/python\n# vim: fileencoding=cp1252\nx = '\x80'\n", "", "cp1252", False),
        ("x = '日本'\n".encode(), "x = '日本'\n", "utf-8", False),
        (b"x = 1\r\ny = 2\r", "x = 1\r\ny = 2\r", "utf-8", False),
        (b"", "", "utf-8", False),
    ],
)
def test_encodings(raw: bytes, text: str, encoding: str, bom: bool) -> None:
    source = Source.decode(raw, "mod.py")
    assert (source.encoding, source.bom) == (encoding, bom)
    assert not text or source.text == text
    assert source.encode(source.text) == raw


@given(
    st.text(st.characters(exclude_categories=("Cs",))), st.booleans(), st.sampled_from(["utf-8", "latin-1", "cp1252"])
)
def test_what_is_read_is_written_back(text: str, bom: bool, encoding: str) -> None:
    head = f"# coding: {encoding}\n"
    try:
        raw = (head + text).encode("utf-8" if bom else encoding)
    except UnicodeEncodeError:
        return
    if bom and encoding != "utf-8":
        return  # Python refuses a byte order mark beside another encoding
    raw = codecs.BOM_UTF8 + raw if bom else raw
    try:
        source = Source.decode(raw, "mod.py")
    except SourceError as error:
        assert "encoding" in error.message or "not valid" in error.message
        return
    assert source.encode(source.text) == raw


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        source = Source.decode(raw, "mod.py")
        assert source.encode(source.text) == raw
        _ = source.tree
        _ = source.module
    except SourceError as error:
        assert error.message
        assert "\n" not in error.message
        assert error.line >= 0


@pytest.mark.parametrize(
    ("raw", "line", "word"),
    [
        (b"x = 1\ny = '\xff'\n", 2, "utf-8"),
        (b"# coding: nope\n", 1, "encoding"),
        (codecs.BOM_UTF8 + b"# coding: latin-1\n", 1, "encoding"),
    ],
)
def test_what_cannot_be_decoded(raw: bytes, line: int, word: str) -> None:
    with pytest.raises(SourceError) as caught:
        Source.decode(raw, "mod.py")
    assert (caught.value.line, word in caught.value.message) == (line, True)


@pytest.mark.parametrize(
    "text", ["def (:\n", "x = '\0'\n", "x = 1\n  y = 2\n", "(" * 5000, "-" * 200_000 + "1", "print 'a'\n"]
)
def test_what_cannot_be_parsed(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        _ = Source("mod.py", text).tree
    assert caught.value.message


@pytest.mark.parametrize("depth", [50, 300, 2000])
def test_deep_nesting_is_read_or_refused(depth: int) -> None:
    """A chain of additions nests one level a term, and stays below what Python's own parser takes."""
    source = Source("mod.py", "x = " + " + ".join("a" for _ in range(depth)) + "\ny = {}\n")
    try:
        statement = source.module.body[-1]
        assert source.span(statement)[:2] == (2, 1)
    except SourceError as error:
        assert "deep" in error.message


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        Source.read(tmp_path / "no_such.py")
    with pytest.raises(SourceError, match="cannot be read"):
        Source.read(tmp_path)
    big = tmp_path / "big.py"
    with big.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)
    with pytest.raises(SourceError, match="larger than"):
        Source.read(big)


def test_dropped_trees_come_back() -> None:
    source = Source("mod.py", "x = {}\n")
    first = source.module
    source.drop_trees()
    assert source.module is not first
    assert source.span(source.module.body[0]) == (1, 1, 1, 7)


def test_names_that_became_keywords_are_read_whichever_tree_is_asked_for_first() -> None:
    text = "def bind(socket):\n    socket.bind(groups=1, async=True)\n"
    assert Source("mod.py", text).module.code.count("\n") == 2
