"""Programs made of texts, holders found by name, and edits put into effect: what tests of repairs share."""

from __future__ import annotations

import sys
import textwrap
import types
import unittest.mock
from collections.abc import Iterable, Mapping, Sequence

from leaklint.deep import deep_recursion
from leaklint.flow.model import Function
from leaklint.flow.read import read_flow
from leaklint.heap.points_to import PointsTo
from leaklint.heap.retention import Heap
from leaklint.model import Edit, Fix
from leaklint.repairs import WeakRequest, weaken
from leaklint.repairs.holders import HolderDefinition
from leaklint.repairs.program import Program, ReportedHolder
from leaklint.source import Source, Span


def program_of(files: Mapping[str, str] | str, reported: Sequence[ReportedHolder] = ()) -> Program:
    """Join texts by file name (one text is ``mod.py``) into a program; dots of a module follow its folders."""
    texts = {"mod.py": files} if isinstance(files, str) else files
    sources = {module_of(path): Source(path, text) for path, text in texts.items()}
    with deep_recursion():
        flows = {
            name: read_flow(source.tree, name, source.path, source.path.endswith("__init__.py"))
            for name, source in sources.items()
        }
    return Program(Heap(PointsTo(flows)), sources, reported)


def module_of(path: str) -> str:
    """Return the dotted name of a file."""
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def holder_of(program: Program, symbol: str) -> HolderDefinition:
    """Return the holder called ``Class.attr``, ``NAME`` or ``module:NAME``."""
    module, _, name = symbol.rpartition(":")
    found = [one for one in program.holders.all.values() if one.symbol in {f"{one.module}:{name}", symbol}]
    found = [one for one in found if module in {"", one.module}]
    assert found, f"no holder {symbol} among {[one.symbol for one in program.holders.all.values()]}"
    return found[0]


def class_of(program: Program, name: str) -> str:
    """Return the key of the class of that qualified name."""
    return next(key for module in program.modules.values() for key in module.classes if key.endswith(f":{name}"))


def applied(text: str, edits: Iterable[Edit]) -> str:
    """Put edits into effect, the last place first."""
    for edit in sorted(edits, key=lambda one: (one.start, one.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def repaired(files: Mapping[str, str] | str, fix: Fix) -> dict[str, str]:
    """Return all files with the edits of ``fix`` in effect."""
    texts = {"mod.py": files} if isinstance(files, str) else dict(files)
    return {path: applied(text, [edit for edit in fix.edits if edit.path == path]) for path, text in texts.items()}


def weak(
    files: Mapping[str, str] | str,
    symbol: str,
    classes: str = "",
    side: str = "value",
    depth: int = 0,
    others: tuple[str, ...] = (),
    owned: bool = False,
) -> Fix:
    """Ask for a weak container; ``classes`` are names separated by spaces."""
    program = program_of(files)
    refs = tuple(class_of(program, name) for name in classes.split())
    request = WeakRequest(side, refs, others, owned=owned, depth=depth)
    return weaken(program, holder_of(program, symbol), request)


def lines(text: str) -> str:
    """Take the common indentation off a text in a test."""
    return textwrap.dedent(text).lstrip("\n")


def executed(text: str, script: str) -> list[object]:
    """Run ``text`` as a module and then ``script`` in it; return what the script puts into its list ``seen``."""
    module = types.ModuleType("mod")
    module.__dict__["seen"] = []
    with unittest.mock.patch.dict(sys.modules, mod=module):
        exec(compile(text, "mod.py", "exec"), module.__dict__)
        exec(compile(lines(script), "script.py", "exec"), module.__dict__)
    seen: list[object] = module.__dict__["seen"]
    return seen


def function_of(program: Program, name: str) -> Function:
    """Return the function of that qualified name in ``mod.py``."""
    return program.functions[f"mod:{name}"]


def call_in(program: Program, name: str, callee: str = "") -> Span:
    """Return where the first call in a function of ``mod.py`` stands, of what ends in ``callee`` if that is given."""
    calls = (event for event in function_of(program, name).events if event.kind == "call")
    found = (event for event in calls if event.terms[0][1][-1] == callee or not callee)
    return program.source("mod").span_of(next(found).place)
