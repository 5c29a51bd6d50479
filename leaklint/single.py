"""One file at a time, as flake8 and editors ask: the file together with what it imports from its project."""

from __future__ import annotations

import ast
import os
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from leaklint.analysis import analysed
from leaklint.cache.stamps import content_digest
from leaklint.config import Settings
from leaklint.gate import scan
from leaklint.leaning import Scanned
from leaklint.model import Problem, Report, Summary
from leaklint.paths import module_name, relative
from leaklint.scanning import Read, read_and_scan, scan_file
from leaklint.source import Source, SourceError

if TYPE_CHECKING:
    from leaklint.cache.folder import Folder


def check_one(text: str, path: str, settings: Settings) -> Report:
    """Check one text as the file ``path``, together with the files of the project that it imports, on disk."""
    started = time.perf_counter()
    one = _scanned(text, path)
    if isinstance(one, Problem):
        return Report((), (one,), Summary(files=1))
    source = Source(one.path, text)
    found = (
        _scan_again(file, os.stat(file).st_mtime_ns) for file in _imported(one.file, one.root, one.module, source.tree)
    )
    around = [result for result in found if not isinstance(result, Problem)]
    sources = {one.file: source, **{scanned.file: other for scanned, other in around}}
    done = analysed([one, *(scanned for scanned, _ in around)], sources, settings)
    own = tuple(finding for finding in done.findings if finding.path == one.path)
    problems = tuple(problem for problem in done.problems if problem.path == one.path)
    return Report(own, problems, Summary(1, min(done.gated, 1), len(own), round(time.perf_counter() - started, 3)))


def remembered(text: str, tree: ast.AST, path: str, settings: Settings, folder: Folder) -> Report:
    """Return what ``check_one`` returns, and remember it in ``folder`` for the same text among the same files.

    ``tree`` is the text's own ast, which saves parsing it again.
    """
    from leaklint.cache.codec import Codec, UnreadableError
    from leaklint.cache.keys import digest_of, key_of

    file, shown_path, (root, module) = os.path.abspath(path), relative(path), module_name(path)
    around = {other: _digest(other, os.stat(other).st_mtime_ns) for other in _imported(file, root, module, tree)}
    places = [(relative(other), module_name(other), digest) for other, digest in around.items()]
    own = digest_of(text.encode("utf-8", "surrogatepass"))
    key = key_of(os.getcwd(), file, root, module, own, settings, places)
    kept, codec = folder.read("single", key), Codec(Report)
    if kept is not None:
        try:
            return codec.load(kept)
        except UnreadableError:
            pass
    reads = {other: _read_again(other, os.stat(other).st_mtime_ns) for other in around}
    report = _with_facts(text, Scanned(file, shown_path, root, module, scan(tree)), reads, settings, folder)
    if {other: read.digest for other, read in reads.items()} == around:  # else a file has changed just now
        folder.write("single", key, codec.dump(report))
        folder.prune_sometimes()
    return report


def _with_facts(text: str, one: Scanned, around: dict[str, Read], settings: Settings, folder: Folder) -> Report:
    """Check one text; the facts of the other files are remembered, too, for all files that import them."""
    from leaklint.cache.memory import Memory
    from leaklint.engine import Work
    from leaklint.running import Running

    others = [read.result for read in around.values() if isinstance(read.result, Scanned)]
    memory = Memory(folder, "", {os.path.abspath(file): read.digest for file, read in around.items()}, facts=True)
    work = Work(Running(), memory=memory)
    done = analysed([one, *others], {one.file: Source(one.path, text)}, settings, work.facts)
    own = tuple(finding for finding in done.findings if finding.path == one.path)
    problems = tuple(problem for problem in done.problems if problem.path == one.path)
    return Report(own, problems, Summary(1, min(done.gated, 1), len(own)))


def _scanned(text: str, path: str) -> Scanned | Problem:
    try:
        gate = scan(Source(relative(path), text).tree)
    except SourceError as error:
        return Problem(relative(path), error.line, error.message)
    return Scanned(os.path.abspath(path), relative(path), *module_name(path), gate)


@lru_cache(maxsize=1024)
def _scan_again(file: str, changed: int) -> tuple[Scanned, Source] | Problem:
    """Scan a file that the files of one process import again and again, once for each of its versions."""
    return scan_file(file)


@lru_cache(maxsize=4096)
def _digest(file: str, changed: int) -> str:
    """Hash a file once in a process for each of its versions."""
    return content_digest(file)


@lru_cache(maxsize=1024)
def _read_again(file: str, changed: int) -> Read:
    """Read and gate a file once in a process for each of its versions, and drop its text."""
    return read_and_scan(file)


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


def _imported(file: str, root: str, module: str, tree: ast.AST) -> list[str]:
    """Return the files below the import root ``root`` that ``file`` imports, directly."""
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
