"""One file as the repairs read it: its facts, its tree with scopes and parents, and text by node."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from weakref import WeakKeyDictionary

import libcst as cst

from leaklint.deep import deep_recursion
from leaklint.facts import tree as ast_tree
from leaklint.facts.model import Function, Module, Span
from leaklint.program import Program
from leaklint.repairs.scopes import Scope, Tree, read_tree, walk
from leaklint.source import Source

_INDENT = re.compile(r"[ \t\f]*")
Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
_MOST = 1_000_000  # characters; a tree takes some hundred bytes for each
_trees: WeakKeyDictionary[Source, Tree] = WeakKeyDictionary()  # a tree knows nothing of its source


def _tree(source: Source) -> Tree:
    """Return the scopes of a file, read once for the repairs that follow each other."""
    tree = _trees.pop(source, None)
    if tree is None or tree.module.node is not source.module:
        module = source.module
        with deep_recursion():
            facts = ast_tree.read_tree(source.tree)
        tree = read_tree(module, facts)
    _trees[source] = tree  # the last asked for stands last
    return tree


def let_go(most: int = _MOST) -> None:
    """Drop the trees of all files but those last asked for, of ``most`` characters together. No repair may be under way."""
    total = 0
    for source, tree in reversed(list(_trees.items())):
        total += len(source.text)
        if total > most:
            del _trees[source]
            tree.release()
            source.drop_trees()


class File:
    """One module of the program with its tree. All offsets count characters of ``source.text``."""

    def __init__(self, module: Module, source: Source) -> None:
        self.module = module
        self.source = source
        self.path = source.path
        self.text = source.text
        self.tree = _tree(source)
        self._inner = {scope.node: scope for scope in self.tree.scopes}
        functions = [scope for scope in self.tree.scopes[1:] if scope.kind == "function"]
        self._functions = dict(zip(map(id, functions), module.functions.values(), strict=True))

    @cached_property
    def bindings(self) -> dict[str, frozenset[str]]:
        """For each name that any scope binds, the names that occur in what it is bound to."""
        found: dict[str, set[str]] = {}
        for scope in self.tree.scopes:
            for name, ways in scope.bound.items():
                for way in ways:
                    if way.how in {"value", "element", "part"} and way.node is not None:
                        found.setdefault(name, set()).update(_names(way.node))
        return {name: frozenset(names) for name, names in found.items()}

    def nodes(self) -> Iterator[cst.CSTNode]:
        """Yield every node of code in the order of the source."""
        return walk(self.source.module)

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return the node around ``node``; None for the module."""
        return self.tree.parents.get(node)

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield the nodes around ``node``, innermost first."""
        here = self.parent(node)
        while here is not None:
            yield here
            here = self.parent(here)

    def scope(self, node: cst.CSTNode) -> Scope:
        """Return the scope that ``node`` is evaluated in; decorators, bases and parameters belong to the outer one."""
        below = node
        for above in self.around(node):
            if isinstance(above, (cst.FunctionDef, cst.ClassDef)) and above.body is below:
                return self._inner[above]
            below = above
        return self.tree.module

    def inner(self, node: cst.FunctionDef | cst.ClassDef) -> Scope:
        """Return the scope that a definition opens."""
        return self._inner[node]

    def function(self, scope: Scope) -> Function:
        """Return the facts of the function that ``scope`` is, or of the module's body."""
        return self._functions.get(id(scope), self.module.body)

    def definition(self, function: Function) -> cst.FunctionDef | None:
        """Return the node of a function of this file."""
        for scope in self.tree.scopes:
            if self._functions.get(id(scope)) is function and isinstance(scope.node, cst.FunctionDef):
                return scope.node
        return None

    def class_node(self, qualname: str) -> cst.ClassDef | None:
        """Return the node of the class with that qualified name."""
        for scope in self.tree.scopes:
            if scope.qualname == qualname and isinstance(scope.node, cst.ClassDef):
                return scope.node
        return None

    def at(self, span: Span, kind: type[cst.CSTNode]) -> cst.CSTNode | None:
        """Return the node of a kind that stands exactly at ``span``."""
        wanted = tuple(span)
        for node in self.nodes():
            if isinstance(node, kind) and self.source.span(node) == wanted:
                return node
        return None

    def start(self, node: cst.CSTNode) -> int:
        """Return the offset at which ``node`` starts, without parentheses of its own."""
        return self.source.offsets(node)[0]

    def end(self, node: cst.CSTNode) -> int:
        """Return the offset just after ``node``, without parentheses of its own."""
        return self.source.offsets(node)[1]

    def code(self, node: cst.CSTNode) -> str:
        """Return the text of ``node`` as it stands in the file, in parentheses if it has some of its own."""
        text = self.text[self.start(node) : self.end(node)]
        return f"({text})" if getattr(node, "lpar", ()) else text

    def line(self, node: cst.CSTNode) -> int:
        """Return the line of ``node``, from 1."""
        return self.source.span(node)[0]

    def place(self, node: cst.CSTNode) -> str:
        """Return ``path:line`` of ``node``."""
        return f"{self.path}:{self.line(node)}"

    def statement(self, node: cst.CSTNode) -> Statement | None:
        """Return the innermost whole statement that ``node`` stands in (or is)."""
        for here in (node, *self.around(node)):
            if isinstance(here, (cst.SimpleStatementLine, cst.BaseCompoundStatement)):
                return here
        return None

    def line_start(self, offset: int) -> int:
        """Return the offset at which the line of ``offset`` starts."""
        return self.source.line_starts[self.source.line_of(offset) - 1]

    def line_after(self, offset: int) -> int:
        """Return the offset at which the line after that of ``offset`` starts, or the end of the text."""
        line = self.source.line_of(offset)
        starts = self.source.line_starts
        return starts[line] if line < len(starts) else len(self.text)

    def indent(self, node: cst.CSTNode) -> str | None:
        """Return the white space before a statement that starts its line, or None if something else does."""
        begin = self.start(node)
        before = self.text[self.line_start(begin) : begin]
        return before if _INDENT.fullmatch(before) else None

    @property
    def newline(self) -> str:
        """Return the line end that the file uses; a file of one line gets ``\\n``."""
        found = re.search(r"\r\n|\r|\n", self.text)
        return found[0] if found else "\n"


def _names(node: cst.CSTNode) -> Iterator[str]:
    for below in walk(node):
        if isinstance(below, cst.Name):
            yield below.value
        elif isinstance(below, cst.SimpleString):
            yield below.value.strip("\"'")


class Files:
    """The files of a program, each read on first need, for as long as one repair is worked out."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._read: dict[str, File] = {}

    def __getitem__(self, module: str) -> File:
        if module not in self._read:
            self._read[module] = File(self.program.modules[module], self.program.source(module))
        return self._read[module]

    def mentioning(self, words: frozenset[str], reaches: Callable[[str, str], bool]) -> Iterator[File]:
        """Yield the files in which one of ``words`` occurs as a word, if ``reaches`` admits module and text."""
        pattern = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, sorted(words))) + r")(?!\w)")
        for module in self.program.modules:
            text = self.program.source(module).text
            if any(word in text for word in words) and pattern.search(text) and reaches(module, text):
                yield self[module]
