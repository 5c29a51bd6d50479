"""A statement that cannot be parsed costs that statement, and the file is told of; whatever surrounds it is read."""

from __future__ import annotations

import ast
import sys
import textwrap
from pathlib import Path

import pytest

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.recovery import recovered
from leaklint.source import SourceError

LEAK = """
class C:
    reg = []

    def __init__(self):
        C.reg.append(self)
"""
# What is wrong, or newer than any interpreter that is supported, by what it is.
BROKEN = {
    "word": "x = = 1\n",
    "bracket": "x = f(1,\n      2\ny = 3\n",
    "call over lines": "f(\n    1 = 2,\n    3,\n)\n",
    "function": "def f(x y):\n    return x\n",
    "statement in a function": "def f(x):\n    print x\n    return x\n",
    "clause": "try:\n    pass\nexcept A B:\n    pass\n",
    "test": "if x:\n    pass\nelif y z:\n    pass\nelse:\n    pass\n",
    "pattern": "match x:\n    case 1 2:\n        pass\n    case _:\n        pass\n",
    "class": "class D(:\n    def f(self):\n        pass\n",
    "string": "x = 'abc\n",
    "indent": "x = 1\n        y = 2\n",
    "several": "x = = 1\n\n\ndef f(x y):\n    pass\n\n\nz z\n",
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("before", [True, False])
def test_the_rest_is_read(what: str, before: bool, tmp_path: Path) -> None:
    text = f"{LEAK}\n\n{BROKEN[what]}" if before else f"{BROKEN[what]}\n\n{LEAK}"
    (tmp_path / "a.py").write_text(text)
    report = check([str(tmp_path)], Settings(root=str(tmp_path)))
    assert [(one.code, one.line) for one in report.findings] == [
        ("LK101", text[: text.index("reg = ")].count("\n") + 1)
    ]
    (problem,) = report.problems
    assert problem.line and "the other statements were read" in problem.message
    assert ("(and 2 more)" in problem.message) == (what == "several")


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python reads them")
def test_type_parameters_are_passed_over() -> None:
    text = (
        "class A[T: (int, str)](Base):\n    async def f[*P](self, x: list[T]) -> T: ...\n\n\ndef g[T](x = = 1): ...\n"
    )
    tree, errors = recovered(text)
    assert "class A(Base)" in ast.unparse(tree)
    assert "async def f(self, x: list[T])" in ast.unparse(tree)
    assert errors[-1].line == 5


def test_blocks_of_clauses_are_read() -> None:
    tree, _ = recovered("try:\n    a()\nexcept A B:\n    b()\nfinally:\n    c()\n")
    assert all(call in ast.unparse(tree) for call in ("a()", "b()", "c()"))


def test_a_file_that_is_no_python_is_given_up() -> None:
    with pytest.raises(SourceError) as caught:
        recovered("".join(f"x{number} x\n" for number in range(100)))
    assert caught.value.line == 1


def test_lines_keep_their_numbers() -> None:
    text = textwrap.dedent("""\
        a = 1
        f(
            b c,
            d,
        )
        e = 2
        """)
    tree, _ = recovered(text.replace("\n", "\r\n"))
    assert [(node.lineno, ast.unparse(node)) for node in tree.body if isinstance(node, ast.Assign)] == [
        (1, "a = 1"),
        (6, "e = 2"),
    ]
