"""Containers inside a container: the inner ones become weak (``reg[key].append(self)``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import libcst as cst

from leaklint.contracts.library import of_nature
from leaklint.model import Fix
from leaklint.repairs import counts, lookups, mapping, sets, type_tests
from leaklint.repairs.annotations import follow
from leaklint.repairs.callees import WALKERS, names_class
from leaklint.repairs.draft import Draft
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.holders import HolderDefinition
from leaklint.repairs.makers import kind_of
from leaklint.repairs.order import keeps_order
from leaklint.repairs.owners import Owners, apply
from leaklint.repairs.reflist import References
from leaklint.repairs.request import WeakRequest
from leaklint.repairs.roles import Role
from leaklint.repairs.scopes import dotted_name, walk
from leaklint.repairs.stored_types import admit, check_values

_WEAK = {"value": "WeakValueDictionary", "key": "WeakKeyDictionary"}
_REAL = of_nature("makes a copy") | {"copy", "Process"}
_HANDS_ON = frozenset({"values", "items", "popitem", "copy"})  # methods that give what is inside


def weaken(files: Files, holder: HolderDefinition, request: WeakRequest, roles: tuple[Role, ...]) -> Fix:
    """Return the repair that makes the containers inside ``holder`` weak; ``holder`` itself stays as it is."""
    outer = tuple(role for role in roles if role.use.depth == 0)
    if request.side == "key" and holder.inner.startswith("Weak"):
        return weaken_keys(files, request, outer)  # what is inside is weak already: the keys are what is kept
    inner = tuple(role for role in roles if role.use.depth == 1)
    kind = holder.inner or _inner_kind(outer)
    if kind not in {"dict", "list", "set"}:
        return Fix("none", "", "the containers inside the container are not of one known kind")
    if not inner:
        return Fix("none", "", "the uses of the containers inside the container could not be read")
    if kind == "dict" and request.side == "element" and any(role.kind == "set-item" for role in inner):
        request = replace(request, side="value")  # what is stored under keys of the inner dictionaries are their values
    weak = _WEAK.get(request.side, "") if kind == "dict" else "WeakSet"
    if not weak:
        return Fix("none", "", "the inner containers are dictionaries, and what is stored in them could not be read")

    def convert(draft: Draft) -> None:
        if kind == "dict":
            mapping.convert(draft, inner, request.side)
            if request.side == "key":
                check_values(draft, inner)
        else:
            sets.convert(draft, inner, kind)
        _outer(draft, outer, kind, weak)
        _whole(draft, outer)
        type_tests.judge(draft, holder)

    def reference(draft: Draft) -> None:
        References(draft, "ref").convert(inner)
        _whole(draft, outer)
        type_tests.judge(draft, holder)
        for role in outer:
            for file, node in _made_inside(role):
                if not _starts_empty(node):
                    _fill_later(draft, role, file, node)

    first = _worked_out(files, request, inner, convert, f"weakref.{weak}", keyed=weak != "WeakValueDictionary")
    if kind != "list" or (first.safety != "none" and not keeps_order(holder.word, inner)):
        return first
    second = _worked_out(files, request, inner, reference, "lists of weakref.ref", keyed=False)
    if second.safety != "none" or first.safety == "none":
        return second if second.safety != "none" else first
    return Fix("none", first.replacement, f"the order of what is inside shows, and {second.reason}")


def weaken_keys(files: Files, request: WeakRequest, roles: tuple[Role, ...]) -> Fix:
    """Return the repair that makes a ``defaultdict`` a ``WeakKeyDictionary``: reading ``d[k]`` becomes ``setdefault``."""
    from leaklint.repairs.weakening import judge_stores, reason

    draft = Draft(files)
    admit(draft, request, keyed=True)
    made = [role for role in roles if role.kind in {"bind", "local-target"}]
    factory = next((text for role in made if (text := _factory_call(role))), "")
    if len(made) != 1 or not factory:
        draft.refuse("what the defaultdict makes is not known")
    for role in made:
        follow(draft, role, "dict", "WeakKeyDictionary")
        if role.value is not None:
            draft.replace(role.file, role.value, f"{draft.name(role.file, 'WeakKeyDictionary', role.use.scope)}()")
    reads = [role for role in roles if role.kind == "get-item" and role.keys]
    mapping.convert(draft, [role for role in roles if role not in reads], "key")
    for role in reads:
        if role.file is not made[0].file:
            draft.refuse(f"what is read at {role.place} would have to be made there")
        else:
            text = f"{role.file.code(role.use.node)}.setdefault({role.key_text}, {factory})"
            draft.replace(role.file, role.node, text)
    if not factory.startswith(("Weak", "weakref.Weak")):
        draft.assume("what is kept under a key does not lead back to it")
    check_values(draft, roles)
    judge_stores(draft, request, roles, Owners(files), "key", lookups.Loads(frozenset(), {}))
    return draft.fix("weakref.WeakKeyDictionary", reason(draft, "the container"))


def _factory_call(role: Role) -> str:
    """Return the expression for what a ``defaultdict`` makes under a new key, or nothing."""
    value, file = role.value, role.file
    if (
        not isinstance(value, cst.Call)
        or dotted_name(value.func).rpartition(".")[2] != "defaultdict"
        or len(value.args) != 1
    ):
        return ""
    first = value.args[0].value
    if isinstance(first, cst.Lambda) and not first.params.params:
        return file.code(first.body)
    return f"{file.code(first)}()" if isinstance(first, (cst.Name, cst.Attribute)) else ""


def _worked_out(
    files: Files,
    request: WeakRequest,
    inner: tuple[Role, ...],
    work: Callable[[Draft], None],
    name: str,
    *,
    keyed: bool,
) -> Fix:
    from leaklint.repairs.weakening import judge_stores, reason

    draft = Draft(files)
    admit(draft, request, keyed=keyed)
    work(draft)
    counts.judge(draft, inner, renumber=False)
    _filed_under(draft, request, inner)
    side = request.side if request.side == "key" or "Dictionary" in name else "element"
    judge_stores(draft, request, inner, Owners(files), side, lookups.Loads(frozenset(), {}))
    draft.note("an empty inner container stays under each key")
    return draft.fix(name, reason(draft, "the inner containers"))


def _filed_under(draft: Draft, request: WeakRequest, inner: tuple[Role, ...]) -> None:
    """What is filed under another object's identity may be meant to live as long as that one."""
    for role in inner:
        node = role.use.node
        index = node.slice[0].slice if isinstance(node, cst.Subscript) and len(node.slice) == 1 else None
        key = index.value if isinstance(index, cst.Index) else None
        if isinstance(node, cst.Call) and node.args:
            key = node.args[0].value
        if (role.file.module.name, role.file.line(node)) not in request.stores or not isinstance(key, cst.Call):
            continue
        if isinstance(key.func, cst.Name) and key.func.value == "id" and len(key.args) == 1:
            other = role.file.code(key.args[0].value)
            if other != "self":
                draft.assume(f"nothing is meant to live only as long as the {other} that it is filed under")


def _inner_kind(outer: tuple[Role, ...]) -> str:
    found = {kind_of(file, node) for role in outer for file, node in _made_inside(role)} - {""}
    return found.pop() if len(found) == 1 else ""


def _made_inside(role: Role) -> list[tuple[ParsedFile, cst.BaseExpression]]:
    """Return the expressions that make an inner container: assigned, given to ``setdefault`` or ``get``, there at first."""
    if role.kind == "set-item" and role.value is not None:
        return [(role.file, role.value)]
    if role.kind == "call" and role.name in {"setdefault", "get", "pop"} and len(role.arguments) == 2:
        return [(role.file, role.arguments[1])]
    if role.kind in {"bind", "local-target"} and isinstance(role.value, cst.DictComp):
        return [(role.file, role.value.value)]
    if role.kind in {"bind", "local-target"} and isinstance(role.value, cst.Dict):
        return [(role.file, one.value) for one in role.value.elements]
    return []


def _outer(draft: Draft, outer: tuple[Role, ...], kind: str, weak: str) -> None:
    for role in outer:
        for file, node in _made_inside(role):
            _remake(draft, role, file, node, kind, weak)
        if role.kind in {"bind", "local-target"}:
            _factory(draft, role, kind, weak)


def _whole(draft: Draft, outer: tuple[Role, ...]) -> None:
    """What takes the container as a whole gets the weak containers inside of it along."""
    for role in outer:
        last = role.name.rpartition(".")[2]
        if role.kind == "compare" or (role.kind == "matched" and names_class(role)):
            draft.refuse(
                f"the comparison at {role.place} asks what is inside, and a weak container equals no plain one"
            )
        elif role.kind == "argument" and last in _REAL:
            draft.refuse(f"{role.name}() at {role.place} needs real containers")
        elif role.kind == "call" and role.name in _HANDS_ON and not _is_walked(role):
            draft.assume(f"what takes the {role.name}() at {role.place} gets along with weak containers")
        elif _is_handed_on(role):
            draft.assume(f"whoever gets the container at {role.place} gets along with weak ones inside")


def _is_handed_on(role: Role) -> bool:
    """Tell whether something else gets the container with what is inside: an argument, a copy, a text, the caller."""
    if role.kind == "argument":
        return role.name.rpartition(".")[2] not in WALKERS or role.by_keyword
    return role.kind in {"escape", "operand", "shown"} or (role.kind == "star" and role.name == "**")


def _fill_later(draft: Draft, role: Role, file: ParsedFile, node: cst.BaseExpression) -> None:
    """``d[k] = [x]`` makes an empty list and then puts a reference in, which takes itself out of that very list."""
    statement = file.parent(file.parent(role.node) or role.node)
    line = file.parent(statement) if isinstance(statement, cst.Assign) and len(statement.targets) == 1 else None
    indent = file.indent(line) if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1 else None
    indent = indent if role.kind not in {"bind", "local-target"} else None
    again = any(isinstance(one, (cst.Call, cst.NamedExpr, cst.Await)) for one in walk(role.node))
    if not isinstance(node, cst.List) or indent is None or line is None or again:
        draft.refuse(f"what the inner container made at {file.place(node)} starts with is not wrapped")
        return
    target, made = file.code(role.node), draft.name(file, "ref", role.use.scope)
    text = ""
    for element in node.elements:
        apply(draft, Owners(draft.files).of(file, element.value, role.use.scope))
        text += f"{indent}{target}.append({made}({file.code(element.value)}, {target}.remove)){file.newline}"
    after = file.line_after(file.end(node))
    draft.replace(file, node, "[]")
    draft.insert(file, after, text if file.text[after - 1] in "\r\n" else f"{file.newline}{text}")


def _starts_empty(node: cst.BaseExpression) -> bool:
    """Tell whether an expression makes an empty container, or is a name, which leads to where that is made."""
    if isinstance(node, cst.Call):
        return not node.args
    return isinstance(node, cst.Name) or not getattr(node, "elements", (node,))


def _remake(draft: Draft, role: Role, file: ParsedFile, node: cst.BaseExpression, kind: str, weak: str) -> None:
    if isinstance(node, (cst.List, cst.Set, cst.Dict)) and not node.elements:
        draft.replace(file, node, f"{draft.name(file, weak, role.use.scope)}()")
    elif isinstance(node, cst.Call) and not node.args and dotted_name(node.func) == kind:
        draft.replace(file, node.func, draft.name(file, weak, role.use.scope))
    elif isinstance(node, (cst.List, cst.Set)):
        for element in node.elements:
            apply(draft, Owners(draft.files).of(file, element.value, role.use.scope))
        draft.insert(file, file.start(node), f"{draft.name(file, weak, role.use.scope)}(")
        draft.insert(file, file.end(node), ")")
    elif not (isinstance(node, cst.Name) and (node.value == "None" or role.kind == "set-item")):
        if not isinstance(node, cst.Tuple) or node.elements:
            draft.refuse(f"what becomes an inner container at {role.place} is not known")


def _factory(draft: Draft, role: Role, kind: str, weak: str) -> None:
    """``defaultdict(list)`` makes its inner containers itself."""
    value, file = role.value, role.file
    if isinstance(value, cst.Call) and dotted_name(value.func).rpartition(".")[2] == "defaultdict" and value.args:
        first = value.args[0].value
        name = draft.name(file, weak, role.use.scope)
        if isinstance(first, cst.Name) and first.value == kind:
            draft.replace(file, first, name)
        elif isinstance(first, cst.Lambda) and kind_of(file, first.body) == kind:
            draft.replace(file, first.body, f"{name}()")
        else:
            draft.refuse(f"what the defaultdict at {role.place} makes is not known")
    elif isinstance(value, cst.Dict) and any(isinstance(one, cst.StarredDictElement) for one in value.elements):
        draft.refuse(f"what the container made at {role.place} starts with is not known")
    follow(draft, role, kind, weak, inside=True)


def _is_walked(role: Role) -> bool:
    above = role.file.parent(role.call)
    return isinstance(above, (cst.For, cst.CompFor))
