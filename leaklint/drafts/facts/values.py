"""What an expression denotes inside its scope: names followed to parameters, ``self``, globals and made things."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from leaklint.drafts.facts.model import COPY, UNKNOWN, Argument, Value
from leaklint.drafts.facts.tree import AstBinding, AstScope, bare, walk

Values = tuple[Value, ...]
_DEPTH = 6  # how many names are followed, one through another
_WIDTH = 6  # how many ways of being bound are kept for one name
_ELEMENT_OF = frozenset({"get", "setdefault", "pop", "popleft", "__getitem__", "popitem"})
_VIEWS = frozenset({"values", "items", "keys", "elements"})
_COPIERS = frozenset({"dict", "list", "set", "copy", "deepcopy", "OrderedDict", "defaultdict", "deque", "sorted"})
_SAME = frozenset({"list", "tuple", "set", "sorted", "reversed", "iter", "frozenset", "cast", "deepcopy"})
_NOTHING = (UNKNOWN,)
_A_BOOL, _A_NUMBER = (Value("const", name="bool"),), (Value("number"),)


def mangle(name: str, scope: AstScope | None) -> str:
    """Return ``_Class__name`` for a private name used inside a class, as Python compiles it."""
    if not name.startswith("__") or name.endswith("__"):
        return name
    while scope is not None and scope.kind != "class":
        scope = scope.parent
    stripped = scope.name.lstrip("_") if scope is not None else ""
    return f"_{stripped}{name}" if stripped else name


def describe(node: ast.AST | None, scope: AstScope, depth: int = 0) -> Values:
    """Return what ``node`` may denote, in at most a few ways; never empty."""
    if node is None or depth > _DEPTH:
        return _NOTHING
    reader = _READERS.get(node.__class__)
    return reader(node, scope, depth) if reader is not None else _NOTHING


def _read_name(node: ast.Name, scope: AstScope, depth: int) -> Values:
    known: Values | None = scope.seen.get(node.id)
    if known is None:
        known = lookup(node.id, scope)
        if known != _NOTHING:  # which a name also denotes while it is being worked out
            scope.seen[node.id] = known
    return known


def _read_attribute(node: ast.Attribute, scope: AstScope, depth: int) -> Values:
    bases = describe(node.value, scope, depth)
    if len(bases) == 1:
        return (_attribute(bases[0], node.attr, scope),)
    return tuple(_attribute(base, node.attr, scope) for base in bases)


def _read_subscript(node: ast.Subscript, scope: AstScope, depth: int) -> Values:
    return tuple(base.child("[]") for base in describe(node.value, scope, depth))


def _read_choice(node: ast.IfExp, scope: AstScope, depth: int) -> Values:
    return _some([*describe(node.body, scope, depth), *describe(node.orelse, scope, depth)])


def _read_boolean(node: ast.BoolOp, scope: AstScope, depth: int) -> Values:
    return _some(value for side in node.values for value in describe(side, scope, depth))


def _read_inner(node: ast.NamedExpr | ast.Starred | ast.Await, scope: AstScope, depth: int) -> Values:
    return describe(node.value, scope, depth)


def _read_lambda(node: ast.Lambda, scope: AstScope, depth: int) -> Values:
    return (Value("lambda", parts=captured(node, scope)),)


def _some(values: Iterable[Value]) -> Values:
    return tuple(dict.fromkeys(values))[:_WIDTH]


def _attribute(base: Value, name: str, scope: AstScope) -> Value:
    if name == "__class__" and base.kind == "self" and not base.path:
        return Value("cls")
    return base.child(mangle(name, scope))


def _read_constant(node: ast.Constant, scope: AstScope, depth: int) -> Values:
    return _A_BOOL if node.value is ... else (Value("const", name=repr(node.value)),)


def _read_comparison(node: ast.Compare, scope: AstScope, depth: int) -> Values:
    return _A_BOOL


def _read_formatted(node: ast.JoinedStr, scope: AstScope, depth: int) -> Values:
    return (Value("text", parts=_parts(node, scope, depth)),)


def _read_operation(node: ast.BinOp, scope: AstScope, depth: int) -> Values:
    textual = any(_is_text(side) for side in (node.left, node.right))
    return (Value("text" if textual else "number", parts=_parts(node, scope, depth)),)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)))


def _read_unary(node: ast.UnaryOp, scope: AstScope, depth: int) -> Values:
    return _A_BOOL if isinstance(node.op, ast.Not) else _A_NUMBER


def _read_dict(node: ast.Dict, scope: AstScope, depth: int) -> Values:
    keys = [key for key in node.keys if key is not None]
    return (Value("dict", parts=_each([*keys, *node.values], scope, depth)),)


def _read_display(node: ast.Tuple | ast.List | ast.Set, scope: AstScope, depth: int) -> Values:
    return (Value(type(node).__name__.lower(), parts=_each(node.elts, scope, depth)),)


def _read_comprehension(node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: AstScope, depth: int) -> Values:
    return (Value("comprehension", parts=_each([node.elt], scope, depth)),)


def _read_dict_comprehension(node: ast.DictComp, scope: AstScope, depth: int) -> Values:
    return (Value("comprehension", parts=_each([node.key, node.value], scope, depth)),)


def _each(nodes: list[ast.expr], scope: AstScope, depth: int) -> Values:
    return tuple(value for node in nodes[:_WIDTH] for value in describe(node, scope, depth + 1))


def _parts(node: ast.AST, scope: AstScope, depth: int) -> Values:
    """Return what the names inside an expression denote: a text or number made from them keeps none of them alive."""
    return mentioned(node, scope, depth + 2)


def mentioned(node: ast.AST, scope: AstScope, depth: int = 2) -> Values:
    """Return what the names, attributes and calls inside an expression denote."""
    found: list[Value] = []
    for below in walk(node):
        if isinstance(below, (ast.Name, ast.Call)):
            found.extend(describe(below, scope, depth))
    return _some(found)


def given(node: ast.Call) -> list[tuple[str, ast.expr]]:
    """Return the arguments of a call: the name (empty for a positional one, ``*`` or ``**``) and the expression."""
    found = [("*", one.value) if isinstance(one, ast.Starred) else ("", one) for one in node.args]
    found += [(keyword.arg or "**", keyword.value) for keyword in node.keywords]
    return found


def _read_call(node: ast.Call, scope: AstScope, depth: int) -> Values:
    function = node.func
    args = [value for _, value in given(node)]
    if isinstance(function, ast.Name):
        if function.id == "super":
            return (Value("super"),)
        if function.id in {"type", "getattr"} and args:
            first = describe(args[0], scope, depth + 1)
            if function.id == "type" and len(args) == 1 and first[0] == Value("self"):
                return (Value("cls"),)
            if function.id == "getattr" and len(args) >= 2 and isinstance(args[1], ast.Constant):
                if isinstance(args[1].value, str):
                    name = args[1].value
                    return tuple(_attribute(base, name, scope) for base in first)
        if function.id in _SAME and len(args) == 1:
            same = describe(args[0], scope, depth + 1)
            return _copies(same) if function.id in {"list", "set"} else same
        if function.id == "cast" and len(args) == 2:
            return describe(args[1], scope, depth + 1)
    elif isinstance(function, ast.Attribute):
        name = function.attr
        if name in _ELEMENT_OF and args:
            found = [base.child("[]") for base in describe(function.value, scope, depth + 1)]
            if name == "setdefault" and len(args) == 2:
                found += describe(args[1], scope, depth + 1)
            return _some(found)
        if name in _VIEWS and not args:
            return describe(function.value, scope, depth + 1)
        if name == "copy" and not args:
            return _copies(describe(function.value, scope, depth + 1))
    callee = describe(function, scope, depth + 1)
    parts = [describe(argument, scope, depth + 1)[0] for argument in args[:_WIDTH]]
    return tuple(Value("call", parts=(one, *parts)) for one in callee[:2])


def _copies(values: Values) -> Values:
    """Return new containers with the elements of shared ones; what else is copied is told by its parts."""
    return tuple(
        v.child(COPY) if v.kind in {"global", "self", "cls"} and v.path and v.path[-1] not in {"[]", COPY} else v
        for v in values
    )


def arguments(node: ast.Call, scope: AstScope) -> tuple[Argument, ...]:
    """Return the arguments of a call with what they denote."""
    return tuple(Argument(name, describe(value, scope)) for name, value in given(node))


def lookup(name: str, scope: AstScope) -> Values:
    """Return what ``name`` denotes in ``scope``: followed through locals, to a parameter, a cell or a global."""
    if scope.kind == "class" and name in scope.bound and name not in scope.outer:
        return (_class_name(name, scope),)
    if scope.kind == "function" and name not in scope.outer and (name in scope.params or name in scope.bound):
        own = _local(name, scope)
        if own:
            return own
    for outer in scope.enclosing():
        if outer.kind == "module":
            break
        if name in outer.params:
            return (_param(name, outer),)
        if name in outer.bound:
            return _from_enclosing(name, outer)
    return (Value("global", (mangle(name, scope),)),)


def _class_name(name: str, scope: AstScope) -> Value:
    steps = [mangle(name, scope)]
    here: AstScope | None = scope
    while here is not None and here.kind == "class":
        steps.append(here.name)
        here = here.parent
    steps.reverse()
    return Value("global", tuple(steps))


def _param(name: str, scope: AstScope) -> Value:
    if scope.params[name] == 0 and scope.class_scope is not None and not is_static(scope):
        return Value("cls" if is_class_method(scope) else "self")
    return Value("param", name=name)


def _local(name: str, scope: AstScope) -> Values:
    """Return what a local denotes, worked out once a scope; a name that is bound through itself is unknown there."""
    known = scope.denoted.get(name)
    if known is None:
        scope.denoted[name] = _NOTHING
        found: list[Value] = [_param(name, scope)] if name in scope.params and not _is_copied(name, scope) else []
        for way in scope.bound.get(name, [])[:_WIDTH]:
            found.extend(_follow(way, scope, 1))
        known = scope.denoted[name] = _some([one for one in found if one != UNKNOWN] or found)
    return known


def _is_copied(name: str, scope: AstScope) -> bool:
    """Tell whether a parameter is replaced by a copy of itself, whatever happens: ``param = dict(param)``."""
    for item in scope.items:
        node = item.node
        if isinstance(node, ast.Assign) and not item.blocks and _is_copy_of(name, node.value):
            if any(isinstance(target, ast.Name) and target.id == name for target in node.targets):
                return True
    return False


def _is_copy_of(name: str, node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        function = node.func
        last = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        copied = [value for _, value in given(node)]
        if isinstance(function, ast.Attribute):
            copied.append(function.value)
        makes = last in _COPIERS
    elif isinstance(node, ast.Dict):
        copied = [value for key, value in zip(node.keys, node.values, strict=True) if key is None]
        makes = True
    elif isinstance(node, (ast.List, ast.Set)):
        copied = [bare(one) for one in node.elts if isinstance(one, ast.Starred)]
        makes = True
    else:
        return False
    return makes and any(isinstance(one, ast.Name) and one.id == name for one in copied)


def _follow(binding: AstBinding, scope: AstScope, depth: int) -> Values:
    if binding.how in {"value", "enter"}:
        return describe(binding.node, scope, depth)
    if binding.how == "element":
        return tuple(value.child("[]") for value in describe(binding.node, scope, depth))
    if binding.how == "part":
        # What is added to gives away its elements, as to a copy: neither is the other, nor one of the other's elements.
        added = (value for value in describe(binding.node, scope, depth) if value.kind != "call")
        return tuple(value.child(COPY) if COPY not in value.path else value for value in added) or _NOTHING
    if binding.how == "exception":
        return (Value("exception"),)
    if binding.how == "class" and binding.scope is not None:
        return (Value("class", name=binding.scope.qualname),)
    if binding.how == "def" and binding.scope is not None:
        return (Value("function", name=binding.scope.qualname, parts=_captured_by(binding.scope)),)
    return _NOTHING


def _from_enclosing(name: str, outer: AstScope) -> Values:
    values = _local(name, outer)
    made = [value for value in values if value.kind not in {"dict", "list", "set", "call", "comprehension"}]
    return tuple(made) if made else (Value("cell", name=f"{outer.qualname}:{name}"),)


def captured(node: ast.AST, scope: AstScope) -> Values:
    """Return what the free names inside a lambda or nested function denote that could keep an object alive.

    Locals are followed through one assignment only: functions that name each other would be followed for ever.
    """
    names = dict.fromkeys(below.id for below in walk(node) if isinstance(below, ast.Name))
    found: list[Value] = []
    for name in names:
        if name in scope.params:
            found.append(_param(name, scope))
        elif name in scope.bound:
            for way in scope.bound[name]:
                if way.how == "value" and not isinstance(way.node, ast.Lambda):
                    found.extend(describe(way.node, scope, _DEPTH))
        else:
            outer = next((o for o in scope.enclosing() if o.kind == "function" and name in o.params), None)
            found.extend([_param(name, outer)] if outer is not None else [])
    kept = [value for value in found if value.kind in {"self", "cls", "param", "call"}]
    return tuple(dict.fromkeys(kept))[:12]


def _captured_by(inner: AstScope) -> Values:
    outer = inner.parent
    if outer is None or outer.kind != "function":
        return ()
    return tuple(value for value in captured(inner.node, outer) if value.name not in inner.params)


def decorator_names(scope: AstScope) -> set[str]:
    """Return the last names of a function's decorators."""
    names = set()
    node = scope.node
    for decorator in node.decorator_list if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) else ():
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if isinstance(called, ast.Attribute):
            names.add(called.attr)
        elif isinstance(called, ast.Name):
            names.add(called.id)
    return names


_READERS: dict[type, Callable[[Any, AstScope, int], Values]] = {
    ast.Name: _read_name,
    ast.Attribute: _read_attribute,
    ast.Subscript: _read_subscript,
    ast.Call: _read_call,
    ast.IfExp: _read_choice,
    ast.BoolOp: _read_boolean,
    ast.NamedExpr: _read_inner,
    ast.Starred: _read_inner,
    ast.Await: _read_inner,
    ast.Lambda: _read_lambda,
    ast.Constant: _read_constant,
    ast.Compare: _read_comparison,
    ast.JoinedStr: _read_formatted,
    ast.BinOp: _read_operation,
    ast.UnaryOp: _read_unary,
    ast.Dict: _read_dict,
    ast.Tuple: _read_display,
    ast.List: _read_display,
    ast.Set: _read_display,
    ast.ListComp: _read_comprehension,
    ast.SetComp: _read_comprehension,
    ast.GeneratorExp: _read_comprehension,
    ast.DictComp: _read_dict_comprehension,
}


def is_static(scope: AstScope) -> bool:
    """Tell whether a function in a class body takes neither instance nor class."""
    return "staticmethod" in decorator_names(scope)


def is_class_method(scope: AstScope) -> bool:
    """Tell whether the first parameter of a function in a class body is the class."""
    if scope.name in {"__new__", "__init_subclass__", "__class_getitem__"}:
        return True
    names = decorator_names(scope)
    return bool(names & {"classmethod", "abstractclassmethod", "validator", "root_validator", "declared_attr"})
