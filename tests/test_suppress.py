"""``# noqa`` comments, beside flake8's own reading of the same lines."""

from __future__ import annotations

import pytest
from flake8.violation import Violation
from hypothesis import given
from hypothesis import strategies as st

from leaklint.model import Finding
from leaklint.suppress import comments, unsuppressed, unused


def finding(line: int = 1, code: str = "LK101", end: int | None = None) -> Finding:
    return Finding(code, "name", "a.py", line, 1, end or line, 2, "a:b", "message", "high", "0" * 16)


def hidden(text: str, line: int = 1, code: str = "LK101", end: int | None = None) -> bool:
    return not unsuppressed([finding(line, code, end)], text.split("\n"))


@pytest.mark.parametrize(
    ("comment", "hides"),
    [
        ("# noqa", True),
        ("# NoQA", True),
        ("#  noqa", False),
        ("#noqa", False),
        ("# noqa: LK101", True),
        ("# noqa:LK101", True),
        ("# noqa: lk101", True),
        ("# noqa: LK1", True),
        ("# noqa: LK", True),
        ("# noqa: LK102", False),
        ("# noqa: E501", False),
        ("# noqa: E501,LK101 -- one a tenant", True),
        ("# noqa: E501, LK101", True),
        ("# noqa: E501 LK101", True),
        ("# noqa: LK1012", False),
        ("# type: ignore # noqa: LK101", True),
        ("# see noqa", False),
        ("# noqa : LK202", True),
    ],
)
def test_forms(comment: str, hides: bool) -> None:
    assert hidden(f"x = {{}}  {comment}\n") is hides


codes = st.lists(st.sampled_from(["LK101", "LK1", "LK202", "E501", "F4", "lk101"]), min_size=1, max_size=3)
separators = st.sampled_from([",", ", ", " ", "  "])


@given(
    codes, separators, st.sampled_from(["# noqa:", "# noqa: ", "# NOQA: "]), st.sampled_from(["", " -- reason", "  "])
)
def test_agrees_with_flake8(named: list[str], separator: str, head: str, tail: str) -> None:
    line = f"x = {{}}  {head}{separator.join(named)}{tail}\n"
    # flake8 compares codes as written; upper case is what both know
    line = line.replace("lk101", "LK101")
    assert hidden(line) is Violation("LK101", "a.py", 1, 1, "text", line).is_inline_ignored(False)


def test_only_comments_count() -> None:
    assert not hidden('x = "# noqa"\n')
    assert not hidden("x = '''\n# noqa\n'''\n", line=1, end=3)
    assert hidden("x = '''\n# noqa\n'''  # noqa\n")


def test_lines_that_belong_together() -> None:
    assert hidden('x = """\na\n"""  # noqa: LK101\n', line=1)
    assert hidden("x = 1 + \\\n  2  # noqa\n", line=1)
    assert not hidden("x = {\n}  # noqa\n", line=1)
    assert hidden("f(\n  a,  # noqa\n)\n", line=1, end=3)
    assert not hidden("x = 1\ny = 2  # noqa\n", line=1)
    assert not hidden("x = 1  # noqa\ny = 2\n", line=2)


def test_whole_files() -> None:
    assert hidden("x = 1\n# flake8: noqa\n")
    assert hidden("x = 1\n# flake8: noqa: LK1\n")
    assert not hidden("x = 1\n# flake8: noqa: LK2\n")
    assert not hidden("x = 1\ny = 2  # flake8: noqa\n")


def test_files_that_cannot_be_tokenized() -> None:
    assert hidden("x = (  # noqa\n")
    assert not hidden("x = (\n# noqa\n")
    assert hidden("\tif x:\n  y  # noqa: LK\n", line=2)


def test_line_ends_do_not_matter() -> None:
    lines = ["x = {}  # noqa: LK101\r\n", "y = {}\r\n"]
    assert unsuppressed([finding(1), finding(2)], lines) == (finding(2),)


def test_many_findings_of_a_file() -> None:
    lines = ["a = {}  # noqa", "b = {}", "c = {}  # noqa: LK202"]
    kept = unsuppressed([finding(1), finding(2), finding(3), finding(3, "LK202")], lines)
    assert kept == (finding(2), finding(3))


def test_unused() -> None:
    lines = ["a = {}  # noqa", "b = {}  # noqa: LK101, LK202, E501", "c = {}  # noqa: E501", "d = {}  # noqa: LK3"]
    idle = unused([finding(2)], lines)
    assert [(comment.line, comment.codes) for comment in idle] == [(2, ("LK202",)), (4, ("LK3",))]


def test_comments_tell_their_place() -> None:
    (comment,) = comments(["", "x = 1  # why # noqa: LK101"])
    assert (comment.line, comment.column, comment.codes) == (2, 14, ("LK101",))
