"""What docstrings, type tests and comparisons in a function's body say of its parameters."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import textwrap
import typing
from typing import Any, Iterator

from .early import is_a

_WORDS = {
    "string": str, "text": str, "str": str, "unicode": str, "integer": int, "int": int, "number": int, "float": float,
    "boolean": bool, "bool": bool, "bytes": bytes, "list": list, "tuple": tuple, "dict": dict, "dictionary": dict,
    "set": set, "callable": typing.Callable, "function": typing.Callable,
}  # fmt: skip
_FIELD = r"[:@]type\s+{name}\s*:\s*(?P<type>[^\n]+)"
_PARAM = r"[:@]param\s+(?P<type>[\w.\[\], ]+?)\s+{name}\s*:"
_GOOGLE = r"^\s*\*{{0,2}}{name}\s*\((?P<type>[^)\n]+)\)\s*:"
_NUMPY = r"^\s*{name}\s*:\s*(?P<type>[A-Za-z][^\n]*)$"
_PATTERNS = (_FIELD, _PARAM, _GOOGLE, _NUMPY)


def types(function: Any, names: list[str], owner: Any = None) -> dict[str, Any]:
    """Return the types that the docstring of a function or its class, a type comment, or else its type tests, give for
    parameters.
    """
    texts = [_text(function), _text(owner)]
    space = getattr(inspect.unwrap(function), "__globals__", {}) if callable(function) else {}
    commented = _commented(function, space)
    tested, texts_used, classes_used = _tested(function, space), _used_as_text(function), _used_as_class(function)
    found: dict[str, Any] = {}
    for name in names:
        said = next(
            (kind for text in texts for kind in [_documented_type(text, name, space)] if kind is not None), None
        )
        if said is None:
            said = commented.get(name)
        if said is None:
            said = tested.get(name, str if name in texts_used else type if name in classes_used else None)
        if said is not None:
            found[name] = said
    return found


def _text(obj: Any) -> str:
    found = getattr(obj, "__doc__", "") if obj is not None else ""
    return found if type(found) is str else ""


def _documented_type(text: str, name: str, space: dict[str, Any]) -> Any:
    for pattern in _PATTERNS if text else ():
        found = re.search(pattern.format(name=re.escape(name)), text, re.MULTILINE)
        if found:
            kind = _type(found["type"], space)
            if kind is not None:
                return kind
    return None


def _type(text: str, space: dict[str, Any]) -> Any:
    """Return the type that a documented type means, by its first word; None if no type is known by it."""
    first = re.split(r"\s+or\s+|,|\||\s", text.strip().strip("`'\"~:"), maxsplit=1)[0].strip("`'\"~:.")
    first = first.rpartition("`")[2]
    if first.lower() in _WORDS:
        return _WORDS[first.lower()]
    found = space.get(first.partition("[")[0], getattr(builtins, first, None))
    return found if is_a(found, type) else None


def body(function: Any) -> ast.AST | None:
    """Return the syntax tree of a function's own source, or None."""
    try:
        text = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
        return ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError, ValueError, IndexError, RecursionError):
        return None


def _commented(function: Any, space: dict[str, Any]) -> dict[str, Any]:
    """Return the types that the type comment of a function gives for its parameters: ``# type: (str, int) -> None``."""
    try:
        text = textwrap.dedent(inspect.getsource(inspect.unwrap(function)))
        node = ast.parse(text, type_comments=True).body[0] if "# type:" in text else None
        comment = getattr(node, "type_comment", None)
        said = ast.parse(comment, mode="func_type").argtypes if comment else []
    except (OSError, TypeError, SyntaxError, ValueError, IndexError, RecursionError):
        return {}
    given = node.args.args[-len(said) :] if isinstance(node, ast.FunctionDef) and said else []  # the object has none
    kinds = {item.arg: _type(one.id, space) for item, one in zip(given, said) if isinstance(one, ast.Name)}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _tested(function: Any, space: dict[str, Any]) -> dict[str, Any]:
    """Return the types that a parameter must have, or the function raises: ``isinstance`` in an assertion or a guard."""
    tree = body(function) if function is not None else None
    found: dict[str, Any] = {}
    for node in ast.walk(tree) if tree is not None else ():
        test: Any = None
        if isinstance(node, ast.Assert):
            test = node.test
        elif isinstance(node, ast.If) and any(isinstance(item, ast.Raise) for item in node.body):
            options = node.test.values if isinstance(node.test, ast.BoolOp) else [node.test]
            denied = [one.operand for one in options if isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.Not)]
            test = next((one for one in denied if isinstance(one, ast.Call)), None)
        if not isinstance(test, ast.Call):
            continue
        called = test.func.attr if isinstance(test.func, ast.Attribute) else getattr(test.func, "id", "")
        if called == "isclass" and isinstance(test.args[0], ast.Name):
            found.setdefault(test.args[0].id, type)
        if called != "isinstance":
            continue
        subject, kinds = test.args if len(test.args) == 2 else (None, None)
        first = kinds.elts[0] if isinstance(kinds, ast.Tuple) and kinds.elts else kinds
        if isinstance(subject, ast.Name) and isinstance(first, ast.Name):
            kind = _type(first.id, space)
            if kind is not None:
                found.setdefault(subject.id, kind)
    return found


_OF_TEXT = {
    "startswith", "endswith", "split", "rsplit", "strip", "lstrip", "rstrip", "lower", "upper", "casefold", "partition",
    "rpartition", "splitlines", "encode", "replace",
}  # fmt: skip


def _used_as_text(function: Any) -> frozenset[str]:
    """Return the names on which a function calls methods that texts have, with no arguments but texts and numbers."""
    tree = body(function) if function is not None else None
    found = set()
    for node in ast.walk(tree) if tree is not None else ():
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _OF_TEXT):
            continue
        given = [item.value for item in node.args if isinstance(item, ast.Constant)]
        if isinstance(node.func.value, ast.Name) and len(given) == len(node.args):
            if all(type(value) in (str, int) for value in given) and not node.keywords:
                found.add(node.func.value.id)
    return frozenset(found)


_OF_CLASSES = {"__bases__", "__mro__", "__subclasses__"}


def _used_as_class(function: Any) -> frozenset[str]:
    """Return the names that must be classes: a function uses what only classes have, or gives them to ``issubclass``."""
    tree = body(function) if function is not None else None
    found = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Attribute) and node.attr in _OF_CLASSES and isinstance(node.value, ast.Name):
            found.add(node.value.id)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "issubclass":
            found.update(item.id for item in node.args[:1] if isinstance(item, ast.Name))
    return frozenset(found)


def compared(function: Any, name: str) -> tuple[Any, ...]:
    """Return the constants that a function compares a parameter with: the values it knows."""
    tree = body(function) if function is not None else None
    found: list[Any] = []
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and node.left.id == name:
            for right in node.comparators:
                items = right.elts if isinstance(right, (ast.Tuple, ast.List, ast.Set)) else [right]
                found += [item.value for item in items if isinstance(item, ast.Constant)]
    return tuple(dict.fromkeys(value for value in found if value is not None and value is not Ellipsis))


def patterns(function: Any) -> tuple[str, ...]:
    """Return the regular expressions that a function writes out where it uses them."""
    tree = body(function) if function is not None else None
    found = []
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MATCHING:
            first = node.args[0] if node.args else None
            if isinstance(first, ast.Constant) and type(first.value) is str:
                found.append(first.value)
    return tuple(dict.fromkeys(found))


def prefixes(function: Any) -> tuple[str, ...]:
    """Return the texts before which a function puts something to get at an attribute: ``getattr(self, "on_" + name)``."""
    tree = body(function) if function is not None else None
    found = []
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("getattr", "hasattr"):
            name = node.args[1] if len(node.args) > 1 else None
            first = (
                name.left
                if isinstance(name, ast.BinOp)
                else name.values[0]
                if isinstance(name, ast.JoinedStr)
                else None
            )
            if isinstance(first, ast.Constant) and type(first.value) is str and first.value:
                found.append(first.value)
    return tuple(dict.fromkeys(found))


_MATCHING = {"match", "fullmatch", "search", "compile", "findall", "finditer", "split"}
_CALL = 300  # characters of a call in a text


def shown_calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Yield the calls by a name that the docstrings of a file show, each as it can be parsed."""
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        text = ast.get_docstring(node, clean=False) or ""
        for found in re.finditer(rf"\b{re.escape(name)}\(", text):
            call = _call_at(text[found.start() : found.start() + _CALL])
            if call is not None:
                yield ast.copy_location(call, node.body[0])


def _call_at(text: str) -> ast.Call | None:
    """Return the call that a text starts with, up to the first closing parenthesis that makes it one."""
    for end in re.finditer(r"\)", text):
        try:
            node = ast.parse(text[: end.end()].replace("\n", " "), mode="eval").body
        except (SyntaxError, ValueError):
            continue
        return node if isinstance(node, ast.Call) else None
    return None
