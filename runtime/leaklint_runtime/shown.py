"""Arguments as the program's own calls write them: lists, dictionaries and objects that are made anew each time.

Only what is closed is taken: constants, names of modules, calls of these, and local names for which the code around the
call says what they are.
"""

from __future__ import annotations

import ast
import builtins
import copy
import itertools
from contextlib import suppress
from functools import partial
from inspect import Parameter
from typing import Any, Dict, Iterator, Union

from . import domains, sources, usages, values
from .early import FunctionType, is_a
from .usages import CallSite
from .values import BuiltValue, Varied

Choices = Dict[str, Union[BuiltValue, Varied]]
SITES = 8  # calls of one function that are taken over
SHOWN, PASSED = "shown", "passed"  # to users, by examples, tests and scripts; or by a function of the program itself
DEPTH = 6  # local names that stand for other local names
_LOCAL = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Lambda)
_OPEN = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr, ast.Slice, ast.JoinedStr, *_LOCAL)


class _OpenError(Exception):
    """What an expression means is told only by the run of the code around it."""


def choices(function: Any, parameters: list[Parameter]) -> Iterator[Choices]:
    """Yield what calls of a function or class pass by parameter: calls of the program, of its tests, in its examples."""
    function = domains.inner(function)
    name, scope = getattr(function, "__name__", ""), domains.scope()
    if scope is None or not name or not hasattr(ast, "unparse"):  # new in Python 3.9
        return
    count, known = 0, set()
    for site in (*usages.calls(name, scope), *usages.examples(name, scope)):
        found = _passed(site, parameters) if _is_meant(site, function) else {}
        said = ast.dump(site.call)
        if found and said not in known:
            known.add(said)
            count += 1
            yield found
        if count == SITES:
            return


def _is_meant(site: CallSite, function: Any) -> bool:
    """Tell whether the call may be one of this function: a name that means something else is none."""
    found = usages.looked_up(site.call.func, sources.space_of(site.source))
    return (
        not is_a(found, (type, FunctionType))
        or getattr(found, "__func__", found) is function
        or _is_same(found, function)
    )


def _is_same(found: Any, function: Any) -> bool:
    return getattr(found, "__qualname__", "") == getattr(function, "__qualname__", None)


def _passed(site: CallSite, parameters: list[Parameter]) -> Choices:
    named = {item.name: item for item in parameters if item.name not in ("self", "cls")}
    places = [item for item in named.values() if item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD)]
    given = list(itertools.takewhile(lambda node: not isinstance(node, ast.Starred), site.call.args))
    nodes: dict[str, ast.expr] = {item.name: node for item, node in zip(places, given)}
    nodes.update({item.arg: item.value for item in site.call.keywords if item.arg in named})
    others = [item for item in site.call.keywords if item.arg is not None and item.arg not in named]
    for item in named.values():
        if item.kind is item.VAR_POSITIONAL and given[len(places) :]:
            nodes[item.name] = ast.Tuple(given[len(places) :], ast.Load())
        elif item.kind is item.VAR_KEYWORD and others:
            keys: list[ast.expr | None] = [ast.Constant(one.arg) for one in others]
            nodes[item.name] = ast.Dict(keys, [one.value for one in others])
    found: Choices = {}
    for name, node in nodes.items():
        with suppress(_OpenError):
            found[name] = _choice(node, site)
    return found


def _choice(node: ast.expr, site: CallSite) -> BuiltValue | Varied:
    """Return what an expression of a call means. Raises ``_OpenError``."""
    origin = f"{SHOWN if site.source.test or site.function is None else PASSED} at {site.place}"
    if isinstance(node, ast.Constant):
        return values.literal(node.value, sure=False)._replace(origin=origin)
    closed = _Closing(site).visit(copy.deepcopy(node))
    if isinstance(closed, ast.Constant):
        return values.literal(closed.value, sure=False)._replace(origin=origin)
    space = sources.space_of(site.source)
    tree = ast.fix_missing_locations(ast.Expression(closed))
    code = compile(tree, f"<{site.place}>", "eval")
    text = ast.unparse(_Naming(space).visit(copy.deepcopy(closed)))
    return Varied(partial(_evaluated, code, space, text, origin))


def _evaluated(code: Any, space: dict[str, Any], text: str, origin: str, number: int) -> BuiltValue:
    try:
        return BuiltValue(eval(code, {**vars(builtins), **space}), text, False, origin)
    except SystemExit as error:
        raise ValueError("ends the program") from error


class _Closing(ast.NodeTransformer):
    """Puts for each local name what the code around the call says that it is. Raises ``_OpenError``."""

    def __init__(self, site: CallSite, depth: int = 0) -> None:
        self.site, self.depth = site, depth

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, _OPEN):
            raise _OpenError
        return super().visit(node)

    def visit_Name(self, node: ast.Name) -> Any:
        local = _bound(node.id, self.site) if self.depth < DEPTH else None
        if local is not None:
            return _Closing(self.site, self.depth + 1).visit(copy.deepcopy(local))
        if node.id in sources.space_of(self.site.source) and node.id not in _parameters(self.site.function):
            return node
        if hasattr(builtins, node.id) and node.id not in _parameters(self.site.function):
            return node
        raise _OpenError


def _bound(name: str, site: CallSite) -> ast.expr | None:
    """Return the expression that a local name has before a call: that of the last assignment, or of a loop's elements."""
    found: ast.expr | None = None
    top = site.function or next((parent for parent in site.parents if isinstance(parent, ast.If)), None)
    for node in ast.walk(top) if top is not None else ():
        if getattr(node, "lineno", site.call.lineno) > site.call.lineno:
            continue
        if isinstance(node, ast.Assign) and any(
            isinstance(item, ast.Name) and item.id == name for item in node.targets
        ):
            found = node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            found = node.value or found
        elif isinstance(node, ast.For) and isinstance(node.target, ast.Name) and node.target.id == name:
            taken = ast.Call(ast.Name("iter", ast.Load()), [node.iter], [])
            found = ast.Call(ast.Name("next", ast.Load()), [taken], [])
    return None if found is None or any(item is site.call for item in ast.walk(found)) else found


def _parameters(function: Any) -> set[str]:
    """Return the names that a function gets from its callers."""
    given = getattr(function, "args", None)
    if given is None:
        return set()
    listed = [*getattr(given, "posonlyargs", ()), *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return {item.arg for item in listed if item is not None}


class _Naming(ast.NodeTransformer):
    """Writes names and texts as templates have them (see ``recipes``)."""

    def __init__(self, space: dict[str, Any]) -> None:
        self.space = space

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id not in self.space:
            return node
        value, home = self.space[node.id], self.space.get("__name__")
        if type(home) is not str:
            home = getattr(value, "__module__", None)
        return ast.Name(f"{home}:{node.id}", node.ctx) if type(home) is str else node

    def visit_Constant(self, node: ast.Constant) -> Any:
        return ast.Name(values.quoted(node.value), ast.Load())
