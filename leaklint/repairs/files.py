"""One file as the repairs read it: its value flow, its tree with scopes and parents, and text by node."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from functools import cached_property
from typing import TypeVar
from weakref import WeakKeyDictionary

import libcst as cst

from leaklint.flow.model import Function, Module
from leaklint.flow.terms import UNKNOWN, Term
from leaklint.repairs.program import Program, once
from leaklint.repairs.scopes import CstScope, CstScopeTree, read_tree, walk
from leaklint.repairs.terms import FileTerms
from leaklint.source import Source, Span, TreeError, parse_ast

_INDENT = re.compile(r"[ \t\f]*")
N = TypeVar("N", bound=cst.CSTNode)
Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
_MOST = 400_000  # characters; a tree takes two hundred bytes for each
_WIDEST = 1_000_000  # characters of the files that one repair may have to look at by their trees
_trees: WeakKeyDictionary[Source, CstScopeTree] = WeakKeyDictionary()  # a tree knows nothing of its source


def _tree(source: Source) -> CstScopeTree:
    """Return the scopes of a file, read once for the repairs that follow each other."""
    tree = _trees.pop(source, None)
    if tree is None or tree.module.node is not source.module:
        tree = read_tree(source.module)
    _trees[source] = tree  # the last asked for stands last
    return tree


def let_go(most: int = _MOST) -> None:
    """Drop the trees of all files but those last asked for, of ``most`` characters together. No repair may be under way."""
    total = 0
    for source in reversed(list(_trees)):
        total += len(source.text)
        if total > most:
            _forget(source)


def _forget(source: Source) -> None:
    tree = _trees.pop(source, None)
    if tree is not None:
        tree.release()
        source.drop_trees()


class ParsedFile:
    """One module of the program with its tree. All offsets count characters of ``source.text``."""

    def __init__(self, module: Module, source: Source, terms: FileTerms) -> None:
        self.module = module
        self.source = source
        self.path = source.path
        self.text = source.text
        self.tree = _tree(source)
        self._terms = terms
        self._at: dict[type[cst.CSTNode], dict[Span, cst.CSTNode]] = {}
        self._inner = {scope.node: scope for scope in self.tree.scopes}
        inner = (one for one in module.functions.values() if one.name != "<lambda>" and one.kind != "module")
        self._functions = {one.place[:2]: one for one in inner}

    @cached_property
    def nodes(self) -> tuple[cst.CSTNode, ...]:
        """Every node of code in the order of the source."""
        return tuple(walk(self.source.module))

    @cached_property
    def attributes(self) -> dict[str, tuple[cst.Attribute, ...]]:
        """The expressions ``x.name`` by name, in the order of the source."""
        found: dict[str, list[cst.Attribute]] = {}
        for node in self.nodes:
            if isinstance(node, cst.Attribute):
                found.setdefault(node.attr.value, []).append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    @cached_property
    def stores(self) -> tuple[tuple[Span, cst.CSTNode], ...]:
        """The assignments and calls, which may put something into a container, with their spans."""
        kinds = (cst.Assign, cst.AnnAssign, cst.AugAssign, cst.Call)
        return tuple((self.source.span(node), node) for node in self.nodes if isinstance(node, kinds))

    @property
    def is_kept(self) -> bool:
        """Tell whether the tree of this file is still there."""
        return _trees.get(self.source) is self.tree

    def mark_as_used(self) -> bool:
        """Let the tree of this file be one of those last asked for; tell whether it is still there."""
        kept = self.is_kept
        if kept:
            _trees[self.source] = _trees.pop(self.source)
        return kept

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return the node around ``node``; None for the module."""
        return self.tree.parents.get(node)

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield the nodes around ``node``, innermost first."""
        here = self.parent(node)
        while here is not None:
            yield here
            here = self.parent(here)

    def scope(self, node: cst.CSTNode) -> CstScope:
        """Return the scope that ``node`` is evaluated in; decorators, bases and parameters belong to the outer one."""
        below = node
        for above in self.around(node):
            if isinstance(above, (cst.FunctionDef, cst.ClassDef)) and above.body is below:
                return self._inner[above]
            below = above
        return self.tree.module

    def inner(self, node: cst.FunctionDef | cst.ClassDef) -> CstScope:
        """Return the scope that a definition opens."""
        return self._inner[node]

    def function(self, scope: CstScope) -> Function:
        """Return the value flow of the function, class body or module body that ``scope`` is."""
        if isinstance(scope.node, cst.Module):
            return self.module.functions[f"{self.module.name}:"]
        return self._functions[self.source.place_of(scope.node)[:2]]

    def term(self, node: cst.CSTNode) -> Term | None:
        """Return what an expression denotes where it stands; None for what is no expression, or not read."""
        term = self._terms.at.get(self.source.place_of(node))
        if id(node) in self._in_texts and isinstance(node, cst.BaseExpression):
            code = ast.unparse(parse_ast(f"({self.code(node)})"))
            term = self._terms.in_texts.get((self.function(self.scope(node)).key, code))
        return term

    @cached_property
    def _in_texts(self) -> frozenset[int]:
        """The nodes inside of formatted strings."""
        texts = (node for node in self.nodes if isinstance(node, cst.FormattedStringExpression))
        return frozenset(id(below) for node in texts for below in walk(node))

    def denoted(self, node: cst.CSTNode | None) -> Term:
        """Return what an expression denotes where it stands, also if that is not known."""
        return (self.term(node) if node is not None else None) or UNKNOWN

    def evaluates(self, node: cst.Name) -> bool:
        """Tell whether a name is evaluated or assigned: not that of an attribute, keyword or import, nor a lambda's own."""
        term = self.term(node)
        return term is not None and not (term[0] == "param" and "<lambda>" in term[1].rpartition(".")[2])

    def definition(self, function: Function) -> cst.FunctionDef | None:
        """Return the node of a function of this file."""
        return self._definitions.get(function.place[:2])

    @cached_property
    def _definitions(self) -> dict[tuple[int, int], cst.FunctionDef]:
        nodes = (scope.node for scope in self.tree.scopes if isinstance(scope.node, cst.FunctionDef))
        return {self.source.place_of(node)[:2]: node for node in nodes}

    def class_node(self, key: str) -> cst.ClassDef | None:
        """Return the node of a class of this file, by its key."""
        klass = self.module.classes.get(key)
        return self._classes.get(klass.place[:2]) if klass is not None else None

    @cached_property
    def _classes(self) -> dict[tuple[int, int], cst.ClassDef]:
        nodes = (scope.node for scope in self.tree.scopes if isinstance(scope.node, cst.ClassDef))
        return {self.source.place_of(node)[:2]: node for node in nodes}

    def at(self, span: Span, kind: type[N]) -> N | None:
        """Return the node of a kind that stands exactly at ``span``."""
        if kind not in self._at:
            own = (node for node in reversed(self.nodes) if isinstance(node, kind))
            self._at[kind] = {self.source.span(node): node for node in own}
        found = self._at[kind].get(span)
        return found if isinstance(found, kind) else None

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


@once
def _read(_: Program) -> dict[str, ParsedFile]:
    """Return the files that repairs have read; one is of use for as long as its tree is kept."""
    return {}


@once
def _ranks(program: Program) -> dict[str, int]:
    return {module: rank for rank, module in enumerate(program.modules)}


class Files:
    """The files of a program as one repair reads them, each on first need."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._read = _read(program)
        for module, file in list(self._read.items()):
            if not file.is_kept:
                del self._read[module]

    def __getitem__(self, module: str) -> ParsedFile:
        file = self._read.get(module)
        if file is None or not file.mark_as_used():
            source, terms = self.program.source(module), self.program.terms(module)
            file = self._read[module] = ParsedFile(self.program.names.modules[module], source, terms)
        return file

    def of(self, key: str) -> ParsedFile:
        """Return the file of a function or class."""
        return self[self.program.module_of(key)]

    def call_nodes(self, function: Function) -> Iterator[tuple[ParsedFile, cst.Call]]:
        """Yield the calls of a function that are written as such, each with its file."""
        for call in self.program.calls(function.key):
            file = self.of(call.caller)
            node = file.at(file.source.span_of(call.event.place), cst.Call)
            if node is not None:
                yield file, node

    def rank(self, module: str) -> int:
        """Return the place of a module in the order of the program."""
        return _ranks(self.program)[module]

    def bounded(self, modules: Collection[str], word: str) -> None:
        """Raise ``TreeError`` if modules are too large to be looked at for one repair."""
        if sum(len(self.program.source(module).text) for module in modules) > _WIDEST:
            raise TreeError(f"more than {_WIDEST / 1e6:g} MB of source may mean it by {word}: decide by hand")

    def mentioning(self, name: str) -> Iterator[ParsedFile]:
        """Yield the files that ask for, set or delete an attribute of that name."""
        for module in dict.fromkeys(module for module, _, _ in self.program.attributes(name)):
            yield self[module]
