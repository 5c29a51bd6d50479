"""Names of the standard library in a file: reuse what it imports, else add an import in the file's own style."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

import libcst as cst

from leaklint.model import Edit
from leaklint.repairs.files import ParsedFile
from leaklint.repairs.scopes import CstScope, dotted_name


@dataclass(frozen=True, slots=True)
class _Line:
    """One import at the head of a file. ``module`` is the dotted name it imports, or imports from."""

    node: cst.SimpleStatementLine
    style: str
    module: str

    @property
    def is_standard(self) -> bool:
        return self.module.split(".")[0] in sys.stdlib_module_names


class Imports:
    """The imports that one repair needs in one file: each name once, with the edits that bring it in."""

    def __init__(self, file: ParsedFile) -> None:
        self.file = file
        self.lines = tuple(_head(file.source.module))
        self._names: dict[tuple[str, str], str] = {}
        self._edits: list[Edit] = []
        self._added: dict[str, list[str]] = {}  # names of the imports that are added, by module

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Return the edits that add what ``use`` promised."""
        return tuple(self._edits)

    def use(self, module: str, name: str, scope: CstScope) -> str:
        """Return how ``module.name`` is written in ``scope``, adding an import if the file has none that serves."""
        for style, local in self._existing(module, name):
            if not _hidden(local, scope):
                return local if style == "from" else f"{local}.{name}"
        key = (module, name)
        if key not in self._names:
            self._names[key] = self._add(module, name, scope)
        return self._names[key]

    def _existing(self, module: str, name: str) -> Iterator[tuple[str, str]]:
        for line in self.lines:
            if line.module != module:
                continue
            for statement in line.node.body:
                if isinstance(statement, cst.Import):
                    for alias in statement.names:
                        if dotted_name(alias.name) == module and ("." not in module or alias.asname):
                            yield "plain", _local(alias)
                elif isinstance(statement, cst.ImportFrom) and not isinstance(statement.names, cst.ImportStar):
                    yield from (("from", _local(alias)) for alias in statement.names if _plain_name(alias) == name)

    def _add(self, module: str, name: str, scope: CstScope) -> str:
        top = self.file.tree.module
        free = not _hidden(name, scope) and name not in top.bound and name not in top.imports
        line = next((line for line in self.lines if line.style == "from" and line.module == module), None)
        if free and line is not None and self._extend(line, name):
            return name
        if free and self._style() == "from":
            names = self._added.setdefault(module, [])
            old = f"from {module} import {', '.join(names)}"
            names[:] = sorted([*names, name], key=_order)
            text = f"from {module} import {', '.join(names)}"
            if len(names) > 1:
                self._edits = [replace(edit, text=edit.text.replace(old, text)) for edit in self._edits]
            else:
                self._insert(text, "from", module)
            return name
        taken = _hidden(module, scope) or module in top.bound or top.imports.get(module, module) != module
        local = f"_{module}" if taken else module
        text = f"import {module} as {local}" if taken else f"import {module}"
        if not any(edit.text.strip() == text for edit in self._edits):
            self._insert(text, "plain", module)
        return f"{local}.{name}"

    def _style(self) -> str:
        standard = [line for line in self.lines if line.is_standard]
        return "from" if any(line.style == "from" for line in standard or self.lines) else "plain"

    def _extend(self, line: _Line, name: str) -> bool:
        """Add ``name`` to a ``from`` import that stands already, where the order of its names puts it."""
        statement = line.node.body[-1]
        if not isinstance(statement, cst.ImportFrom) or isinstance(statement.names, cst.ImportStar):
            return False
        file = self.file
        names = list(statement.names)
        later = next((alias for alias in names if _order(_plain_name(alias)) > _order(name)), None)
        spread = len({file.line(alias) for alias in names}) == len(names) > 1
        gap = file.newline + " " * (file.source.span(names[-1])[1] - 1) if spread else " "
        if later is not None:
            self._edit(file.start(later), f"{name},{gap}")
        else:
            self._edit(file.end(names[-1]), f",{gap}{name}")
        return True

    def _insert(self, text: str, style: str, module: str) -> None:
        file, newline = self.file, self.file.newline
        place = self._place(style, module)
        if place is not None:
            before = "" if place == 0 or file.text[place - 1] in "\r\n" else newline
            self._edit(place, f"{before}{text}{newline}")
        else:
            self._edit(*self._new_section(text, newline))

    def _place(self, style: str, module: str) -> int | None:
        """Return the start of the line before which the import goes, or None if the file imports no standard module."""
        standard = [line for line in self.lines if line.is_standard]
        if not standard:
            return None
        mixed = any(a.style == "from" and b.style == "plain" for a, b in pairwise(standard))
        alike = [line for line in standard if mixed or line.style == style]
        earlier = [line for line in alike if line.module.casefold() <= module.casefold()]
        if earlier:
            return self._after(earlier[-1])
        if alike:
            return self.file.line_start(self.file.start(alike[0].node))
        return self._after(standard[-1]) if style == "from" else self.file.line_start(self.file.start(standard[0].node))

    def _after(self, line: _Line) -> int:
        return self.file.line_after(self.file.end(line.node.body[-1]))

    def _new_section(self, text: str, newline: str) -> tuple[int, str]:
        """Return where the first standard import of the file goes, and its text with the blank lines around it."""
        file = self.file
        body = file.source.module.body
        opening = list(takewhile(lambda node: _opens(node, first=node is body[0]), body))
        rest = body[len(opening) :]
        if self.lines and rest:
            return _above_comments(file, file.line_start(file.start(self.lines[0].node))), f"{text}{newline}{newline}"
        if opening:
            place = file.line_after(file.end(_last(opening[-1])))
            before = newline if place and file.text[place - 1] in "\r\n" else newline * 2
            after = "" if not rest or file.text[place : place + 1] in {"\r", "\n"} else newline
            return place, f"{before}{text}{newline}{after}"
        gap = 2 if rest and isinstance(rest[0], (cst.ClassDef, cst.FunctionDef)) else 1
        start = file.line_start(_first_offset(file, rest[0])) if rest else len(file.text)
        return _above_comments(file, start), text + newline * (gap + 1)

    def _edit(self, place: int, text: str) -> None:
        for index, edit in enumerate(self._edits):
            if edit.start == place:  # two names at one place go in together
                self._edits[index] = Edit(edit.path, place, place, edit.text + text)
                return
        self._edits.append(Edit(self.file.path, place, place, text))


def _head(top: cst.Module) -> Iterator[_Line]:
    """Yield the imports that stand at the top of the module before its first definition."""
    for node in top.body:
        if isinstance(node, (cst.ClassDef, cst.FunctionDef)):
            return
        if not isinstance(node, cst.SimpleStatementLine):
            continue
        for statement in node.body:
            if isinstance(statement, cst.Import):
                yield _Line(node, "plain", dotted_name(statement.names[0].name))
            elif isinstance(statement, cst.ImportFrom):
                dots = "." * len(statement.relative)
                module = dots + (dotted_name(statement.module) if statement.module else "")
                if module != "__future__":
                    yield _Line(node, "from", module)


def _plain_name(alias: cst.ImportAlias) -> str:
    return dotted_name(alias.name)


def _local(alias: cst.ImportAlias) -> str:
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        return alias.asname.name.value
    return dotted_name(alias.name)


def _order(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest, as import sorters order names."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name


def _hidden(name: str, scope: CstScope) -> bool:
    """Tell whether a scope between the module and the use (the module apart) binds ``name`` itself."""
    here: CstScope | None = scope
    while here is not None and here.kind != "module":
        if name in here.bound or name in here.params or here.imports.get(name, name) != name:
            return True
        here = here.parent
    return False


def _opens(node: cst.CSTNode, *, first: bool) -> bool:
    """Tell whether a statement is the docstring or imports from ``__future__``."""
    if not isinstance(node, cst.SimpleStatementLine) or len(node.body) != 1:
        return False
    only = node.body[0]
    if isinstance(only, cst.ImportFrom):
        return only.module is not None and dotted_name(only.module) == "__future__"
    return first and isinstance(only, cst.Expr) and isinstance(only.value, (cst.SimpleString, cst.ConcatenatedString))


def _last(node: cst.CSTNode) -> cst.CSTNode:
    """Return the last small statement of a line."""
    return node.body[-1] if isinstance(node, cst.SimpleStatementLine) else node


def _first_offset(file: ParsedFile, node: cst.CSTNode) -> int:
    decorators = getattr(node, "decorators", ())
    return file.start(decorators[0] if decorators else node)


def _above_comments(file: ParsedFile, place: int) -> int:
    """Move up over the comment lines that belong to the statement at ``place``, unless they open the file."""
    here = place
    while here:
        above = file.line_start(here - 1)
        if not file.text[above:here].lstrip(" \t").startswith("#"):
            return here
        here = above
    return place
