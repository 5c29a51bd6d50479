"""What libcst's parser would take for ever over is told before it is asked; what it can read is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.source import Source, SourceError

PATTERNS = [("[", "]"), ("(", ")"), ("(", ",)"), ("{1: ", "}"), ("C(", ")"), ("C(a=", ")"), ("(1 | ", ")")]


@pytest.mark.parametrize(("opened", "closed"), PATTERNS)
def test_deep_patterns_are_told(opened: str, closed: str) -> None:
    text = f"match x:\n    case 1:\n        pass\n    # why\n    case {opened * 60}a{closed * 60} if f(g(x)):\n        pass\n"
    with pytest.raises(SourceError, match="nested too deeply") as caught:
        _ = Source("mod.py", text).module
    assert caught.value.line in (4, 5)


def test_deep_deletions_are_told() -> None:
    with pytest.raises(SourceError, match="nested too deeply") as caught:
        _ = Source("mod.py", f"a = 1\ndel {'(' * 60}a{',)' * 60}\n").module
    assert caught.value.line == 2


@pytest.mark.parametrize("joined", [" or ", " and ", "\n    or "])
def test_long_chains_are_told(joined: str) -> None:
    with pytest.raises(SourceError, match="nested too deeply") as caught:
        _ = Source("mod.py", f"a = 1\nb = ({joined.join(['a'] * 8000)})\n").module
    assert caught.value.line == 2


@pytest.mark.parametrize(
    "text",
    [
        f"b = {' or '.join(['a'] * 200)}\n",
        *(f"match x:\n    case {opened * 5}a{closed * 5}:\n        pass\n" for opened, closed in PATTERNS),
        "match x:\n    case '[[[[[[[[[[[[' | \"((((((((((((\":  # {{{{{{{{{{{{\n        pass\n",
        "match x:\n    case 1 if (((((((((((((y))))))))))))):\n        pass\n",
        "match x:\n    case 1:\n        y = ((((((((((((((1))))))))))))))\n    case _: pass\n",
        "del (a, (b, (c, d)))\n",
        "case = [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]\n",
    ],
)
def test_the_usual_is_read(text: str) -> None:
    assert Source("mod.py", text).module.code == text


def test_a_finding_in_such_a_file_is_told_and_not_repaired(tmp_path: Path) -> None:
    file = tmp_path / "mod.py"
    leak = "class C:\n    reg = {}\n    def __init__(self):\n        C.reg[id(self)] = self\n"
    file.write_text(f"{leak}a = 1\ndel {'(' * 60}a{',)' * 60}\n")
    report = check([file], Settings())
    assert not report.problems
    [finding] = report.findings
    assert (finding.code, finding.line) == ("LK101", 2)
    assert finding.fix.safety == "none"
    assert finding.fix.replacement == "weakref.WeakValueDictionary"
    assert "mod.py:6 is nested too deeply to be rewritten" in finding.fix.reason
