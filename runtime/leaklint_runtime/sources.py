"""The source files around the analysed module, read for what they say of values: who calls a function, and with what.

Nothing is imported for that: names are looked up in modules that are loaded already, and else among the plain values
that a file's own top level binds.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from typing import Any, Iterator, NamedTuple

from .early import ModuleType, contents, is_a

FILES = 2_000
LARGEST = 2_000_000
_SKIPPED = {"node_modules", "__pycache__", "site-packages", "dist-packages", "build", "dist"}
_INSTALLED = {"site-packages", "dist-packages"}
_TESTS = {"test", "tests", "testing"}


class SourceFile(NamedTuple):
    """One file: its ``path``, its syntax ``tree``, and whether it belongs to tests or examples."""

    path: str
    tree: ast.Module
    test: bool


class Searched(NamedTuple):
    """Where to look: the analysed ``file``, and the folder ``root`` that leads the import path."""

    root: str
    file: str


def calling(name: str, scope: Searched) -> Iterator[SourceFile]:
    """Yield the files of the analysed program that have the name before a parenthesis, the analysed file first."""
    pattern, word = _pattern(name), name.encode("utf-8", "replace")
    for path in _files(scope):
        data = _bytes(path)
        if word in data and pattern.search(data):
            found = parsed(path)
            if found is not None:
                yield found


def speaking(words: tuple[str, ...], scope: Searched) -> Iterator[SourceFile]:
    """Yield the files of the analysed program that have all of some words, the analysed file first."""
    wanted = [word.encode("utf-8", "replace") for word in words]
    for path in _files(scope):
        data = _bytes(path)
        if all(word in data for word in wanted):
            found = parsed(path)
            if found is not None:
                yield found


def _pattern(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?<!def )(?<!class )\b" + re.escape(name.encode("utf-8", "replace")) + rb"\s*\(")


def defining(name: str, scope: Searched) -> list[str]:
    """Return the modules of the program, tests apart, that have a class below a class of this name."""
    pattern = re.compile(rb"^[ \t]*class\s+\w+\s*\([^)]*\b" + name.encode("utf-8", "replace") + rb"\b", re.MULTILINE)
    found = []
    for path in _files(scope):
        inside = scope.root and path.startswith(scope.root + os.sep) and not is_test(path)
        if inside and pattern.search(_bytes(path)):
            found.append(module_name(path, scope))
    return [name for name in found if name]


def module_name(path: str, scope: Searched) -> str:
    """Return the name by which a file below the import root is imported; nothing if it has none."""
    if not scope.root or not path.startswith(scope.root + os.sep):
        return ""
    parts = path[len(scope.root) + 1 : -len(".py")].split(os.sep)
    parts = parts[:-1] if parts[-1] == "__init__" else parts
    named = parts and "__main__" not in parts and all(part.isidentifier() for part in parts)
    return ".".join(parts) if named else ""


def lines_with(path: str, name: str) -> list[int]:
    """Return the lines of a file that have the name before a parenthesis, in order."""
    data = _bytes(path)
    starts = [found.start() for found in _pattern(name).finditer(data)]
    lines, place, line = [], 0, 1
    for start in starts:
        line += data.count(b"\n", place, start)
        lines.append(line)
        place = start
    return lines


def parsed(path: str) -> SourceFile | None:
    """Return a file's source, or None if it cannot be read or is no Python of this version."""
    if path not in _parsed:
        try:
            _parsed[path] = SourceFile(path, ast.parse(_bytes(path)), is_test(path))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            _parsed[path] = None
    return _parsed[path]


_parsed: dict[str, SourceFile | None] = {}
_read: dict[str, bytes] = {}
_listed: dict[Searched, list[str]] = {}


def is_test(path: str) -> bool:
    """Tell whether a file's place or name says that it holds tests."""
    folders, name = os.path.dirname(path).split(os.sep), os.path.basename(path)
    return bool(_TESTS & set(folders[-4:])) or name.startswith("test_") or name == "conftest.py"


def _bytes(path: str) -> bytes:
    if path not in _read:
        try:
            with open(path, "rb") as source:
                _read[path] = source.read(LARGEST)
        except OSError:
            _read[path] = b""
    return _read[path]


def _files(scope: Searched) -> list[str]:
    if scope not in _listed:
        found = [scope.file]
        for folder in _folders(scope):
            found += [path for path in _walk(folder) if path != scope.file]
        _listed[scope] = list(dict.fromkeys(found))[:FILES]
    return _listed[scope]


def _folders(scope: Searched) -> list[str]:
    """Return the program's folders: the import root, or in an installed one the package of the file alone."""
    if not scope.root or not scope.file.startswith(scope.root + os.sep):
        return []
    if os.path.basename(scope.root) not in _INSTALLED:
        return [scope.root]
    first = scope.file[len(scope.root) + 1 :].split(os.sep)[0]
    return [os.path.join(scope.root, first)] if not first.endswith(".py") else []


def _walk(top: str) -> Iterator[str]:
    count = 0
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        if folder != top and "pyvenv.cfg" in names:
            folders[:] = []
            continue
        for name in sorted(names):
            count += 1
            if name.endswith(".py"):
                yield os.path.join(folder, name)
        if count > 10 * FILES:
            return


def space_of(source: SourceFile) -> dict[str, Any]:
    """Return what a file's names mean: those of its module if that is loaded, else imports and plain values."""
    if source.path not in _spaces:
        module = next((item for item in list(sys.modules.values()) if _file(item) == source.path), None)
        _spaces[source.path] = contents(module) if module is not None else _unloaded(source.tree)
    return _spaces[source.path]


_spaces: dict[str, dict[str, Any]] = {}


def _file(module: Any) -> str:
    if not is_a(module, ModuleType):
        return ""
    found = contents(module).get("__file__")
    return found if type(found) is str else ""


def _unloaded(tree: ast.Module) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            home = sys.modules.get(node.module)
            for alias in node.names:
                if home is not None and alias.name in contents(home):
                    found[alias.asname or alias.name] = contents(home)[alias.name]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                if (alias.name if alias.asname else name) in sys.modules:
                    found[name] = sys.modules[alias.name if alias.asname else name]
        elif isinstance(node, ast.Assign):
            _bind(node, found)
    return found


def _bind(node: ast.Assign, values: dict[str, Any]) -> None:
    """Add the plain values that an assignment gives to names."""
    for target in node.targets:
        pairs: list[tuple[ast.expr, ast.expr]] = [(target, node.value)]
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = list(zip(target.elts, node.value.elts))
        for name, value in pairs:
            if isinstance(name, ast.Name):
                try:
                    values[name.id] = ast.literal_eval(value)
                except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
                    continue


def imports_for_types(source: SourceFile) -> dict[str, tuple[str, str]]:
    """Return the names that are imported for type checkers alone, each as (module, attribute or nothing)."""
    found: dict[str, tuple[str, str]] = {}
    for node in source.tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for item in node.body:
                if isinstance(item, ast.ImportFrom):
                    dots, home = "." * item.level, item.module or ""
                    found.update({a.asname or a.name: (dots + home, a.name) for a in item.names})
                elif isinstance(item, ast.Import):
                    for a in item.names:
                        top = a.name if a.asname else a.name.partition(".")[0]
                        found[a.asname or top] = (a.name if a.asname else top, "")
                        if not a.asname:
                            found[a.name] = (a.name, "")
    return found
