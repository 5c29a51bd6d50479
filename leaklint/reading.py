"""One file on its way into a run: how it is shown, what its module is called, and its value flow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from leaklint.digest import digest_of
from leaklint.model import Problem
from leaklint.paths import is_test, module_name, relative
from leaklint.records import dataclass
from leaklint.source import Source, SourceError, read_bytes

if TYPE_CHECKING:
    import ast

    from leaklint.flow.model import Module


@dataclass(frozen=True, slots=True)
class Read:
    """What reading one file gave. ``digest`` is that of its bytes, empty if they could not be read.

    ``file`` is absolute, ``path`` as findings show it, ``root`` and ``module`` what imports call it. ``flow`` is there for
    all files but those of a test suite, which are not analysed: what tests fill, their own process frees. ``problem`` says
    why a file cannot be read, or what of it could not.
    """

    digest: str
    file: str
    path: str
    root: str
    module: str
    flow: Module | None = None
    problem: Problem | None = None


def read_file(file: str) -> Read:
    """Read one file on disk."""
    path = relative(file)
    try:
        data = read_bytes(file)
    except SourceError as error:
        return Read(
            "", os.path.abspath(file), path, *module_name(file), problem=Problem(path, error.line, error.message)
        )
    try:
        source = Source.decode(data, path)
    except SourceError as error:
        problem = Problem(path, error.line, error.message)
        return Read(digest_of(data), os.path.abspath(file), path, *module_name(file), problem=problem)
    return read_source(file, source, digest_of(data))


def read_source(file: str, source: Source, digest: str = "") -> Read:
    """Read a text, which need not be on disk, as the file ``file``."""
    root, module = module_name(file)
    read = Read(digest, os.path.abspath(file), source.path, root, module)
    tree: ast.Module | None = None
    wrong: Problem | None = None
    try:
        tree = source.tree
    except SourceError as error:
        tree, wrong = _without_errors(source, error)
    flow, problem = (None, None) if tree is None or is_test(source.path) else _flow(tree, read)
    source.drop_trees()
    return Read(digest, read.file, read.path, root, module, flow, problem or wrong)


def _without_errors(source: Source, error: SourceError) -> tuple[ast.Module | None, Problem]:
    """Return the tree of the statements of a file that can be parsed, if it is not lost, and what is wrong with it."""
    from leaklint.recovery import recovered

    try:
        tree, errors = recovered(source.text)
    except SourceError:
        return None, Problem(source.path, error.line, error.message)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return tree, Problem(source.path, error.line, f"{error.message}{more}; the other statements were read")


def _flow(tree: ast.Module, read: Read) -> tuple[Module | None, Problem | None]:
    from leaklint.deep import deep_recursion
    from leaklint.flow.read import read_flow

    try:
        with deep_recursion():
            return read_flow(tree, read.module, read.path, read.file.endswith("__init__.py")), None
    except RecursionError:
        return None, Problem(read.path, 0, "is nested too deeply to be read")


def reread(read: Read) -> Module:
    """Return the value flow of a file under a name of its own: another file has the name of its module."""
    assert read.flow is not None
    name = f"{read.module}@{read.path}"
    from leaklint.flow.renaming import renamed

    return renamed(read.flow, name)
