"""Which classes take weak references, and what makes the others take them (rows on types, slots and equality)."""

from __future__ import annotations

import builtins
import re
import sys
from typing import NamedTuple

import libcst as cst

from leaklint.contracts.library import of_nature
from leaklint.flow.expressions import text_of
from leaklint.flow.model import Class
from leaklint.flow.terms import Term
from leaklint.repairs.draft import Draft
from leaklint.repairs.holders import last_word
from leaklint.repairs.program import Program, short
from leaklint.repairs.slots import layout_kept, slots_given, slots_read

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
    found = program.names.name(module, name) if module in program.names.modules else ("ext", "")
    for term in program.names.assigned_to(found):
        maker = last_word(term[1]) if term[0] == "call" else ""
        if maker in _FACTORIES:
            if maker != "NewType":
                return maker
            last = last_word(term[2][1]) if len(term[2]) > 1 else ""
            return last if last in STIFF else defined_as(program, found[1], last)
    return ""


def outside_bases(program: Program, key: str, *, metaclasses: bool = False) -> list[str]:
    """Return the dotted names of bases outside of the program of a class and those above it, of metaclasses if asked to."""
    found: list[str] = []
    for one in program.classes.order(key):
        klass = program.names.classes[one]
        terms = [*klass.bases, *(term for name, term in klass.keywords if metaclasses and name == "metaclass")]
        for term in (one[1] if one[0] == "elem" else one for one in terms):  # Generic[T]
            parts = (term[1], *term[2]) if term[0] == "call" else (term,)  # namedtuple(..), with_metaclass(Meta, Base)
            found += [name.removeprefix("builtins.") for part in parts if (name := program.outside(part))]
    return found


def prepare(draft: Draft, key: str) -> None:
    """Let instances of a class be weakly referenced: say what is assumed or forbids it, add ``__weakref__`` where it lacks."""
    grip = grip_on(draft, key)
    if grip.level == "assumed":
        draft.assume(grip.text)
    elif grip.level == "no":
        draft.refuse(grip.text)
    elif grip.level == "slots":
        opened = _to_open(draft, key)
        read = slots_read(draft.files.program, opened)
        if read:
            text = f"the slots of {short(opened)} leave no room for weak references, and are read at {read} as they are"
            draft.refuse(text)
        if changed := layout_kept(draft.files.program, opened):
            draft.refuse(f"the slots of {short(opened)} must stay as they are: objects change their class at {changed}")
        _open_slots(draft, opened)


def _to_open(draft: Draft, key: str) -> str:
    """Return which class of a line of slotted ones gets the room for weak references: a second one would be an error.

    That is the first one, whichever of the classes below it are asked for; where lines join, it is the class itself.
    """
    program = draft.files.program
    line = program.classes.order(key)
    if any(len(program.names.classes[one].bases) > 1 for one in line):
        return key
    return key if _has_room_below(program, line[-1]) else line[-1]


def _has_room_below(program: Program, key: str) -> bool:
    """Tell whether a class below one has a slot for weak references."""
    return any("__weakref__" in (slots_of(program.names.classes[below]) or ()) for below in program.heirs(key))


def grip_on(draft: Draft, key: str) -> Grip:
    """Return whether instances of a class take weak references."""
    program, name = draft.files.program, short(key)
    classes = [program.names.classes[one] for one in program.classes.order(key)]
    bases = [base.rpartition(".")[2] for base in outside_bases(program, key)]
    plain = (defined_as(program, program.module_of(one.key), last_word(base)) for one in classes for base in one.bases)
    sized = next((base for base in bases if base in _SIZED), "") or next(filter(None, plain), "")
    if sized:
        return Grip("no", f"{name} is a kind of {sized}, whose instances cannot be weakly referenced")
    for heir in program.heirs(key):
        sized = next((base for one in outside_bases(program, heir) if (base := one.rpartition(".")[2]) in _SIZED), "")
        if sized:
            return Grip("no", f"{short(heir)} is a kind of {sized}, whose instances cannot be weakly referenced")
    if place := slots_given(program, key):
        return Grip("no", f"{place} may give {name} slots, which leave no room for weak references")
    closed = all(
        "__weakref__" not in (slots_of(klass) or ())
        and (slots_of(klass) is not None or _has_option(klass, "slots") is True)
        and not _attrs_opens(klass)
        for klass in classes
    )
    foreign = [base for base in outside_bases(program, key, metaclasses=True) if not _is_slotted(base)]
    unknown = [base for base in foreign if not _is_known(base)]
    if not closed and unknown:
        return Grip(
            "assumed", f"instances of {name} take weak references although {unknown[0]} is outside of these files"
        )
    if not closed or any(getattr(getattr(builtins, base, None), "__weakrefoffset__", 0) for base in foreign):
        return Grip("yes")
    if any(not hasattr(builtins, base) for base in foreign):
        return Grip("assumed", f"{foreign[0]}, a base of {name} outside of these files, takes weak references")
    if _has_room_below(program, key):
        return Grip("no", f"a subclass of {name} has a __weakref__ slot of its own, so {name} cannot get one")
    return Grip("slots")


def slots_of(klass: Class) -> tuple[str, ...] | None:
    """Return the names in the ``__slots__`` of a class, none of those in a form that is not read; None if it has none."""
    term = klass.attributes["__slots__"][0] if "__slots__" in klass.attributes else None
    if term is None:
        return None
    parts = term[1] if term[0] in {"tuple", "list", "set"} else (term,)
    return tuple(filter(None, map(text_of, parts)))


def _is_known(base: str) -> bool:
    """Tell whether a base outside of the program is of the language or of its library."""
    parts = base.split(".")
    return parts[0] in sys.stdlib_module_names or (len(parts) == 1 and hasattr(builtins, parts[0]))


def _is_slotted(base: str) -> bool:
    """Tell whether a base outside of the program adds neither ``__dict__`` nor ``__weakref__``."""
    return base.rpartition(".")[2] in of_nature("slotted base")


def _attrs_opens(klass: Class) -> bool:
    """attrs gives its slotted classes a ``__weakref__`` slot unless told not to."""
    return _is_attrs(klass) and slots_of(klass) is None and _has_option(klass, "weakref_slot") is not False


def _callees(klass: Class) -> list[Term]:
    """Return what the decorators of a class name, called or not."""
    return [one.term[1] if one.term[0] == "call" else one.term for one in klass.decorators]


def _is_attrs(klass: Class) -> bool:
    return any(
        last_word(term) in _ATTRS and (term[0] == "attr" or last_word(term) in of_nature("attrs class by its name"))
        for term in _callees(klass)
    )


def _has_option(klass: Class, name: str) -> bool | None:
    """Return what a class decorator's keyword says (``slots=True``), or None if it is not given."""
    for decorator, callee in zip(klass.decorators, _callees(klass), strict=True):
        given = dict(decorator.term[3]).get(name) if decorator.term[0] == "call" else None
        if given is not None:
            return bool(given[:2] == ("const", "True"))
        if name == "slots" and last_word(callee) in of_nature("slotted class"):
            return True
    return None


def slots_by_decorator(klass: Class) -> str:
    """Return ``attrs`` or ``dataclass`` where a decorator gives the class slots, else nothing."""
    if slots_of(klass) is None and _has_option(klass, "slots") is True:
        return "attrs" if _is_attrs(klass) else "dataclass"
    return ""


def _open_slots(draft: Draft, key: str) -> None:
    file = draft.files.of(key)
    node = file.class_node(key)
    if node is None:
        draft.refuse(f"the definition of {short(key)} could not be read")
        return
    if slots_of(draft.files.program.names.classes[key]) is None:
        _open_decorator(draft, key, node)
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
        where = file.place(node)
        draft.refuse(f"{short(key)} has __slots__ without __weakref__ at {where}, in a form that cannot be extended")


def _open_decorator(draft: Draft, key: str, node: cst.ClassDef) -> None:
    """``@dataclass(slots=True)`` gets ``weakref_slot=True``, which Python 3.11 and later know."""
    file = draft.files.of(key)
    for decorator in node.decorators:
        call = decorator.decorator
        if isinstance(call, cst.Call):
            for argument in call.args:
                if argument.keyword is not None and argument.keyword.value == "slots":
                    draft.insert(file, file.end(argument.value), ", weakref_slot=True")
                    draft.assume(f"the program needs Python 3.11 or later (weakref_slot of {short(key)})")
                    return
    draft.refuse(f"the slots of {short(key)} leave no room for weak references")


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


def compares_by_value(program: Program, key: str) -> str:
    """Return how instances of a class or of one below it compare by value (words for a message), or nothing."""
    for one in (*program.classes.order(key), *program.heirs(key)):
        klass, name = program.names.classes[one], short(one)
        if "__eq__" in klass.attributes:
            return f"{name} defines __eq__"
        kind = next((word for word in map(last_word, _callees(klass)) if word in _DATACLASSES), "")
        kind = kind or ("attrs class" if _is_attrs(klass) else "")
        if kind and _has_option(klass, "eq") is not False and _has_option(klass, "cmp") is not False:
            return f"{name} is a {kind} that compares by value"
        if place := _equality_given(program, one):
            return f"{name} is given __eq__ at {place}"
    return ""


def _equality_given(program: Program, key: str) -> str:
    """Return where code sets the equality of a class: by its name, or as the class's decorator; nothing where none does."""
    makers = {callee.key for term in _callees(program.names.classes[key]) if (callee := program.callee(term))}
    for module in program.saying("__eq__"):
        for function in program.names.modules[module].functions.values():
            for event in function.events:
                if event.kind == "setattr" and event.name == "__eq__":
                    values = program.points_to.evaluate(event.terms[0])
                    if ("class", key) in values or function.key in makers:
                        return f"{program.names.modules[module].path}:{event.place[0]}"
    return ""


def shares_by_equality(program: Program, key: str) -> str:
    """Return how instances of a class come to be equal as keys, as ``compares_by_value`` does; nothing without a hash."""
    words = compares_by_value(program, key)
    classes = (
        [program.names.classes[one] for one in (*program.classes.order(key), *program.heirs(key))] if words else []
    )
    hashed = any(
        "__hash__" in klass.attributes
        or any(_has_option(klass, name) is True for name in ("frozen", "unsafe_hash", "hash"))
        or "frozen" in map(last_word, _callees(klass))
        for klass in classes
    )
    return words if hashed else ""


def differing(draft: Draft, key: str) -> str:
    """Return why instances of a class that are equal may differ in what the comparison leaves out; nothing if they may not."""
    program = draft.files.program
    for one in (*program.classes.order(key), *program.heirs(key)):
        file = draft.files.of(one)
        node = file.class_node(one)
        if "__eq__" in program.names.classes[one].attributes:
            return f"{short(one)} defines itself what is equal"
        if node is None or _LEFT_OUT.search(file.code(node)):
            return f"{short(one)} leaves fields out of the comparison"
    return ""
