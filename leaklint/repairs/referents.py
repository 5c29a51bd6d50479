"""Which classes take weak references, and what makes the others take them (rows on types, slots and equality)."""

from __future__ import annotations

import builtins
import re
import sys
from typing import NamedTuple

import libcst as cst

from leaklint.contracts.library import of_nature
from leaklint.drafts.facts.model import ClassFacts
from leaklint.drafts.program import Program
from leaklint.drafts.program.resolve import ClassRef
from leaklint.repairs.draft import Draft
from leaklint.repairs.slots import slots_read

STIFF = of_nature("not weakly referable")
_SIZED = of_nature("of variable size")  # a class with such a base gets no room for weak references
_DATACLASSES = of_nature("data class")
_ATTRS = of_nature("attrs class")
_LEFT_OUT = re.compile(r"\b(?:compare|cmp|eq|hash)\s*=\s*(?!True\b)")


class Grip(NamedTuple):
    """Whether weak references to instances of a class can be made: ``yes``, ``slots`` (after an edit), ``assumed``, ``no``."""

    level: str
    text: str = ""


_FACTORIES = of_nature("makes a class")


def defined_as(program: Program, module: str, name: str) -> str:
    """Return what a name of a module stands for if its instances take no weak references: ``namedtuple``, ``str``.

    Nothing for classes, and for what is not known.
    """
    found = program.names.find(module, (name,)) if module in program.modules else None
    if found is None or found.kind != "binding" or found.rest:
        return ""
    for alias in program.modules[found.module].aliases.get(found.name, ()):
        maker = alias.parts[0].path[-1:] if alias.kind == "call" and alias.parts else ()
        if maker and maker[0] in _FACTORIES:
            if maker[0] != "NewType":
                return maker[0]
            base = alias.parts[2] if len(alias.parts) > 2 else None
            last = (base.path[-1] if base.path else base.name) if base is not None else ""
            return last if last in STIFF else defined_as(program, found.module, last)
    return ""


def prepare(draft: Draft, ref: ClassRef) -> None:
    """Let instances of ``ref`` be weakly referenced: say what is assumed or forbids it, add ``__weakref__`` where it lacks."""
    grip = grip_on(draft, ref)
    if grip.level == "assumed":
        draft.assume(grip.text)
    elif grip.level == "no":
        draft.refuse(grip.text)
    elif grip.level == "slots":
        opened = _to_open(draft, ref)
        read = slots_read(draft.files, opened)
        if read:
            short = opened.name.rpartition(".")[2]
            draft.refuse(f"the slots of {short} leave no room for weak references, and are read at {read} as they are")
        _open_slots(draft, opened)


def _to_open(draft: Draft, ref: ClassRef) -> ClassRef:
    """Return which class of a line of slotted ones gets the room for weak references: a second one would be an error.

    That is the first one, whichever of the classes below it are asked for; where lines join, it is the class itself.
    """
    names = draft.files.program.names
    line = names.ancestors(ref)
    if any(len(names.class_of(one).bases) > 1 for one in line):
        return ref
    taken = any("__weakref__" in (names.class_of(below).slots or ()) for below in names.subclasses(line[-1]))
    return ref if taken else line[-1]


def grip_on(draft: Draft, ref: ClassRef) -> Grip:
    """Return whether instances of ``ref`` take weak references."""
    names = draft.files.program.names
    short = ref.name.rpartition(".")[2]
    bases = [base.rpartition(".")[2] for base in names.external_bases_of_bases(ref)]
    sized = next((base for base in bases if base in _SIZED), "")
    for one in names.ancestors(ref):
        for base in names.class_of(one).bases if not sized else ():
            sized = sized or defined_as(draft.files.program, one.module, base.path[-1] if base.path else base.name)
    if sized:
        return Grip("no", f"{short} is a kind of {sized}, whose instances cannot be weakly referenced")
    closed = True
    for one in names.ancestors(ref):
        klass = names.class_of(one)
        slotted = klass.slots is not None or _has_option(klass, "slots") is True
        if not slotted or _attrs_opens(klass) or (klass.slots is not None and "__weakref__" in klass.slots):
            closed = False
    foreign = [base for base in names.external_bases(ref) if not _is_slotted(base)]
    unknown = [base for base in foreign if not _is_known(base)]
    if not closed and unknown:
        return Grip(
            "assumed", f"instances of {short} take weak references although {unknown[0]} is outside of these files"
        )
    if not closed or any(getattr(getattr(builtins, base, None), "__weakrefoffset__", 0) for base in foreign):
        return Grip("yes")
    if any(not hasattr(builtins, base) for base in foreign):
        return Grip("assumed", f"{foreign[0]}, a base of {short} outside of these files, takes weak references")
    if any("__weakref__" in (names.class_of(below).slots or ()) for below in names.subclasses(ref)):
        return Grip("no", f"a subclass of {short} has a __weakref__ slot of its own, so {short} cannot get one")
    return Grip("slots")


def _is_known(base: str) -> bool:
    """Tell whether a base outside of the program is of the language or of its library."""
    parts = base.split(".")
    return parts[0] in sys.stdlib_module_names or (len(parts) == 1 and hasattr(builtins, parts[0]))


def _is_slotted(base: str) -> bool:
    """Tell whether a base outside of the program adds neither ``__dict__`` nor ``__weakref__``."""
    return base.rpartition(".")[2] in of_nature("slotted base")


def _attrs_opens(klass: ClassFacts) -> bool:
    """attrs gives its slotted classes a ``__weakref__`` slot unless told not to."""
    attrs = any(_is_attrs(decorator.value.path) for decorator in klass.decorators)
    return attrs and klass.slots is None and _has_option(klass, "weakref_slot") is not False


def _is_attrs(path: tuple[str, ...]) -> bool:
    return bool(path) and path[-1] in _ATTRS and (len(path) > 1 or path[-1] in of_nature("attrs class by its name"))


def _has_option(klass: ClassFacts, name: str) -> bool | None:
    """Return what a class decorator's keyword says (``slots=True``), or None if it is not given."""
    for decorator in klass.decorators:
        for argument in decorator.arguments:
            if argument.name == name and argument.values:
                return argument.values[0].name == "True"
        if name == "slots" and not of_nature("slotted class").isdisjoint(decorator.value.path[-1:]):
            return True
    return None


def slots_by_decorator(klass: ClassFacts) -> str:
    """Return ``attrs`` or ``dataclass`` where a decorator gives the class slots, else nothing."""
    if klass.slots is None and _has_option(klass, "slots") is True:
        return "attrs" if any(_is_attrs(decorator.value.path) for decorator in klass.decorators) else "dataclass"
    return ""


def _open_slots(draft: Draft, ref: ClassRef) -> None:
    file = draft.files[ref.module]
    short = ref.name.rpartition(".")[2]
    node = file.class_node(ref.name)
    if node is None:
        draft.refuse(f"the definition of {short} could not be read")
        return
    if draft.files.program.names.class_of(ref).slots is None:
        _open_decorator(draft, ref, node)
        return
    value = _slots_value(node)
    if isinstance(value, (cst.Tuple, cst.List, cst.Set)):
        quote = '"' if not value.elements or file.code(value.elements[0].value)[:1] != "'" else "'"
        text = f"{quote}__weakref__{quote}"
        if value.elements:
            draft.insert(file, file.end(value.elements[-1].value), f", {text}")
        else:
            bracketed = {cst.Tuple: f"{text},", cst.List: f"[{text}]"}  # an empty tuple has parentheses around it
            draft.replace(file, value, bracketed.get(type(value), f"{{{text}}}"))
    elif isinstance(value, cst.SimpleString):
        draft.replace(file, value, f"({file.code(value)}, {value.quote}__weakref__{value.quote})")
    else:
        draft.refuse(
            f"{short} has __slots__ without __weakref__ at {file.place(node)}, in a form that cannot be extended"
        )


def _open_decorator(draft: Draft, ref: ClassRef, node: cst.ClassDef) -> None:
    """``@dataclass(slots=True)`` gets ``weakref_slot=True``, which Python 3.11 and later know."""
    file = draft.files[ref.module]
    short = ref.name.rpartition(".")[2]
    for decorator in node.decorators:
        call = decorator.decorator
        if isinstance(call, cst.Call):
            for argument in call.args:
                if argument.keyword is not None and argument.keyword.value == "slots":
                    draft.insert(file, file.end(argument.value), ", weakref_slot=True")
                    draft.assume(f"the program needs Python 3.11 or later (weakref_slot of {short})")
                    return
    draft.refuse(f"the slots of {short} leave no room for weak references")


def _slots_value(node: cst.ClassDef) -> cst.BaseExpression | None:
    for statement in node.body.body:
        for small in getattr(statement, "body", ()):
            if isinstance(small, cst.Assign) and any(_is_slots(item.target) for item in small.targets):
                return small.value
            if isinstance(small, cst.AnnAssign) and _is_slots(small.target):
                return small.value
    return None


def _is_slots(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Name) and node.value == "__slots__"


def own_equality(draft: Draft, ref: ClassRef) -> str:
    """Return how instances of ``ref`` or of a class below it compare by value (words for a message), or nothing."""
    return compares_by_value(draft.files.program, ref)


def compares_by_value(program: Program, ref: ClassRef) -> str:
    """Return what ``own_equality`` does, before there is a draft."""
    names = program.names
    for one in (*names.ancestors(ref), *names.subclasses(ref)):
        klass = names.class_of(one)
        short = one.name.rpartition(".")[2]
        if "__eq__" in klass.names:
            return f"{short} defines __eq__"
        for decorator in klass.decorators:
            last = decorator.value.path[-1:]
            if (last and last[0] in _DATACLASSES) or _is_attrs(decorator.value.path):
                if _has_option(klass, "eq") is not False and not _compares_by_identity(klass):
                    return (
                        f"{short} is a {last[0] if last[0] in _DATACLASSES else 'attrs class'} that compares by value"
                    )
    return ""


def shares_by_equality(draft: Draft, ref: ClassRef) -> str:
    """Return how instances of ``ref`` come to be equal as keys, as ``own_equality`` does; nothing if they have no hash."""
    words, names = own_equality(draft, ref), draft.files.program.names
    classes = [names.class_of(one) for one in (*names.ancestors(ref), *names.subclasses(ref))] if words else []
    frozen = ("frozen", "unsafe_hash", "hash")
    hashed = any(
        "__hash__" in klass.names
        or any(_has_option(klass, name) is True for name in frozen)
        or any(decorator.value.path[-1:] == ("frozen",) for decorator in klass.decorators)
        for klass in classes
    )
    return words if hashed else ""


def differing(draft: Draft, ref: ClassRef) -> str:
    """Return why instances of ``ref`` that are equal may differ in what the comparison leaves out; nothing if they may not."""
    names = draft.files.program.names
    for one in (*names.ancestors(ref), *names.subclasses(ref)):
        file, short = draft.files[one.module], one.name.rpartition(".")[2]
        node = file.class_node(one.name)
        if "__eq__" in names.class_of(one).names:
            return f"{short} defines itself what is equal"
        if node is None or _LEFT_OUT.search(file.code(node)):
            return f"{short} leaves fields out of the comparison"
    return ""


def _compares_by_identity(klass: ClassFacts) -> bool:
    return _has_option(klass, "cmp") is False
