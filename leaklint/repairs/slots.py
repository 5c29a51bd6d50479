"""Slots that a program looks at: room for weak references would be one more of them."""

from __future__ import annotations

import re

import libcst as cst

from leaklint.drafts.facts.model import Value
from leaklint.drafts.program import ClassRef
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.meaning import describe

_NAME = "__slots__"
_QUOTED = re.compile(rf"[\"']{_NAME}[\"']")


def slots_read(files: Files, ref: ClassRef) -> str:
    """Return where the ``__slots__`` of a class, or of one that may be it, are read: as columns, or to copy by name."""
    names = files.program.names
    below = (ref, *names.subclasses(ref))
    family = {above for one in below for above in names.ancestors(one)}
    for file in files.mentioning(_NAME, lambda *_: True):
        for node in file.attributes.get(_NAME, ()):
            if any(_may_be_of(files, file, value, node, family) for value in describe(node.value, file.scope(node))):
                return file.place(node)
        quoted = _QUOTED.search(file.text)
        if quoted is not None:
            return f"{file.path}:{file.source.line_of(quoted.start())}"
    return ""


def _may_be_of(files: Files, file: ParsedFile, value: Value, node: cst.Attribute, family: set[ClassRef]) -> bool:
    """Tell whether a value may be one of some classes, or an object of one: anything but a known other class."""
    owner: ClassRef | None = None
    if value.kind in {"self", "cls"} and value.path in {(), ("__class__",)}:
        owner = files.program.holders.owner_of(file.function(file.scope(node)), file.module)
    elif value.kind == "global":
        owner = files.program.names.as_class(file.module.name, value)
    return owner is None or owner in family
