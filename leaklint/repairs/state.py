"""Objects that a cache keeps between calls: one that changes must not be made anew behind its users' backs."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from leaklint.drafts.facts.model import FunctionFacts
from leaklint.drafts.program import ClassRef, Program
from leaklint.repairs.files import Files

MAKING = frozenset({"__init__", "__new__", "__post_init__", "__setstate__", "__del__"})


def forgotten(files: Files, module: str, function: FunctionFacts, classes: Iterable[ClassRef]) -> str:
    """Return where the program uses what a cache returns and lets go of it at once, or nothing.

    It matters only for ``classes`` whose instances change after they are made: ``counter("a").add()`` would count from
    nothing each time.
    """
    if not any(changes(files.program, ref) for ref in classes):
        return ""
    for site in files.program.sites.get((module, function.qualname), ()):
        if site.call is None:
            continue
        file = files[site.module]
        node = file.at(site.span, cst.Call)
        above = file.parent(node) if node is not None else None
        outer = file.parent(above) if isinstance(above, cst.Attribute) else None
        if isinstance(outer, cst.Call) and outer.func is above:
            return file.place(outer)
    return ""


def changes(program: Program, ref: ClassRef) -> bool:
    """Tell whether a method other than those that make an object writes to ``self`` or into what it holds."""
    for one in program.names.ancestors(ref):
        for function in program.modules[one.module].functions.values():
            if function.owner != one.name or function.name in MAKING:
                continue
            for event in function.events:
                if event.op in {"bind", "store", "remove"} and any(v.kind == "self" and v.path for v in event.target):
                    return True
    return False
