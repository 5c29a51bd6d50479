"""Read all facts of one file."""

from __future__ import annotations

import libcst as cst

from leaklint.facts.containers import annotation_text, binding, named
from leaklint.facts.events import Guards, loop_kind, read_events
from leaklint.facts.model import Argument, Binding, Class, Decorator, Function, Module, Param, Span, Value
from leaklint.facts.tree import Scope, parameters, read_tree
from leaklint.facts.values import Values, arguments, describe, is_class_method, is_static, mangle
from leaklint.source import Source


def read_module(source: Source, name: str) -> Module:
    """Read the facts of ``source``, whose dotted module name is ``name``. Raises ``SourceError``."""
    tree = read_tree(source.module)
    guards = Guards()
    functions: dict[str, Function] = {}
    classes: dict[str, Class] = {}
    for scope in tree.scopes[1:]:
        if scope.kind == "function":
            functions[_fresh(scope.qualname, functions)] = _function(scope, source, guards)
    for scope in tree.scopes[1:]:
        if scope.kind == "class":
            classes[scope.qualname] = _class(scope, source, guards, functions)
    module = tree.module
    imports: dict[str, str] = {}
    stars: list[str] = []
    for scope in reversed(tree.scopes):
        for local, dotted in scope.imports.items():
            if local.startswith("*"):
                stars.append(dotted)
            else:
                imports[local] = dotted
    return Module(
        path=source.path,
        name=name,
        imports=imports,
        stars=tuple(stars),
        bindings=_bindings(module, source, guards),
        names=frozenset(module.bound) | frozenset(module.imports),
        aliases=_aliases(module),
        functions=functions,
        classes=classes,
        body=_function(module, source, guards),
        is_script=_is_script(module),
    )


def _fresh(qualname: str, taken: dict[str, Function]) -> str:
    """Two definitions of one name (overloads, branches) are both kept; the first has the plain name."""
    count = 2
    fresh = qualname
    while fresh in taken:
        fresh = f"{qualname}#{count}"
        count += 1
    return fresh


def _function(scope: Scope, source: Source, guards: Guards) -> Function:
    node = scope.node
    events, calls = read_events(scope, source, guards)
    is_function = isinstance(node, cst.FunctionDef)
    owner = scope.class_scope
    return Function(
        qualname=scope.qualname,
        name=scope.name,
        kind=_kind(scope),
        owner=owner.qualname if owner is not None else "",
        parent=scope.parent.qualname if scope.parent is not None else "",
        params=tuple(_param(p, node.params) for p in parameters(node.params))
        if isinstance(node, cst.FunctionDef)
        else (),
        decorators=_decorators(node, scope.parent, source) if is_function and scope.parent is not None else (),
        events=events,
        calls=calls,
        locals=_bindings(scope, source, guards),
        returns=tuple(describe(value, scope) for value in scope.returns[:8]),
        is_async=isinstance(node, cst.FunctionDef) and node.asynchronous is not None,
        endless=loop_kind(scope),
        yields=scope.yields,
        span=_head(node, source),
    )


def _head(node: cst.CSTNode, source: Source) -> Span:
    """A definition stands at its name: the rest of it would underline the whole body."""
    if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
        return Span(*source.span(node.name))
    return Span(1, 1, 1, 1)


def _kind(scope: Scope) -> str:
    if scope.class_scope is None:
        return "function"
    if is_static(scope):
        return "staticmethod"
    return "classmethod" if is_class_method(scope) else "method"


def _param(param: cst.Param, params: cst.Parameters) -> Param:
    kind = "kw" if param in params.kwonly_params else "pos"
    if param.star in {"*", "**"}:
        kind = str(param.star)
    default = cst.Module(body=[]).code_for_node(param.default) if param.default is not None else ""
    return Param(param.name.value, annotation_text(param.annotation), default[:80], kind)


def _decorators(node: cst.CSTNode, outer: Scope, source: Source) -> tuple[Decorator, ...]:
    found = []
    for decorator in node.decorators if isinstance(node, (cst.FunctionDef, cst.ClassDef)) else ():
        named_by = decorator.decorator
        called = isinstance(named_by, cst.Call)
        value = describe(named_by.func if isinstance(named_by, cst.Call) else named_by, outer)[0]
        given = arguments(named_by, outer) if isinstance(named_by, cst.Call) else ()
        found.append(Decorator(value, given, called, Span(*source.span(decorator))))
    return tuple(found)


def _bindings(scope: Scope, source: Source, guards: Guards) -> tuple[Binding, ...]:
    found = []
    for item in scope.items:
        if isinstance(item.node, (cst.Assign, cst.AnnAssign)):
            for target, thing, annotation in binding(item.node, scope, source):
                called = named(target, scope)
                if called is not None:
                    around = guards.around(item.blocks, scope)
                    found.append(Binding(*called, thing, annotation, Span(*source.span(item.node)), around))
    if isinstance(scope.node, cst.FunctionDef):
        found.extend(_defaults(scope, source))
    return tuple(found)


def _defaults(scope: Scope, source: Source) -> list[Binding]:
    from leaklint.facts.containers import made

    found = []
    outer = scope.parent
    for param in parameters(scope.node.params) if isinstance(scope.node, cst.FunctionDef) and outer is not None else ():
        if param.default is not None and outer is not None:
            thing = made(param.default, outer, source)
            if thing is not None and thing.kind in {"dict", "list", "set"}:
                name = param.name.value
                annotation = annotation_text(param.annotation)
                found.append(Binding(name, Value("param", name=name), thing, annotation, Span(*source.span(param)), ()))
    return found


def _class(scope: Scope, source: Source, guards: Guards, functions: dict[str, Function]) -> Class:
    node = scope.node
    outer = scope.parent
    if not isinstance(node, cst.ClassDef) or outer is None:
        raise TypeError(f"not a class scope: {scope.qualname}")
    slots, slots_span = _slots(scope, source)
    keywords = tuple(
        Argument(k.keyword.value if k.keyword else k.star, describe(k.value, outer)) for k in node.keywords
    )
    return Class(
        qualname=scope.qualname,
        name=scope.name,
        parent=outer.qualname,
        bases=tuple(describe(base.value, outer)[0] for base in node.bases),
        keywords=keywords,
        decorators=_decorators(node, outer, source),
        attributes=_bindings(scope, source, guards),
        names=frozenset(mangle(name, scope) for name in scope.bound),
        instance_names=_instance_names(scope, functions),
        slots=slots,
        slots_span=slots_span,
        span=_head(node, source),
    )


def _slots(scope: Scope, source: Source) -> tuple[tuple[str, ...] | None, Span | None]:
    for bound in scope.bound.get("__slots__", []):
        if isinstance(bound.node, (cst.Tuple, cst.List, cst.Set)):
            values = [element.value for element in bound.node.elements]
            names = tuple(str(v.evaluated_value) for v in values if isinstance(v, cst.SimpleString))
            return names, Span(*source.span(bound.node))
        if isinstance(bound.node, cst.SimpleString):
            return (str(bound.node.evaluated_value),), Span(*source.span(bound.node))
        return (), None
    return None, None


def _instance_names(scope: Scope, functions: dict[str, Function]) -> frozenset[str]:
    names: set[str] = set()
    for function in functions.values():
        if function.owner == scope.qualname and function.kind == "method":
            for event in function.events:
                if event.op == "bind":
                    names.update(v.path[0] for v in event.target if v.kind == "self" and len(v.path) == 1)
    return frozenset(names)


def _aliases(module: Scope) -> dict[str, Values]:
    """Return module names bound to something that denotes another thing: ``cached = lru_cache(None)``, ``add = R.append``."""
    aliases: dict[str, Values] = {}
    for name, ways in module.bound.items():
        nodes = [
            way.node for way in ways if way.how == "value" and isinstance(way.node, (cst.Name, cst.Attribute, cst.Call))
        ]
        if nodes:
            aliases[name] = describe(nodes[-1], module)
    return aliases


def _is_script(module: Scope) -> bool:
    for item in module.items:
        if any(block.kind == "if" and "__main__" in _source(block.header) for block in item.blocks):
            return True
    return False


def _source(node: cst.CSTNode | None) -> str:
    return cst.Module(body=[]).code_for_node(node) if isinstance(node, cst.Comparison) else ""
