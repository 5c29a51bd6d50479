"""Which files of its own project a file imports, read off its ast."""

from __future__ import annotations

import ast
import os
from collections.abc import Iterator


def imported_files(file: str, root: str, module: str, tree: ast.AST) -> list[str]:
    """Return the files below the import root ``root`` that ``file``, the module ``module``, imports directly."""
    package = module.split(".") if file.endswith("__init__.py") else module.split(".")[:-1]
    names: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = [*base, *(node.module.split(".") if node.module else [])]
            names.add(".".join(stem))
            names.update(".".join([*stem, alias.name]) for alias in node.names)
    files = []
    for name in sorted(names):
        path = os.path.join(root, *name.split("."))
        for other in (f"{path}.py", os.path.join(path, "__init__.py")):
            if name and other != file and os.path.isfile(other):
                files.append(other)
    return files


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield all statements below ``tree``, at any depth, and nothing of the expressions in them."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        for name in ("body", "orelse", "finalbody", "handlers", "cases"):
            below = getattr(node, name, None)
            if isinstance(below, list):
                stack += below
