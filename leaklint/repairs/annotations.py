"""Annotations that name the type of a container follow it when it becomes weak."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import libcst as cst

from leaklint.repairs.draft import Draft
from leaklint.repairs.files import ParsedFile
from leaklint.repairs.holders import HolderDefinition, last_word
from leaklint.repairs.roles import Role
from leaklint.repairs.scopes import dotted_name, walk
from leaklint.repairs.slots import may_be_of

_NAMES = {
    "dict": frozenset({"dict", "Dict", "OrderedDict", "DefaultDict", "defaultdict"}),
    "list": frozenset({"list", "List"}),
    "set": frozenset({"set", "Set"}),
}
_ANY = frozenset({"Iterable", "Iterable[]", "Collection", "Collection[]", "Container", "Container[]", "Sized"})
_BARE = frozenset({"Any", "object", "None", "Final", "ClassVar", "dict", "Dict", "defaultdict", "list", "List"})
_WIDER = {
    "dict": _ANY | {"Mapping", "Mapping[]", "MutableMapping", "MutableMapping[]"},
    "list": _ANY,
    "set": _ANY | {"AbstractSet", "AbstractSet[]", "MutableSet", "MutableSet[]"},
}
_AROUND = frozenset({"ClassVar", "Final", "Optional", "Union", "Annotated"})
_READERS = ("get_annotations", "get_type_hints")
_COMMENT = re.compile(r"[ \t]*#[ \t]*type:[ \t]*(?P<text>[^#\r\n]*[^#\s])")


def follow(draft: Draft, role: Role, kind: str, weak: str, *, element: bool = False, inside: bool = False) -> None:
    """Let the annotation or type comment at a binding name ``weak`` where it names a ``kind`` of container.

    With ``element`` the container stays and what it holds becomes ``weak`` (``list[C]`` to ``list[ref[C]]``); with
    ``inside`` the containers in the container become ``weak`` (``dict[str, list[C]]`` to ``dict[str, WeakSet[C]]``).
    An annotation that names something else, of which nothing tells whether it still holds, becomes an assumption.
    """
    statement = role.node
    change = _Change(draft, role, kind, weak, element, inside)
    if isinstance(statement, cst.AnnAssign):
        change.annotation(statement.annotation.annotation)
    elif isinstance(statement, cst.Assign):
        change.comment(statement)


def judge_read(draft: Draft, role: Role, holder: HolderDefinition) -> None:
    """Where a program reads the annotations of a class, those of a weak container say another type."""
    if not holder.cls or not isinstance(role.node, cst.AnnAssign) or role.use.scope.kind != "class":
        return
    program = draft.files.program
    bases = [(name, at, term[1]) for name, at, term in program.attributes("__annotations__")]
    for word in _READERS:
        for name in program.saying(word):
            calls = ((at, one) for at, one in program.terms(name).at.items() if one[0] == "call" and one[2])
            bases += [(name, at, call[2][0]) for at, call in calls if last_word(call[1]) == word]
    for name, at, base in bases:
        if may_be_of(program, base, {*program.classes.below(holder.cls), holder.cls}):
            draft.assume(f"the annotations read at {program.names.modules[name].path}:{at[0]} may name another type")


class _Change(NamedTuple):
    draft: Draft
    role: Role
    kind: str
    weak: str
    element: bool
    inside: bool

    def annotation(self, node: cst.BaseExpression) -> None:
        file = self.role.file
        if isinstance(node, cst.SimpleString):
            text = self._in_text(str(node.evaluated_value))
            if text is not None:
                self.draft.replace(file, node, node.prefix + node.quote + text + node.quote)
            return
        found = self._changed(node, file.code, quoted=True)
        if found is not None:
            self.draft.replace(file, *found)

    def comment(self, statement: cst.Assign) -> None:
        file = self.role.file
        match = _COMMENT.match(file.text, file.end(statement))
        if match and not match["text"].startswith("ignore"):
            text = self._in_text(match["text"].strip())
            if text is not None:
                self.draft.splice(file, match.start("text"), match.end("text"), text)

    def _in_text(self, text: str) -> str | None:
        """Return the text of an annotation that is written as text, changed, or None if nothing in it changes."""
        try:
            node = cst.parse_expression(text)
        except cst.ParserSyntaxError:
            return None
        show = cst.Module([]).code_for_node
        changed = self._changed(node, show, quoted=False)
        if changed is None:
            return None
        place, new = changed
        return show(node).replace(show(place), new, 1)

    def _changed(
        self, node: cst.BaseExpression, show: Callable[[cst.CSTNode], str], *, quoted: bool
    ) -> tuple[cst.CSTNode, str] | None:
        """Return the part that has to change and what takes its place."""
        found = _inner(node, self.kind) if self.inside else _named(node, self.kind)
        if found is None:
            fits = _BARE if self.inside or self.element else _BARE | _WIDER[self.kind]
            if any(head not in fits for head in _heads(node)):
                self.draft.assume(f"the annotation at {self.role.place} holds of {self.weak} as well")
            return None
        written = not quoted  # as text already, where names need no quotes
        quoted = quoted and _needs_quotes(self.role.file, self.role, found)
        name = self.draft.name(self.role.file, self.weak, self.role.use.scope)
        if not isinstance(found, cst.Subscript):
            return None if self.element else (found, name)
        shown = _unquoted if written or quoted else _as_it_is
        inner = [shown(item.slice.value, show) for item in found.slice if isinstance(item.slice, cst.Index)]
        if self.weak == "WeakSet" and len(inner) > 1:
            return None
        text = f"{name}[{', '.join(inner)}]"
        mark = "'" if '"' in text else '"'
        return found.slice[0] if self.element else found, f"{mark}{text}{mark}" if quoted else text


def _heads(node: cst.CSTNode) -> Iterator[str]:
    """Yield the names of the types that an annotation allows: ``Mapping`` of ``ClassVar[Mapping[..]]``."""
    if isinstance(node, cst.BinaryOperation):
        yield from (*_heads(node.left), *_heads(node.right))
    elif isinstance(node, cst.Subscript) and _last(node.value) in _AROUND:
        for item in node.slice:
            if isinstance(item.slice, cst.Index):
                yield from _heads(item.slice.value)
    elif isinstance(node, cst.Subscript):
        yield f"{_last(node.value)}[]"
    else:
        yield _last(node)


def _inner(node: cst.CSTNode, kind: str) -> cst.CSTNode | None:
    """Return the type that names the containers inside: ``List[..]`` of ``Dict[str, List[..]]``."""
    for below in walk(node):
        if isinstance(below, cst.Subscript) and _last(below.value) in _NAMES["dict"] | _WIDER["dict"]:
            last = below.slice[-1].slice
            return _named(last.value, kind) if isinstance(last, cst.Index) and len(below.slice) == 2 else None
    return None


def _named(node: cst.CSTNode, kind: str) -> cst.CSTNode | None:
    """Return the outermost type that names the container: ``Dict[..]`` of ``ClassVar[Dict[..]]``."""
    for below in walk(node):
        if isinstance(below, cst.Subscript) and _last(below.value) in _NAMES[kind]:
            return below
        if isinstance(below, (cst.Name, cst.Attribute)) and _last(below) in _NAMES[kind]:
            return below
    return None


def _unquoted(node: cst.BaseExpression, show: Callable[[cst.CSTNode], str]) -> str:
    """Return an annotation with the quotes off the types in it; the texts of a ``Literal`` are none."""
    if isinstance(node, cst.SimpleString):
        return str(node.evaluated_value)
    text, literal = show(node), {"Literal", "Annotated"}
    heads = [one for one in walk(node) if isinstance(one, cst.Subscript) and _last(one.value) in literal]
    texts = {id(below) for head in heads for below in walk(head)}
    for one in walk(node):
        if isinstance(one, cst.SimpleString) and id(one) not in texts:
            text = text.replace(one.value, str(one.evaluated_value), 1)
    return text


def _as_it_is(node: cst.BaseExpression, show: Callable[[cst.CSTNode], str]) -> str:
    return show(node)


def _last(node: cst.CSTNode) -> str:
    return dotted_name(node).rpartition(".")[2]


def _needs_quotes(file: ParsedFile, role: Role, annotation: cst.CSTNode) -> bool:
    """``typing`` names tell of old Pythons, where weak containers cannot be subscripted when the program runs."""
    if role.use.scope.kind == "function" and isinstance(role.use.node, cst.Name):
        return False
    if file.module.imports.get("annotations") == "__future__.annotations":
        return False
    return isinstance(annotation, cst.Subscript) and _last(annotation.value)[:1].isupper()
