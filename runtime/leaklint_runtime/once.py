"""Classes of which the program makes one object: while a module is imported, or at the first call of an accessor."""

from __future__ import annotations

import ast
from typing import Any, Iterator, NamedTuple

from . import domains, sources, usages
from .usages import CallSite

_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_MEMO = {"cache", "lru_cache", "cached_property"}


class Single(NamedTuple):
    """``place`` is the ``file:line`` that makes the one object, ``how`` says when it runs."""

    place: str
    how: str


def made_once(kind: Any) -> Single | None:
    """Return where the program makes its one object of a class, or None where it makes several, or users may.

    A class that users can name is theirs to make as often as they like, unless an accessor hands out the one object.
    """
    scope = domains.scope()
    name = getattr(kind, "__name__", "")
    if scope is None or not name or "<locals>" in getattr(kind, "__qualname__", "<locals>"):
        return None
    sites = [site for site in usages.calls(name, scope) if not site.source.test and _makes(site, name)]
    sites += usages.calls_by_itself(kind, scope)
    if not sites or any(sources.space_of(site.source).get(name, kind) is not kind for site in sites):
        return None
    found = [_single(site, name) for site in sites]
    if any(single is None for single in found) or len(found) > 1:
        return None
    first = found[0]
    if first is None or (not domains.is_private(kind) and first.how != "by an accessor"):
        return None
    return first


def _makes(site: CallSite, name: str) -> bool:
    return isinstance(site.call.func, ast.Name) or (
        isinstance(site.call.func, ast.Attribute) and isinstance(site.call.func.value, ast.Name)
    )


def _single(site: CallSite, name: str) -> Single | None:
    if any(isinstance(parent, _LOOPS) for parent in site.parents):
        return None
    if site.function is None:
        return Single(site.place, "while it is imported")
    return Single(site.place, "by an accessor") if _guarded(site) or _memoised(site.function) else None


def _guarded(site: CallSite) -> bool:
    """Tell whether the call's result goes to a name that outlives the function, if there is none there yet."""
    assigned = next((parent for parent in site.parents if isinstance(parent, ast.Assign)), None)
    if assigned is None or assigned.value is not site.call:
        return False
    tests = [ast.dump(node) for node in _asked(site, assigned)]
    words = [word for target in _targets(site, assigned) if (word := _shared(target, site.function))]
    return any(repr(word) in test for word in words for test in tests)


def _asked(site: CallSite, assigned: ast.Assign) -> Iterator[ast.AST]:
    """Yield what is asked before the call: its own conditions, those under which the function returns before, and
    what was tried and has failed.
    """
    for above, below in zip(site.parents, site.parents[1:]):
        if isinstance(above, ast.If):
            yield above.test
        elif isinstance(above, ast.Try) and isinstance(below, ast.ExceptHandler):
            yield from above.body
        elif isinstance(above, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for node in above.body:
                if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Return) and node.lineno < assigned.lineno:
                    yield node.test


def _targets(site: CallSite, assigned: ast.Assign) -> Iterator[ast.expr]:
    """Yield what the object is given to, also by way of a local name."""
    names = {target.id for target in assigned.targets if isinstance(target, ast.Name)}
    yield from assigned.targets
    for node in ast.walk(site.function or site.call):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in names:
            yield from node.targets


def _shared(target: ast.expr, function: ast.AST | None) -> str:
    """Return the name, or the key, of what outlives the function; nothing for what does not."""
    nodes = list(ast.walk(function)) if function is not None else []
    if isinstance(target, ast.Name):
        return target.id if any(isinstance(node, ast.Global) and target.id in node.names for node in nodes) else ""
    if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
        return target.attr if target.value.id != "self" else ""
    if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        own = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        own |= {node.arg for node in nodes if isinstance(node, ast.arg)}
        key = target.slice.value if isinstance(target.slice, ast.Constant) else None
        return key if isinstance(key, str) and target.value.id not in own else ""
    return ""


def _memoised(function: ast.AST) -> bool:
    """Tell whether a function without parameters is decorated with a cache."""
    if (
        not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
        or function.args.args
        or function.args.kwonlyargs
    ):
        return False
    nodes = [item.func if isinstance(item, ast.Call) else item for item in function.decorator_list]
    names = [item.attr if isinstance(item, ast.Attribute) else getattr(item, "id", "") for item in nodes]
    return bool(_MEMO & set(names))
