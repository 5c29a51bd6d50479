"""Programs made of texts, holders found by name, and edits put into effect: what tests of repairs share."""

from __future__ import annotations

import sys
import textwrap
import types
import unittest.mock
from collections.abc import Iterable, Mapping, Sequence

from leaklint.drafts.facts.read import read_module
from leaklint.drafts.program import ClassRef, HolderFacts, Program
from leaklint.drafts.program.reported import ReportedHolder
from leaklint.model import Edit, Fix
from leaklint.repairs import WeakRequest, weaken
from leaklint.source import Source


def program_of(files: Mapping[str, str] | str, reported: Sequence[ReportedHolder] = ()) -> Program:
    """Join texts by file name (one text is ``mod.py``) into a program; dots of a module follow its folders."""
    texts = {"mod.py": files} if isinstance(files, str) else files
    sources = {module_of(path): Source(path, text) for path, text in texts.items()}
    return Program({name: read_module(source, name) for name, source in sources.items()}, sources, reported=reported)


def module_of(path: str) -> str:
    """Return the dotted name of a file."""
    return path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")


def holder_of(program: Program, symbol: str) -> HolderFacts:
    """Return the holder called ``Class.attr``, ``NAME`` or ``module:NAME``."""
    module, _, name = symbol.rpartition(":")
    found = [one for one in program.holders.all.values() if one.name == name and module in {"", one.module}]
    assert found, f"no holder {symbol} among {[one.symbol for one in program.holders.all.values()]}"
    return found[0]


def class_of(program: Program, name: str) -> ClassRef:
    """Return the class of that qualified name."""
    return next(ClassRef(module.name, name) for module in program.modules.values() if name in module.classes)


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
