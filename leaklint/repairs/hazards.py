"""What a program does with stored objects, or with their numbers, that a weak container would change without a word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

import libcst as cst

from leaklint.flow.terms import NONE
from leaklint.repairs.callees import reached
from leaklint.repairs.draft import Draft
from leaklint.repairs.filed import under_own_number
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.object_end import end_of
from leaklint.repairs.program import short
from leaklint.repairs.referents import STIFF, defined_as
from leaklint.repairs.request import WeakRequest
from leaklint.repairs.roles import Role
from leaklint.repairs.scopes import CstScope, walk

_FILING = frozenset(
    {"add", "append", "get", "setdefault", "pop", "insert", "remove", "discard", "index", "__setitem__"}
)
_ANYTHING = frozenset({"object", "Any", "Hashable"})
_WORDS = STIFF | {"string", "text", "integer", "number", "boolean"}
_SAID = (
    r"[:@]type\s+{name}\s*:\s*(?P<type>[^\n]+)",
    r"[:@]param\s+(?P<type>[\w.\[\], ]+?)\s+{name}\s*:",
    r"^\s*\*{{0,2}}{name}\s*\((?P<type>[^)\n]+)\)\s*:",
    r"^\s*{name}\s*:\s*(?P<type>[A-Za-z][^\n]*)$",
)


def judge_type(draft: Draft, role: Role, node: cst.BaseExpression) -> None:
    """Refuse what an annotation or the documentation of a parameter says to be, or to may be, a plain value."""
    function = role.use.scope.node
    if not isinstance(node, cst.Name) or not isinstance(function, cst.FunctionDef):
        return
    parameters = [*function.params.posonly_params, *function.params.params, *function.params.kwonly_params]
    found = next((one for one in parameters if one.name.value == node.value), None)
    if found is None:
        return
    _judge_none(draft, role, found)
    if found.annotation is not None:
        text = role.file.code(found.annotation.annotation)
        words = re.findall(r"\w+", re.sub(r"\b(?:Callable|Type|type)\[.*", "", text))
        loose = next((word for word in words if word in _ANYTHING), "")
        stiff = next((word for word in words if word in STIFF - {"None", "object"}), "")
        if loose:
            draft.refuse(f"{node.value}, stored at {role.place}, may be anything, also what takes no weak references")
        elif stiff:
            draft.refuse(f"{node.value}, stored at {role.place}, may be a {stiff}, which takes no weak references")
        return
    typed = _commented(role.file.code(function), [one.name.value for one in parameters], node.value)
    said = function.get_docstring() or ""
    matches = (re.search(one.format(name=re.escape(node.value)), said, re.MULTILINE) for one in _SAID if said)
    for text in (typed, *(match["type"] for match in matches if match)):
        word = next(iter(re.findall(r"\w+", text)), "").lower()
        if word in {one.lower() for one in _WORDS}:
            message = f"is documented as {text.strip()}, which takes no weak references"
            draft.refuse(f"{node.value}, stored at {role.place}, {message}")
            return


def _judge_none(draft: Draft, role: Role, param: cst.Param) -> None:
    """Refuse where None is put in: by a caller, or for a parameter that may be left out and is not asked about."""
    name, told = param.name.value, role.file.code(param.annotation.annotation) if param.annotation is not None else ""
    omitted = isinstance(param.default, cst.Name) and param.default.value == "None"
    function, node = role.file.function(role.use.scope), role.use.scope.node
    if not (omitted or re.search(r"\b(?:Optional|None)\b", told)) or _is_asked_about(role.file, node, name):
        return
    for call in draft.files.program.calls(function.key):
        if call.bound.get(name, NONE if omitted else None) == NONE:
            place = draft.files.program.place(call)
            draft.refuse(f"{name}, stored at {role.place}, is None where {place} calls {function.name}()")
    draft.assume(f"{function.name}() is given a {name}, and not None")


def _is_asked_about(file: ParsedFile, function: cst.CSTNode, name: str) -> bool:
    """Tell whether code tests a variable, or assigns it anew."""
    for node in walk(function):
        if isinstance(node, cst.Name) and node.value == name:
            around = [node, *file.around(node)]
            if isinstance(around[1], (cst.AssignTarget, cst.BooleanOperation)) or any(
                isinstance(above, (cst.If, cst.IfExp, cst.While, cst.Assert)) and above.test is below
                for below, above in pairwise(around)
            ):
                return True
    return False


def _commented(code: str, names: list[str], name: str) -> str:
    """Return the type that the type comment of a function gives for a parameter: ``# type: (str, int) -> None``."""
    found = re.search(r"#\s*type:\s*\(([^)]*)\)\s*->", code)
    said = re.split(r",(?![^\[]*\])", found[1]) if found else []
    return dict(zip(names[-len(said) :], said, strict=False)).get(name, "").strip() if said else ""


def judge_named(draft: Draft, request: WeakRequest, roles: Iterable[Role]) -> None:
    """Refuse stored types that are no classes of their own: named tuples, new types over text."""
    for name in request.others:
        for role in roles if name else ():
            plain = defined_as(draft.files.program, role.file.module.name, name.rpartition(".")[2])
            if plain:
                draft.refuse(f"{name}, which is stored, is a {plain}, whose instances cannot be weakly referenced")


def judge_default(draft: Draft, roles: Iterable[Role]) -> None:
    """Refuse where a look-up gives a plain value for what is not there: then what is there is one, too."""
    for role in roles:
        if role.kind == "call" and role.name in {"get", "pop"} and len(role.arguments) == 2:
            given = role.arguments[1]
            if isinstance(given, (cst.SimpleString, cst.FormattedString, cst.Integer, cst.Float, cst.Tuple)):
                text = f"{role.file.code(given)} stands for what is not there at {role.place}"
                draft.refuse(f"{text}, and such values take no weak references")


def judge_end(draft: Draft, classes: Iterable[str], roles: Iterable[Role], *, itself: bool) -> None:
    """What happens at the end of an object would happen earlier: with the last user, not at the end of the process.

    A ``__del__`` that takes the object out of this very container is no hazard.
    """
    program = draft.files.program
    leaving = {role.file.function(role.use.scope).key for role in roles if role.use.scope.name == "__del__"}
    for key in classes:
        end = end_of(program, key, leaving)
        if end and itself:
            draft.assume(f"nothing counts on a {short(key)} that nobody holds any more ({end} would come earlier)")
        elif end:
            draft.refuse(f"a {short(key)} may live by the container, and its end does something ({end})")


def judge_identity(draft: Draft, role: Role, node: cst.BaseExpression, roles: tuple[Role, ...]) -> None:
    """Refuse where the ``id()`` of a stored object is more than its own look-up key: numbers are given again."""
    text = role.file.code(node)
    function = role.use.scope.node
    if not isinstance(function, cst.FunctionDef) or not re.fullmatch(r"[\w.]+", text):
        return
    file = role.file
    places: list[cst.CSTNode] = [function]
    if text == "self":
        owner = next((above for above in file.around(function) if isinstance(above, cst.ClassDef)), None)
        places = [owner] if owner is not None else places
    for place in places:
        numbers = list(_numbers(file, place, text))
        filed = under_own_number(draft.files.program, file, numbers, text)
        for use in numbers:
            why = "" if id(use) in filed else _misused(file, use, roles)
            if why == "returned" and place is function and text != "self":
                why = _misused_by_callers(draft, role, roles)
            if why and why != "returned":
                draft.refuse(f"the id() of what is stored is used at {why}, and would be given to a newcomer")


def numbered(files: Files, role: Role) -> str:
    """Return the place of the ``id()`` under which a role stores what does not hold the object; nothing if there is none.

    Such an entry is right only as long as something else keeps the object, and means nothing afterwards.
    """
    return next(
        (found for key in role.keys if (found := _identity(files, role.file, key, role.use.scope, role.value))), ""
    )


def _identity(
    files: Files, file: ParsedFile, node: cst.CSTNode, scope: CstScope, value: cst.CSTNode | None, hops: int = 4
) -> str:
    """Return where an expression comes to the ``id()`` of something that ``value`` does not name."""
    inner: list[tuple[ParsedFile, cst.CSTNode, CstScope]] = []
    if isinstance(node, cst.Tuple):
        inner = [(file, element.value, scope) for element in node.elements]
    elif isinstance(node, cst.Name):
        inner = [(file, way.node, scope) for way in scope.bound.get(node.value, ()) if way.how == "value" and way.node]
    elif isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "id":
        given = {file.code(one.value) for one in node.args}
        return "" if given & {file.code(one) for one in _held(value)} else file.place(node)
    elif isinstance(node, cst.Call):
        there = reached(files, file, node)
        returned = [below for below in walk(there.node.body) if isinstance(below, cst.Return)] if there else []
        if there is not None:
            inner = [(there.file, one.value, there.scope) for one in returned if one.value is not None]
    found = (_identity(files, *one, value, hops - 1) for one in inner if hops)
    return next(filter(None, found), "")


def _held(value: cst.CSTNode | None) -> Iterator[cst.CSTNode]:
    """Yield a stored expression, and the elements of one that is a tuple or list."""
    if isinstance(value, (cst.Tuple, cst.List)):
        yield from (element.value for element in value.elements)
    elif value is not None:
        yield value


def _numbers(file: ParsedFile, place: cst.CSTNode, text: str) -> Iterator[cst.CSTNode]:
    """Yield ``id(text)``, and the names that it is given to, wherever they are used."""
    for node in walk(place):
        if not (isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "id"):
            continue
        if len(node.args) != 1 or file.code(node.args[0].value) != text:
            continue
        above = file.parent(node)
        if not isinstance(above, cst.Assign):
            yield node
            continue
        names = {target.target.value for target in above.targets if isinstance(target.target, cst.Name)}
        inside = next((one for one in file.around(above) if isinstance(one, cst.FunctionDef)), place)
        for below in walk(inside):
            if isinstance(below, cst.Name) and below.value in names:
                if not isinstance(file.parent(below), (cst.AssignTarget, cst.Attribute)):
                    yield below


def _misused(file: ParsedFile, use: cst.CSTNode, roles: tuple[Role, ...]) -> str:
    """Return where a number serves as a key of something else; ``returned`` if it leaves as such; else nothing."""
    own = {id(role.node) for role in roles} | {id(role.use.node) for role in roles}
    below = use
    for above in file.around(use):
        if id(above) in own:
            return ""
        if isinstance(above, cst.Return):
            return "returned" if above.value is use else file.place(use)
        if isinstance(above, cst.Subscript) and above.value is not below:
            return "" if _means(file, above.value, roles) else file.place(use)
        if isinstance(above, cst.Call):
            name = above.func.attr.value if isinstance(above.func, cst.Attribute) else ""
            return file.place(use) if name in _FILING and not _means(file, above.func, roles) else ""
        if isinstance(above, cst.ComparisonTarget) and isinstance(above.operator, (cst.In, cst.NotIn)):
            return ""
        if isinstance(above, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
            return ""
        below = above
    return ""


def _means(file: ParsedFile, node: cst.CSTNode, roles: tuple[Role, ...]) -> bool:
    wanted = {id(role.use.node) for role in roles}
    return any(id(below) in wanted for below in walk(node))


def _misused_by_callers(draft: Draft, role: Role, roles: tuple[Role, ...]) -> str:
    """Return where callers of the storing function use the number it returns as a key of something else."""
    function = role.file.function(role.use.scope)
    if not draft.files.program.calls(function.key):
        return f"{role.place} by whoever calls {function.name}()"
    for file, node in draft.files.call_nodes(function):
        above = file.parent(node)
        uses: list[cst.CSTNode] = [node]
        if isinstance(above, cst.Assign):
            names = {target.target.value for target in above.targets if isinstance(target.target, cst.Name)}
            inside = next((one for one in file.around(above) if isinstance(one, cst.FunctionDef)), file.source.module)
            uses = [below for below in walk(inside) if isinstance(below, cst.Name) and below.value in names]
        for use in uses:
            why = _misused(file, use, roles)
            if why:
                return file.place(use) if why == "returned" else why
    return ""


def dropped(draft: Draft, role: Role, *, is_read: bool) -> str:
    """Return where callers let go at once of what the storing function returns; nothing if all that are seen keep it.

    A container that nothing reads is there so that callers need not keep the object: unless calls are seen that do,
    nothing shows that they would.
    """
    function = role.file.function(role.use.scope)
    for file, node in draft.files.call_nodes(function):
        above = file.parent(node)
        if isinstance(above, (cst.Expr, cst.Attribute)):
            return file.place(above)
    known = is_read or draft.files.program.calls(function.key)
    return "" if known else f"{role.place} and whoever calls {function.name}()"
