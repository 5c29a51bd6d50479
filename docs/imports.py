"""The imports of leaklint's own modules, read from their source: what the layering tests and the picture of the rooms rest on.

python docs/imports.py                         # what each room imports
python docs/imports.py docs/images/rooms.svg   # the same as a picture
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOPS = ((ROOT, "leaklint"), (ROOT / "runtime", "leaklint_runtime"))
Graph = dict[str, set[str]]
DETOURS = "lines that a longer way says as well are left out"


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
    return "leaklint_runtime" if name.startswith("leaklint_runtime") else ".".join(name.split(".")[:2])


def rooms(graph: Graph) -> Graph:
    """Return which rooms of leaklint import which; the runtime is one room."""
    found: Graph = {}
    for name, others in graph.items():
        if name != "leaklint" and name.startswith("leaklint."):
            inner = {room_of(other) for other in others if other != "leaklint"}
            found.setdefault(room_of(name), set()).update(inner - {room_of(name)})
    found["leaklint_runtime"] = set()
    return found


def without_detours(graph: Graph) -> Graph:
    """Return the graph without the edges that a longer way says as well, and without those inside of circles."""
    reached = {name: _reached(graph, name) for name in graph}
    lower = {name: {other for other in others if name not in reached[other]} for name, others in graph.items()}
    return {
        name: {other for other in others if not any(other in reached[via] for via in others - {other})}
        for name, others in lower.items()
    }


def levels(graph: Graph) -> dict[str, int]:
    """Return how high each room stands: above all that it imports, and beside those of its own circle."""
    reached = {name: _reached(graph, name) for name in graph}
    known: dict[str, int] = {}
    for name in sorted(graph, key=lambda one: len(reached[one] | {one})):
        lower = [known[other] + 1 for other in reached[name] if name not in reached[other] and other in known]
        known[name] = max(lower, default=0)
    return known


def _is_folder(name: str) -> bool:
    return name == "leaklint_runtime" or (ROOT / "leaklint" / name.partition(".")[2]).is_dir()


def picture() -> str:
    """Return the rooms as SVG, each above those that it imports; single modules that import nothing are left out."""
    from leaklint_runtime.plot import Box, Chart, Line, Shape, Text, svg

    whole = rooms(imports())
    shown = {name for name, others in whole.items() if others or _is_folder(name)}
    graph = {name: whole[name] & shown for name in shown}
    high = levels(graph)
    rows = [sorted(name for name in graph if high[name] == level) for level in range(max(high.values()), -1, -1)]
    rows = [row[start : start + 7] for row in rows for start in range(0, len(row), 7)]
    wide, tall, width = 112, 58, 7 * 112 + 40
    place = {
        name: (20 + (width - 40) * (number + 0.5) / len(row), 90 + tall * height)
        for height, row in enumerate(rows)
        for number, name in enumerate(row)
    }
    shapes: list[Shape] = [
        Box(0.5, 0.5, width - 1, tall * len(rows) + 91, "card", border="border", radius=8),
        Text(20, 32, "The rooms of leaklint", size=16, bold=True),
        Text(
            20,
            54,
            "Each stands above what it imports; lines that a longer way says as well are left out. Folders are blue.",
            "soft",
        ),
    ]
    for name, others in sorted(without_detours(graph).items()):
        for other in sorted(others):
            (x, y), (to_x, to_y) = place[name], place[other]
            shapes.append(Line(((x, y + 13), (to_x, to_y - 13)), "axis", 0.8))
    for name, (x, y) in sorted(place.items()):
        folder = _is_folder(name)
        role = "after" if folder else "border"
        shapes.append(Box(x - wide / 2 + 5, y - 13, wide - 10, 26, "card", border=role, radius=5))
        shapes.append(
            Text(
                x,
                y + 4,
                name.removeprefix("leaklint.").removeprefix("leaklint_"),
                anchor="middle",
                size=11,
                bold=folder,
            )
        )
    told = "; ".join(f"{name} imports {', '.join(sorted(others))}" for name, others in sorted(graph.items()) if others)
    return svg(Chart(width, tall * len(rows) + 92, "The rooms of leaklint", told, tuple(shapes)))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.path.insert(0, str(ROOT / "runtime"))
        Path(sys.argv[1]).write_text(picture(), encoding="utf-8")
    else:
        for room, others in sorted(rooms(imports()).items()):
            print(room, "->", ", ".join(sorted(others)) or "nothing")
