"""Folders that a program puts on its import path, ``sys.path.insert(0, dirname(__file__))``: what is in them has bare names."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterable, Iterator, Mapping

from leaklint.flow.model import Module
from leaklint.flow.terms import Term

_ADDING = frozenset({"insert", "append", "extend"})
_SAME = frozenset({"abspath", "realpath", "resolve", "absolute", "str", "Path", "fspath", "normpath", "as_posix"})
_JOINING = frozenset({"join", "joinpath"})
_DEPTH = 8


def bare_names(modules: Mapping[str, Module]) -> dict[str, str]:
    """Return the modules in folders that the program puts on its import path, by what imports may call them for that."""
    found: dict[str, str] = {}
    for folder in dict.fromkeys(folder for module in modules.values() for folder in _added_by(module)):
        start = "" if folder == "." else f"{folder}/"
        for name, module in modules.items():
            bare = stem(module.path).removeprefix(start).replace("/", ".")
            if stem(module.path).startswith(start) and bare.partition(".")[0] not in sys.stdlib_module_names:
                found.setdefault(bare, name)
    return found


def stem(path: str) -> str:
    """Return a file's path without what no import names: its ending, and ``__init__`` of a package."""
    return path.replace("\\", "/").removesuffix(".py").removesuffix("/__init__")


def _added_by(module: Module) -> Iterator[str]:
    if "sys" not in module.imports.values() and "sys.path" not in module.imports.values():
        return
    for function in module.functions.values():
        if function.kind != "module":
            continue
        for event in function.events:
            call = event.terms[0] if event.kind == "call" else ("",)
            if (
                call[0] == "call"
                and call[1][0] == "attr"
                and call[1][2] in _ADDING
                and _is_search_path(call[1][1], module)
            ):
                for given in call[2]:
                    folder = _folder(given, module, _DEPTH)
                    if folder is not None:
                        yield posixpath.normpath(folder)


def _is_search_path(term: Term, module: Module) -> bool:
    if term[0] == "attr" and term[2] == "path" and term[1][0] == "name":
        return module.imports.get(term[1][2]) == "sys"
    return term[0] == "name" and module.imports.get(term[2]) == "sys.path"


def _folder(term: Term, module: Module, depth: int) -> str | None:
    """Return the path that a term over ``__file__`` denotes; None for any other."""
    if depth == 0:
        return None
    if term[0] == "name":
        if term[2] == "__file__":
            return module.path.replace("\\", "/")
        values = module.names.get(term[2], [])
        return _folder(values[0][0], module, depth - 1) if len(values) == 1 else None
    if term[0] in {"list", "tuple"} and len(term[1]) == 1:
        return _folder(term[1][0], module, depth)
    if term[0] == "attr" and term[2] == "parent":
        return _above(_folder(term[1], module, depth - 1))
    if term[0] == "op" and term[1] == "/" and len(term[2]) == 2:
        return _joined(term[2], module, depth)
    return _called(term, module, depth) if term[0] == "call" else None


def _called(term: Term, module: Module, depth: int) -> str | None:
    name, given = term[1][-1], list(term[2])
    if term[1][0] == "attr" and not given:
        given = [term[1][1]]  # a method of a path
    if not given:
        return None
    if name == "dirname":
        return _above(_folder(given[0], module, depth - 1))
    if name in _SAME:
        return _folder(given[0], module, depth - 1)
    if name == "joinpath" and term[1][0] == "attr":
        given = [term[1][1], *given]
    return _joined(given, module, depth) if name in _JOINING else None


def _joined(parts: Iterable[Term], module: Module, depth: int) -> str | None:
    first, *others = parts
    base = _folder(first, module, depth - 1)
    words = [str(word[1]).strip("'\"") if word[0] == "const" else _CLIMBING.get(str(word[-1])) for word in others]
    return None if base is None or None in words else posixpath.join(base, *filter(None, words))


def _above(path: str | None) -> str | None:
    return None if path is None else posixpath.dirname(path)


_CLIMBING = {"pardir": "..", "curdir": "."}
