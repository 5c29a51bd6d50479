"""Imports that repairs have left without a use: what brought the use away takes the import along."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

import libcst as cst

from leaklint.repairs.scopes import dotted_name
from leaklint.source import Source

_Import = cst.Import | cst.ImportFrom
_WORD = re.compile(r"\w+")
_TYPE = re.compile(r"[\w.\[\], |\"']+")  # what an annotation can look like, and a word
_COMMENT = re.compile(r"#\s*type:(.*)")


def idle_names(before: str, after: Source) -> tuple[str, ...]:
    """Return the names that the file imports from the standard library, used in ``before`` and no more in ``after``."""
    old, new = _used(before), _used(after.text)
    names = dict.fromkeys(_local(alias) for statement, alias in _imports(after) if not _is_marked(after, statement))
    return tuple(name for name in names if name in old and name not in new)


def _used(text: str) -> set[str]:
    """Return the names that a text uses: in code, in annotations written as text or comments, in ``__all__``."""
    used: set[str] = set()
    for node in ast.walk(Source("", text).tree):
        if isinstance(node, ast.Name):
            used.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _TYPE.fullmatch(node.value):
            used.update(_WORD.findall(node.value))
    for comment in _COMMENT.findall(text):
        used.update(_WORD.findall(comment))
    return used


def _is_marked(source: Source, statement: _Import) -> bool:
    """Tell whether a comment on its line asks to keep an import that is not used."""
    end = source.offsets(statement)[1]
    return "noqa" in source.text[end : _line_end(source, end)]


def without(source: Source, names: tuple[str, ...]) -> str:
    """Return the text of ``source`` without the imports of ``names``."""
    cuts: list[tuple[int, int]] = []
    statements: dict[int, _Import] = {id(statement): statement for statement, _ in _imports(source)}
    for statement in statements.values():
        aliases = list(statement.names) if not isinstance(statement.names, cst.ImportStar) else []
        gone = [alias for alias in aliases if _local(alias) in names]
        if not gone:
            continue
        if len(gone) == len(aliases):
            start, end = source.offsets(statement)
            first = source.line_starts[source.line_of(start) - 1]
            cuts.append((first, _line_end(source, end, with_break=True)))
        else:
            cuts += [_cut(source, aliases, alias, gone) for alias in gone]
    text = source.text
    for start, end in sorted(cuts, reverse=True):
        text = text[:start] + text[end:]
    return text


def _cut(
    source: Source, aliases: list[cst.ImportAlias], alias: cst.ImportAlias, gone: list[cst.ImportAlias]
) -> tuple[int, int]:
    """A name goes with the comma after it, or, if none is kept after it, with the comma before it."""
    place = aliases.index(alias)
    if any(later not in gone for later in aliases[place + 1 :]):
        return source.offsets(alias)[0], source.offsets(aliases[place + 1])[0]
    return source.offsets(aliases[place - 1])[1], source.offsets(alias)[1]


def _imports(source: Source) -> Iterator[tuple[_Import, cst.ImportAlias]]:
    """Yield the imports of the standard library that stand alone on their lines at the top level."""
    for line in source.module.body:
        if isinstance(line, cst.SimpleStatementLine) and len(line.body) == 1:
            statement = line.body[0]
            if isinstance(statement, _Import) and not isinstance(statement.names, cst.ImportStar):
                if isinstance(statement, cst.Import) or (statement.module is not None and not statement.relative):
                    yield from ((statement, alias) for alias in statement.names if _is_standard(statement, alias))


def _is_standard(statement: _Import, alias: cst.ImportAlias) -> bool:
    module = (
        dotted_name(alias.name) if isinstance(statement, cst.Import) else dotted_name(statement.module or alias.name)
    )
    return module.split(".")[0] in sys.stdlib_module_names and module != "__future__"


def _local(alias: cst.ImportAlias) -> str:
    if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
        return alias.asname.name.value
    return dotted_name(alias.name).split(".")[0]


def _line_end(source: Source, offset: int, *, with_break: bool = False) -> int:
    """Return the end of the line of ``offset``, before or after its line break."""
    line = source.line_of(offset)
    end = source.line_starts[line] if line < len(source.line_starts) else len(source.text)
    return end if with_break else end - len(source.text[offset:end]) + len(source.text[offset:end].rstrip("\r\n"))
