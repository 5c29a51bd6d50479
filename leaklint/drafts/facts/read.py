"""Read all facts of one file."""

from __future__ import annotations

import ast

from leaklint.drafts.facts.containers import binding, made, named
from leaklint.drafts.facts.events import Guards, read_events
from leaklint.drafts.facts.model import (
    Argument,
    Binding,
    ClassFacts,
    DecoratorFact,
    FunctionFacts,
    ModuleFacts,
    Parameter,
    Span,
    Value,
)
from leaklint.drafts.facts.places import Places
from leaklint.drafts.facts.tree import AstScope, AstScopeTree, Definition, FunctionNode, parameters, read_tree
from leaklint.drafts.facts.values import Values, arguments, describe, is_class_method, is_static, mangle
from leaklint.source import Source


def read_module(source: Source, name: str) -> ModuleFacts:
    """Read the facts of ``source``, whose dotted module name is ``name``. Raises ``SourceError``."""
    tree = read_tree(source.tree)
    try:
        return _read(tree, source, name)
    finally:
        tree.release()


def _read(tree: AstScopeTree, source: Source, name: str) -> ModuleFacts:
    places = Places(source)
    guards = Guards(places)
    functions: dict[str, FunctionFacts] = {}
    classes: dict[str, ClassFacts] = {}
    for scope in tree.scopes[1:]:
        if scope.kind == "function":
            functions[_fresh(scope.qualname, functions)] = _function(scope, places, guards)
    for scope in tree.scopes[1:]:
        if scope.kind == "class":
            classes[scope.qualname] = _class(scope, places, guards, functions)
    module = tree.module
    imports: dict[str, str] = {}
    stars: list[str] = []
    for scope in reversed(tree.scopes):
        for local, dotted in scope.imports.items():
            if local.startswith("*"):
                stars.append(dotted)
            else:
                imports[local] = dotted
    return ModuleFacts(
        path=source.path,
        name=name,
        imports=imports,
        stars=tuple(stars),
        bindings=_bindings(module, places, guards),
        names=frozenset(module.bound) | frozenset(module.imports),
        aliases=_aliases(module),
        functions=functions,
        classes=classes,
        body=_function(module, places, guards),
        mark=source.mark,
    )


def _fresh(qualname: str, taken: dict[str, FunctionFacts]) -> str:
    """Two definitions of one name (overloads, branches) are both kept; the first has the plain name."""
    count = 2
    fresh = qualname
    while fresh in taken:
        fresh = f"{qualname}#{count}"
        count += 1
    return fresh


def _function(scope: AstScope, places: Places, guards: Guards) -> FunctionFacts:
    node = scope.node
    events, calls = read_events(scope, places, guards)
    owner = scope.class_scope
    return FunctionFacts(
        qualname=scope.qualname,
        name=scope.name,
        kind=_kind(scope),
        owner=owner.qualname if owner is not None else "",
        parent=scope.parent.qualname if scope.parent is not None else "",
        params=_params(node.args, places) if isinstance(node, FunctionNode) else (),
        decorators=_decorators(node, scope.parent, places),
        events=events,
        calls=calls,
        locals=_bindings(scope, places, guards),
        returns=tuple(describe(value, scope) for value in scope.returns[:8]),
        is_async=isinstance(node, ast.AsyncFunctionDef),
        yields=scope.yields,
        span=_head(node, places),
    )


def _head(node: ast.AST, places: Places) -> Span:
    """A definition stands at its name: the rest of it would underline the whole body."""
    return places.named(node) if isinstance(node, Definition) else Span(1, 1, 1, 1)


def _kind(scope: AstScope) -> str:
    if scope.class_scope is None:
        return "function"
    if is_static(scope):
        return "staticmethod"
    return "classmethod" if is_class_method(scope) else "method"


def _params(args: ast.arguments, places: Places) -> tuple[Parameter, ...]:
    found = []
    for param, default in parameters(args):
        kind = (
            "*"
            if param is args.vararg
            else "**"
            if param is args.kwarg
            else "kw"
            if param in args.kwonlyargs
            else "pos"
        )
        text = places.code(default)[:80] if default is not None else ""
        found.append(Parameter(param.arg, _annotation(param, places), text, kind))
    return tuple(found)


def _annotation(param: ast.arg, places: Places) -> str:
    return places.code(param.annotation) if param.annotation is not None else ""


def _decorators(node: ast.AST, outer: AstScope | None, places: Places) -> tuple[DecoratorFact, ...]:
    if outer is None or not isinstance(node, Definition):
        return ()
    found = []
    for decorator in node.decorator_list:
        called = isinstance(decorator, ast.Call)
        value = describe(decorator.func if isinstance(decorator, ast.Call) else decorator, outer)[0]
        given = arguments(decorator, outer) if isinstance(decorator, ast.Call) else ()
        found.append(DecoratorFact(value, given, called, places.decorator(decorator)))
    return tuple(found)


def _bindings(scope: AstScope, places: Places, guards: Guards) -> tuple[Binding, ...]:
    found = []
    for item in scope.items:
        if isinstance(item.node, (ast.Assign, ast.AnnAssign)):
            for target, allocation, annotation in binding(item.node, scope, places):
                called = named(target, scope)
                if called is not None:
                    around = guards.around(item.blocks, scope)
                    found.append(Binding(*called, allocation, annotation, places.span(item.node), around))
    found.extend(_defaults(scope, places))
    return tuple(found)


def _defaults(scope: AstScope, places: Places) -> list[Binding]:
    node, outer = scope.node, scope.parent
    found = []
    for param, default in parameters(node.args) if isinstance(node, FunctionNode) and outer is not None else ():
        allocation = made(default, outer, places) if default is not None and outer is not None else None
        if allocation is not None and allocation.kind in {"dict", "list", "set"}:
            value, annotation = Value("param", name=param.arg), _annotation(param, places)
            found.append(Binding(param.arg, value, allocation, annotation, places.span(param, default), ()))
    return found


def _class(scope: AstScope, places: Places, guards: Guards, functions: dict[str, FunctionFacts]) -> ClassFacts:
    node = scope.node
    outer = scope.parent
    if not isinstance(node, ast.ClassDef) or outer is None:
        raise TypeError(f"not a class scope: {scope.qualname}")
    slots, slots_span = _slots(scope, places)
    keywords = tuple(Argument(k.arg or "**", describe(k.value, outer)) for k in node.keywords)
    return ClassFacts(
        qualname=scope.qualname,
        name=scope.name,
        parent=outer.qualname,
        bases=tuple(describe(base, outer)[0] for base in node.bases),
        keywords=keywords,
        decorators=_decorators(node, outer, places),
        attributes=_bindings(scope, places, guards),
        names=frozenset(mangle(name, scope) for name in scope.bound),
        instance_names=_instance_names(scope, functions),
        slots=slots,
        slots_span=slots_span,
        span=_head(node, places),
    )


def _slots(scope: AstScope, places: Places) -> tuple[tuple[str, ...] | None, Span | None]:
    for bound in scope.bound.get("__slots__", []):
        if isinstance(bound.node, (ast.Tuple, ast.List, ast.Set)):
            names = [one.value for one in bound.node.elts if isinstance(one, ast.Constant)]
            return tuple(name for name in names if isinstance(name, str)), places.span(bound.node)
        if isinstance(bound.node, ast.Constant) and isinstance(bound.node.value, str):
            return (bound.node.value,), places.span(bound.node)
        return (), None
    return None, None


def _instance_names(scope: AstScope, functions: dict[str, FunctionFacts]) -> frozenset[str]:
    names: set[str] = set()
    for function in functions.values():
        if function.owner == scope.qualname and function.kind == "method":
            for event in function.events:
                if event.op == "bind":
                    names.update(v.path[0] for v in event.target if v.kind == "self" and len(v.path) == 1)
    return frozenset(names)


def _aliases(module: AstScope) -> dict[str, Values]:
    """Return module names bound to something that denotes another thing: ``cached = lru_cache(None)``, ``add = R.append``."""
    aliases: dict[str, Values] = {}
    for name, ways in module.bound.items():
        nodes = [
            way.node for way in ways if way.how == "value" and isinstance(way.node, (ast.Name, ast.Attribute, ast.Call))
        ]
        if nodes:
            aliases[name] = describe(nodes[-1], module)
    return aliases
