"""What a project states about itself in its settings, because no analysis could see it."""

from __future__ import annotations

from leaklint.drafts.facts.model import Module, Value
from leaklint.drafts.place import dotted
from leaklint.drafts.program import ClassRef, Holder, Program


def name_of(program: Program, value: Value, module: Module) -> str:
    """Return the dotted name of what ``value`` means, in the program (``pkg.mod.Class.method``) or outside of it."""
    if value.kind == "global" and "[]" not in value.path:
        found = program.names.find(module.name, value.path)
        if found.kind in {"class", "function"}:
            return ".".join([found.module, found.name, *found.rest])
    return dotted(program, value, module)


def is_named(ref: ClassRef | None, program: Program, names: tuple[str, ...]) -> bool:
    """Tell whether a class or one of its bases is among ``names``."""
    if ref is None or not names:
        return False
    return any(f"{one.module}.{one.name}" in names for one in (ref, *program.names.ancestors(ref)))


def gives_back(program: Program, holder: Holder, names: tuple[str, ...]) -> bool:
    """Tell whether the holder is made by a class that ``names`` declares bounded or weak."""
    maker = holder.binding.made.maker
    if maker is None or not names:
        return False
    module = program.modules[holder.module]
    callee = maker.parts[0] if maker.kind == "call" and maker.parts else maker
    return name_of(program, callee, module) in names or is_named(
        program.names.as_class(holder.module, callee), program, names
    )
