"""What an expression denotes inside its scope: names followed to parameters, ``self``, globals and made things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from leaklint.facts.model import COPY, UNKNOWN, Argument, Value
from leaklint.repairs.scopes import Bound, Scope, walk

Values = tuple[Value, ...]
_DEPTH = 6  # how many names are followed, one through another
_WIDTH = 6  # how many ways of being bound are kept for one name
_ELEMENT_OF = frozenset({"get", "setdefault", "pop", "popleft", "__getitem__", "popitem"})
_VIEWS = frozenset({"values", "items", "keys", "elements"})
_COPIERS = frozenset({"dict", "list", "set", "copy", "deepcopy", "OrderedDict", "defaultdict", "deque", "sorted"})
_SAME = frozenset({"list", "tuple", "set", "sorted", "reversed", "iter", "frozenset", "cast", "deepcopy"})


def mangle(name: str, scope: Scope | None) -> str:
    """Return ``_Class__name`` for a private name used inside a class, as Python compiles it."""
    if not name.startswith("__") or name.endswith("__"):
        return name
    while scope is not None and scope.kind != "class":
        scope = scope.parent
    stripped = scope.name.lstrip("_") if scope is not None else ""
    return f"_{stripped}{name}" if stripped else name


def describe(node: cst.CSTNode | None, scope: Scope, depth: int = 0) -> Values:
    """Return what ``node`` may denote, in at most a few ways; never empty."""
    if node is None or depth > _DEPTH:
        return (UNKNOWN,)
    reader = _READERS.get(node.__class__)
    return reader(node, scope, depth) if reader is not None else (_literal(node, scope, depth),)


def _read_name(node: cst.Name, scope: Scope, depth: int) -> Values:
    return lookup(node.value, scope, depth)


def _read_attribute(node: cst.Attribute, scope: Scope, depth: int) -> Values:
    return tuple(_attribute(base, node.attr.value, scope) for base in describe(node.value, scope, depth))


def _read_subscript(node: cst.Subscript, scope: Scope, depth: int) -> Values:
    return tuple(base.child("[]") for base in describe(node.value, scope, depth))


def _read_choice(node: cst.IfExp, scope: Scope, depth: int) -> Values:
    return _some([*describe(node.body, scope, depth), *describe(node.orelse, scope, depth)])


def _read_boolean(node: cst.BooleanOperation, scope: Scope, depth: int) -> Values:
    return _some([*describe(node.left, scope, depth), *describe(node.right, scope, depth)])


def _read_inner(node: cst.NamedExpr | cst.StarredElement, scope: Scope, depth: int) -> Values:
    return describe(node.value, scope, depth)


def _read_await(node: cst.Await, scope: Scope, depth: int) -> Values:
    return describe(node.expression, scope, depth)


def _read_lambda(node: cst.Lambda, scope: Scope, depth: int) -> Values:
    return (Value("lambda", parts=captured(node, scope)),)


def _some(values: list[Value]) -> Values:
    return tuple(dict.fromkeys(values))[:_WIDTH]


def _attribute(base: Value, name: str, scope: Scope) -> Value:
    if name == "__class__" and base.kind == "self" and not base.path:
        return Value("cls")
    return base.child(mangle(name, scope))


def _literal(node: cst.CSTNode, scope: Scope, depth: int) -> Value:
    if isinstance(node, (cst.SimpleString, cst.Integer, cst.Float, cst.Imaginary, cst.ConcatenatedString)):
        return Value("const", name=getattr(node, "value", "''"))
    if isinstance(node, (cst.Comparison, cst.Ellipsis)):
        return Value("const", name="bool")
    if isinstance(node, cst.FormattedString):
        return Value("text", parts=_parts(node, scope, depth))
    if isinstance(node, cst.BinaryOperation):
        textual = any(isinstance(side, (cst.SimpleString, cst.FormattedString)) for side in (node.left, node.right))
        return Value("text" if textual else "number", parts=_parts(node, scope, depth))
    if isinstance(node, cst.UnaryOperation):
        return Value("const", name="bool") if isinstance(node.operator, cst.Not) else Value("number")
    if isinstance(node, cst.Dict):
        items = [item.value for item in node.elements]
        keys = [item.key for item in node.elements if isinstance(item, cst.DictElement)]
        return Value("dict", parts=_each([*keys, *items], scope, depth))
    if isinstance(node, (cst.Tuple, cst.List, cst.Set)):
        kind = type(node).__name__.lower()
        return Value(kind, parts=_each([item.value for item in node.elements], scope, depth))
    if isinstance(node, (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)):
        inner = [node.key, node.value] if isinstance(node, cst.DictComp) else [node.elt]
        return Value("comprehension", parts=_each(inner, scope, depth))
    return UNKNOWN


def _each(nodes: list[cst.BaseExpression], scope: Scope, depth: int) -> Values:
    return tuple(value for node in nodes[:_WIDTH] for value in describe(node, scope, depth + 1))


def _parts(node: cst.CSTNode, scope: Scope, depth: int) -> Values:
    """Return what the names inside an expression denote: a text or number made from them keeps none of them alive."""
    found: list[Value] = []
    for below in walk(node):
        if isinstance(below, (cst.Name, cst.Call)):
            found.extend(describe(below, scope, depth + 2))
    return _some(found)


def _call(node: cst.Call, scope: Scope, depth: int) -> Values:
    function = node.func
    if isinstance(function, cst.Name):
        if function.value == "super":
            return (Value("super"),)
        if function.value in {"type", "getattr"} and node.args:
            first = describe(node.args[0].value, scope, depth + 1)
            if function.value == "type" and len(node.args) == 1 and first[0] == Value("self"):
                return (Value("cls"),)
            if function.value == "getattr" and len(node.args) >= 2 and isinstance(node.args[1].value, cst.SimpleString):
                name = str(node.args[1].value.evaluated_value)
                return tuple(_attribute(base, name, scope) for base in first)
        if function.value in _SAME and len(node.args) == 1:
            same = describe(node.args[0].value, scope, depth + 1)
            return _copies(same) if function.value in {"list", "set"} else same
        if function.value == "cast" and len(node.args) == 2:
            return describe(node.args[1].value, scope, depth + 1)
    elif isinstance(function, cst.Attribute):
        name = function.attr.value
        if name in _ELEMENT_OF and node.args:
            found = [base.child("[]") for base in describe(function.value, scope, depth + 1)]
            if name == "setdefault" and len(node.args) == 2:
                found += describe(node.args[1].value, scope, depth + 1)
            return _some(found)
        if name in _VIEWS and not node.args:
            return describe(function.value, scope, depth + 1)
        if name == "copy" and not node.args:
            return _copies(describe(function.value, scope, depth + 1))
    callee = describe(function, scope, depth + 1)
    parts = [describe(argument.value, scope, depth + 1)[0] for argument in node.args[:_WIDTH]]
    return tuple(Value("call", parts=(one, *parts)) for one in callee[:2])


def _copies(values: Values) -> Values:
    """Return new containers with the elements of shared ones; what else is copied is told by its parts."""
    return tuple(
        v.child(COPY) if v.kind in {"global", "self", "cls"} and v.path and v.path[-1] not in {"[]", COPY} else v
        for v in values
    )


def arguments(node: cst.Call, scope: Scope, depth: int = 0) -> tuple[Argument, ...]:
    """Return the arguments of a call with what they denote."""
    found = []
    for argument in node.args:
        name = argument.keyword.value if argument.keyword is not None else argument.star
        found.append(Argument(name, describe(argument.value, scope, depth)))
    return tuple(found)


def lookup(name: str, scope: Scope, depth: int = 0) -> Values:
    """Return what ``name`` denotes in ``scope``: followed through locals, to a parameter, a cell or a global."""
    if name in {"None", "True", "False"}:
        return (Value("const", name=name),)
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


def _class_name(name: str, scope: Scope) -> Value:
    steps = [mangle(name, scope)]
    here: Scope | None = scope
    while here is not None and here.kind == "class":
        steps.append(here.name)
        here = here.parent
    steps.reverse()
    return Value("global", tuple(steps))


def _param(name: str, scope: Scope) -> Value:
    if scope.params[name] == 0 and scope.class_scope is not None and not is_static(scope):
        return Value("cls" if is_class_method(scope) else "self")
    return Value("param", name=name)


def _local(name: str, scope: Scope) -> Values:
    """Return what a local denotes, worked out once a scope; a name that is bound through itself is unknown there."""
    known = scope.denoted.get(name)
    if known is None:
        scope.denoted[name] = (UNKNOWN,)
        found: list[Value] = [_param(name, scope)] if name in scope.params and not _is_copied(name, scope) else []
        for way in scope.bound.get(name, [])[:_WIDTH]:
            found.extend(_follow(way, name, scope, 1))
        known = scope.denoted[name] = _some([one for one in found if one != UNKNOWN] or found)
    return known


def _is_copied(name: str, scope: Scope) -> bool:
    """Tell whether a parameter is replaced by a copy of itself, whatever happens: ``param = dict(param)``."""
    for item in scope.items:
        node = item.node
        if isinstance(node, cst.Assign) and not item.blocks and _is_copy_of(name, node.value):
            if any(isinstance(t.target, cst.Name) and t.target.value == name for t in node.targets):
                return True
    return False


def _is_copy_of(name: str, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Call):
        function = node.func
        last = function.attr if isinstance(function, cst.Attribute) else function
        given: list[cst.BaseExpression] = [argument.value for argument in node.args]
        if isinstance(function, cst.Attribute):
            given.append(function.value)
        makes = isinstance(last, cst.Name) and last.value in _COPIERS
    elif isinstance(node, (cst.Dict, cst.List, cst.Set)):
        given = [e.value for e in node.elements if isinstance(e, (cst.StarredDictElement, cst.StarredElement))]
        makes = True
    else:
        return False
    return makes and any(isinstance(one, cst.Name) and one.value == name for one in given)


def _follow(way: Bound, name: str, scope: Scope, depth: int) -> Values:
    if depth > _DEPTH:
        return (UNKNOWN,)
    if way.how == "value":
        return describe(way.node, scope, depth)
    if way.how == "element":
        return tuple(value.child("[]") for value in describe(way.node, scope, depth))
    if way.how == "part":
        # What is added to gives away its elements, as to a copy: neither is the other, nor one of the other's elements.
        added = (value for value in describe(way.node, scope, depth) if value.kind != "call")
        return tuple(value.child(COPY) if COPY not in value.path else value for value in added) or (UNKNOWN,)
    if way.how == "enter":
        return describe(way.node, scope, depth)
    if way.how == "exception":
        return (Value("exception"),)
    if way.how == "class" and way.scope is not None:
        return (Value("class", name=way.scope.qualname),)
    if way.how == "def" and way.scope is not None:
        return (Value("function", name=way.scope.qualname, parts=_captured_by(way.scope)),)
    return (UNKNOWN,)


def _from_enclosing(name: str, outer: Scope) -> Values:
    values = _local(name, outer)
    made = [value for value in values if value.kind not in {"dict", "list", "set", "call", "comprehension"}]
    return tuple(made) if made else (Value("cell", name=f"{outer.qualname}:{name}"),)


def captured(node: cst.CSTNode, scope: Scope) -> Values:
    """Return what the free names inside a lambda or nested function denote that could keep an object alive.

    Locals are followed through one assignment only: functions that name each other would be followed for ever.
    """
    names = dict.fromkeys(below.value for below in walk(node) if isinstance(below, cst.Name))
    found: list[Value] = []
    for name in names:
        if name in scope.params:
            found.append(_param(name, scope))
        elif name in scope.bound:
            for way in scope.bound[name]:
                if way.how == "value" and not isinstance(way.node, cst.Lambda):
                    found.extend(describe(way.node, scope, _DEPTH))
        else:
            outer = next((o for o in scope.enclosing() if o.kind == "function" and name in o.params), None)
            found.extend([_param(name, outer)] if outer is not None else [])
    kept = [value for value in found if value.kind in {"self", "cls", "param", "call"}]
    return tuple(dict.fromkeys(kept))[:12]


def _captured_by(inner: Scope) -> Values:
    outer = inner.parent
    if outer is None or outer.kind != "function":
        return ()
    return tuple(value for value in captured(inner.node, outer) if value.name not in inner.params)


def decorator_names(scope: Scope) -> set[str]:
    """Return the last names of a function's decorators."""
    names = set()
    node = scope.node
    for decorator in node.decorators if isinstance(node, cst.FunctionDef) else ():
        called = decorator.decorator.func if isinstance(decorator.decorator, cst.Call) else decorator.decorator
        if isinstance(called, cst.Attribute):
            names.add(called.attr.value)
        elif isinstance(called, cst.Name):
            names.add(called.value)
    return names


_READERS: dict[type, Callable[[Any, Scope, int], Values]] = {
    cst.Name: _read_name,
    cst.Attribute: _read_attribute,
    cst.Subscript: _read_subscript,
    cst.Call: _call,
    cst.IfExp: _read_choice,
    cst.BooleanOperation: _read_boolean,
    cst.NamedExpr: _read_inner,
    cst.StarredElement: _read_inner,
    cst.Await: _read_await,
    cst.Lambda: _read_lambda,
}


def is_static(scope: Scope) -> bool:
    """Tell whether a function in a class body takes neither instance nor class."""
    return "staticmethod" in decorator_names(scope)


def is_class_method(scope: Scope) -> bool:
    """Tell whether the first parameter of a function in a class body is the class."""
    if scope.name in {"__new__", "__init_subclass__", "__class_getitem__"}:
        return True
    names = decorator_names(scope)
    return bool(names & {"classmethod", "abstractclassmethod", "validator", "root_validator", "declared_attr"})
