"""The labels of the growth programs are complete, and none answers itself."""

from __future__ import annotations

import ast
import re

import pytest
from growth_programs_index import GrowthProgram, healthy, leaks


@pytest.mark.parametrize("program", leaks(), ids=lambda program: program.name)
def test_a_leak_is_labelled(program: GrowthProgram) -> None:
    lines = program.marks.read_text(encoding="utf-8").splitlines()
    assert program.holders and program.stores
    assert not any(holder.search(program.name) for holder in program.holders), "any name in this module would match"
    for number in (*program.stores, *program.holder_lines):
        assert not lines[number - 1].lstrip().startswith("#")
    for holder in program.holders:
        words = re.findall(r"\w{3,}", holder.pattern)
        assert not program.holder_lines or any(word in lines[at - 1] for at in program.holder_lines for word in words)


@pytest.mark.parametrize("program", healthy(), ids=lambda program: program.name)
def test_a_healthy_program_has_no_holder(program: GrowthProgram) -> None:
    assert not program.holders and not program.stores and not program.holder_lines
    assert program.rounds >= 40


def test_every_program_works_alone() -> None:
    programs = [*leaks(), *healthy()]
    assert len({program.name for program in programs}) == len(programs)
    for program in programs:
        tree = ast.parse(program.path.read_text(encoding="utf-8"), feature_version=(3, 8))
        assert ast.get_docstring(tree), program.path
        assert any(isinstance(node, ast.FunctionDef) and node.name == "work" for node in tree.body), program.path
