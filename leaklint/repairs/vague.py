"""Which files need not be read by libcst: those whose attributes of a name are of things that have nothing to do with it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from leaklint.deep import deep_recursion
from leaklint.drafts.facts.model import FunctionFacts, ModuleFacts, Value
from leaklint.drafts.facts.tree import AstScope, FunctionNode, children, read_tree
from leaklint.drafts.facts.values import describe, mangle
from leaklint.drafts.program import ClassRef, Program
from leaklint.repairs.words import unmangled
from leaklint.source import Source

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def family(program: Program, word: str) -> frozenset[ClassRef]:
    """Return the classes that have a container as an attribute of that name, those below them, and all above any of these."""
    holders = program.holders.all.values()
    owners = {one.owner for one in holders if word in {one.binding.name, unmangled(one.binding.name)}}
    names = program.names
    below = {one for owner in owners if owner is not None for one in (owner, *names.subclasses(owner))}
    return frozenset(above for one in below for above in names.ancestors(one))


def may_mean(program: Program, module: ModuleFacts, source: Source, word: str, classes: frozenset[ClassRef]) -> bool:
    """Tell whether an attribute ``word`` of the file may be that of one of ``classes``: of anything but a known other class."""
    with deep_recursion():
        tree = read_tree(source.tree)
        try:
            return any(
                _may_be(program, module, value, scope, word, classes)
                for scope in tree.scopes
                for base in _bases(scope, word)
                for value in describe(base, scope)
            )
        finally:
            tree.release()


def _bases(scope: AstScope, word: str) -> Iterator[ast.expr | None]:
    """Yield what ``word`` is asked of in one scope; None for what is not followed."""
    for node in _own(scope):
        if isinstance(node, ast.Attribute) and node.attr == word:
            yield node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            if any(isinstance(one, ast.Constant) and one.value == word for one in node.args):
                yield None


def _own(scope: AstScope) -> Iterator[ast.AST]:
    """Yield the nodes that are evaluated in a scope, not in those inside of it."""
    node = scope.node
    stack: list[ast.AST] = [*node.body] if isinstance(node, (ast.Module, *_DEFINITIONS)) else []
    while stack:
        here = stack.pop()
        yield here
        if isinstance(here, ast.ClassDef):
            stack += [*here.decorator_list, *here.bases, *(keyword.value for keyword in here.keywords)]
        elif isinstance(here, FunctionNode):
            stack += [*here.decorator_list, here.args, *([here.returns] if here.returns is not None else [])]
        else:
            stack += children(here)


def _may_be(
    program: Program, module: ModuleFacts, value: Value, scope: AstScope, word: str, classes: frozenset[ClassRef]
) -> bool:
    while scope.kind == "class" and scope.parent is not None:
        scope = scope.parent
    function = module.functions.get(scope.qualname, module.body) if scope.kind == "function" else module.body
    meant = program.holders.resolve(value.child(mangle(word, scope)), function, module)
    if meant is not None or f"{scope.qualname}#2" in module.functions:  # of several definitions this may be any
        return True
    if value.kind in {"self", "cls", "super"} and not value.path:
        return program.holders.owner_of(function, module) in classes
    if value.kind == "global":
        path = tuple(step for step in value.path if step != "[]")
        return program.names.find(module.name, path).kind != "external"
    if value.kind == "call" and value.parts:
        return program.names.as_class(module.name, value.parts[0]) in classes
    if value.kind in {"unknown", "param"}:
        return not _is_other(program, module, function, value, classes)
    return bool(value.path)  # a part of something, of which no class is known


def _is_other(
    program: Program, module: ModuleFacts, function: FunctionFacts, value: Value, classes: frozenset[ClassRef]
) -> bool:
    """Tell whether a parameter is said to be of a class of the program that is none of ``classes``."""
    for param in function.params:
        if param.name == value.name and not value.path:
            said = Value("global", tuple(param.annotation.strip("\"' ").split(".")))
            return program.names.as_class(module.name, said) not in {None, *classes}
    return False
