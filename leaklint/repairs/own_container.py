"""A container on a class that its instances share by mistake: what goes in and comes out again is the state of one of them."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from leaklint.flow.model import qualname
from leaklint.model import Fix
from leaklint.repairs.draft import Draft
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.holders import HolderDefinition
from leaklint.repairs.owners import Owners
from leaklint.repairs.program import Program, short
from leaklint.repairs.roles import Role, role_of
from leaklint.repairs.uses import Finder

_TAKING = frozenset({"pop", "popleft", "popitem"})
_MAKING = frozenset({"__init__", "__new__"})


def for_each(program: Program, holder: HolderDefinition) -> Fix:
    """Return the repair that lets each instance make the container for itself, in ``__init__``.

    Only where nothing but ``self`` is asked for it, and what a method stores out of an attribute of its object goes back
    into one: then each instance means its own. That nobody counts on the sharing is assumed.
    """
    name = f"a {holder.kind} that each instance makes for itself"
    files = Files(program)
    draft = Draft(files)
    owner = holder.cls
    roles = [role_of(use) for use in Finder(files, holder).uses() if use.depth == 0]
    bound = [role for role in roles if role.kind == "bind" and role.use.scope.kind == "class"]
    if holder.scope != "class" or len(bound) != 1 or holder.is_filled:
        return Fix("none", name, "the place where the container is made could not be read")
    _judge_uses(draft, owner, [role for role in roles if role is not bound[0]])
    _judge_family(draft, owner, holder.word)
    if passing := Owners(files).passing(owner, named=False):
        draft.refuse(f"what the one made at {passing} puts in may be for another one, as it is let go of at once")
    if not draft.refused:
        made = bound[0].file.code(bound[0].value) if bound[0].value is not None else ""
        _drop(draft, bound[0])
        _make(draft, bound[0].file, owner, f"self.{holder.word} = {made}")
    draft.assume(f"no {short(owner)} counts on what another one has put into {holder.word}")
    return draft.fix(name, "")


def _judge_uses(draft: Draft, owner: str, roles: Sequence[Role]) -> None:
    """Refuse what asks something else than ``self``, and uses that do not show whose state it is."""
    for role in roles:
        if not draft.files.program.attribute_of_self(role.file.denoted(role.use.node)):
            draft.refuse(f"{role.file.code(role.use.node)} at {role.place} is asked of the class, or of another object")
        elif role.kind in {"bind", "unbind", "escape", "argument", "alias"}:
            draft.refuse(f"{role.file.code(role.use.node)} at {role.place} is handed on, or bound to something else")
    adding = [role for role in roles if role.kind == "call" and role.name == "append"]
    own = {role.file.code(one) for role in adding for one in role.arguments if _is_state(draft, owner, role, one)}
    if not own or not own & {text for role in roles for text in _taken_to(role)}:
        draft.refuse("nothing shows that what is stored is the state of the one object that takes it out again")


def _is_state(draft: Draft, owner: str, role: Role, node: cst.BaseExpression) -> bool:
    """Tell whether a stored expression is an attribute that the instances have for themselves."""
    if not isinstance(node, cst.Attribute):
        return False
    program = draft.files.program
    own = program.attribute_of_self(role.file.denoted(node))
    return bool(own) and program.holders.is_assigned(owner, node.attr.value)


def _taken_to(role: Role) -> list[str]:
    """Return the attributes that are given what a use takes out."""
    above = role.file.parent(role.node)
    if role.kind != "call" or role.name not in _TAKING or not isinstance(above, cst.Assign):
        return []
    return [role.file.code(one.target) for one in above.targets]


def _judge_family(draft: Draft, owner: str, name: str) -> None:
    """Refuse classes whose objects may be made without the ``__init__`` that makes the container, or have no room for it."""
    program = draft.files.program
    above, below = program.classes.order(owner), program.heirs(owner)
    for key in (*below, *above[1:]):
        if name in program.names.classes[key].attributes:
            draft.refuse(f"{qualname(key)} has a {name} of its own")
    for key in above:
        klass = program.names.classes[key]
        if "__slots__" in klass.attributes or klass.decorators or klass.keywords:
            draft.refuse(f"what makes an instance of {qualname(key)} is not its __init__() alone")
    for key in below:
        klass, file = program.names.classes[key], draft.files.of(key)
        node = file.class_node(key)
        text = file.code(node) if node is not None else ""
        first = program.callee(klass.bases[0]) if klass.bases else None
        if first is None or owner not in program.classes.order(first.key) or klass.decorators:
            draft.refuse(f"{qualname(key)} may be made without the __init__() of {qualname(owner)}")
        elif not _MAKING.isdisjoint(klass.methods) and "super().__init__(" not in text:
            draft.refuse(f"{qualname(key)} does not call the __init__() of {qualname(owner)}")
    if "__new__" in program.names.classes[owner].methods or ".__new__(" in draft.files.of(owner).text:
        draft.refuse(f"a {qualname(owner)} may be made without its __init__()")


def _drop(draft: Draft, role: Role) -> None:
    """Take the statement that makes the container out of the class; an annotation stays."""
    file, statement = role.file, role.node if isinstance(role.node, cst.AnnAssign) else role.file.parent(role.use.node)
    if isinstance(statement, cst.AnnAssign):
        draft.splice(file, file.end(statement.annotation), file.end(statement), "")
        return
    while statement is not None and not isinstance(statement, cst.BaseSmallStatement):
        statement = file.parent(statement)
    line = file.parent(statement) if statement is not None else None
    block = file.parent(line) if line is not None else None
    if (
        not isinstance(statement, cst.Assign)
        or not isinstance(line, cst.SimpleStatementLine)
        or len(statement.targets) > 1
    ):
        draft.refuse(f"the container made at {role.place} cannot be taken out of the class")
    elif len(line.body) > 1:
        at = list(line.body).index(statement)
        follows = at + 1 < len(line.body)
        start = file.start(statement) if follows else file.end(line.body[at - 1])
        draft.splice(file, start, file.start(line.body[at + 1]) if follows else file.end(statement), "")
    elif isinstance(block, cst.IndentedBlock) and len(block.body) > 1:
        draft.splice(file, file.line_start(file.start(line)), file.line_after(file.end(line)), "")
    else:
        draft.replace(file, statement, "pass")


def _make(draft: Draft, file: ParsedFile, owner: str, statement: str) -> None:
    """Put a statement first into ``__init__``, which hands all it gets to the next one where the class has none."""
    node = file.class_node(owner)
    body = node.body.body if node is not None and isinstance(node.body, cst.IndentedBlock) else ()
    methods = [one for one in body if isinstance(one, cst.FunctionDef)]
    initialiser = next((one for one in methods if one.name.value == "__init__"), None)
    first = initialiser or next(iter(methods), None)
    indent = file.indent(first.decorators[0] if first.decorators else first) if first is not None else None
    if first is None or indent is None:
        draft.refuse(f"the place for an __init__() of {qualname(owner)} could not be found")
        return
    newline = file.newline
    if initialiser is None:
        unit = file.source.module.default_indent
        head = f"{indent}def __init__(self, *args, **kwargs):{newline}{indent}{unit}"
        text = f"{head}{statement}{newline}{indent}{unit}super().__init__(*args, **kwargs){newline}{newline}"
        top = first.decorators[0] if first.decorators else first
        draft.insert(file, file.line_start(file.start(top)), text)
        return
    lines = [
        one for one in initialiser.body.body if isinstance(one, (cst.SimpleStatementLine, cst.BaseCompoundStatement))
    ]
    at = next((one for one in lines[bool(initialiser.get_docstring()) :]), None)
    inner = file.indent(at) if at is not None else None
    if at is None or inner is None or initialiser.decorators or initialiser.params.params[0].name.value != "self":
        draft.refuse(f"the __init__() of {qualname(owner)} has no room for another statement")
    else:
        draft.insert(file, file.line_start(file.start(at)), f"{inner}{statement}{newline}")
