"""The imports of leaklint's own modules, read from their source: what the layering tests and the picture of the rooms rest on.

    python docs/imports.py

prints what each room imports.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOPS = ((ROOT, "leaklint"), (ROOT / "runtime", "leaklint_runtime"))
Graph = dict[str, set[str]]


def modules() -> dict[str, Path]:
    """Return the file of each module by its dotted name, but for the demo's example, which is a program to be analysed."""
    found = {}
    for base, top in TOPS:
        for path in sorted((base / top).rglob("*.py")):
            parts = path.relative_to(base).with_suffix("").parts
            if "demo" not in parts:
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(files: Mapping[str, Path] | None = None) -> Graph:
    """Return for each module (of leaklint, if no ``files`` are given) those that it imports, inside of functions, too."""
    known = modules() if files is None else files
    return {name: set(_imported(name, path, known)) - {name} for name, path in known.items()}


def _imported(name: str, path: Path, known: Mapping[str, Path]) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in _running(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (item.name for item in node.names if item.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            whole = ".".join(part for part in (above, node.module) if part)
            for item in node.names:
                inner = f"{whole}.{item.name}"
                if inner in known or whole in known:
                    yield inner if inner in known else whole


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes below ``node`` that are more than notes for type checkers."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING"):
            yield child
            yield from _running(child)


def circles(graph: Graph) -> list[list[str]]:
    """Return the groups of nodes each of which reaches all others of its group."""
    reached = {name: _reached(graph, name) for name in graph}
    groups = {tuple(sorted(other for other in reached[name] if name in reached[other])) for name in graph}
    return sorted(list(group) for group in groups if len(group) > 1)


def _reached(graph: Graph, start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in graph[waiting.pop()]:
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen


def room_of(name: str) -> str:
    """Return the package that a module lies in; a module beside the packages of leaklint is a room of its own."""
    return ".".join(name.split(".")[:2])


def rooms(graph: Graph, top: str = "leaklint") -> Graph:
    """Return which rooms of ``top`` import which."""
    found: Graph = {}
    for name, others in graph.items():
        if name.split(".")[0] == top and name != top:
            inner = {room_of(other) for other in others if other.split(".")[0] == top and other != top}
            found.setdefault(room_of(name), set()).update(inner - {room_of(name)})
    return found


if __name__ == "__main__":
    for room, others in sorted(rooms(imports()).items()):
        print(room, "->", ", ".join(sorted(others)) or "nothing")
