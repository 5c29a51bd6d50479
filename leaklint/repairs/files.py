"""One file as the repairs read it: its facts, its tree with scopes and parents, and text by node."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar
from weakref import WeakKeyDictionary

import libcst as cst

from leaklint.deep import deep_recursion
from leaklint.drafts.facts import tree as ast_tree
from leaklint.drafts.facts.model import FunctionFacts, ModuleFacts, Span
from leaklint.drafts.program import Program
from leaklint.drafts.program.once import once
from leaklint.repairs.scopes import CstScope, CstScopeTree, read_tree, walk
from leaklint.repairs.words import has_word, speaks_of, spoken_words, unmangled
from leaklint.source import Source, TreeError

_INDENT = re.compile(r"[ \t\f]*")
N = TypeVar("N", bound=cst.CSTNode)
Statement = cst.SimpleStatementLine | cst.BaseCompoundStatement
_FEW = 4  # words that are looked for one by one
_MOST = 400_000  # characters; a tree takes two hundred bytes for each
_WIDEST = 1_000_000  # characters of the files that one repair may have to look at by their trees
_trees: WeakKeyDictionary[Source, CstScopeTree] = WeakKeyDictionary()  # a tree knows nothing of its source


def _tree(source: Source) -> CstScopeTree:
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

    def __init__(self, module: ModuleFacts, source: Source) -> None:
        self.module = module
        self.source = source
        self.path = source.path
        self.text = source.text
        self.tree = _tree(source)
        self._at: dict[type[cst.CSTNode], dict[tuple[int, ...], cst.CSTNode]] = {}
        self._inner = {scope.node: scope for scope in self.tree.scopes}
        functions = [scope for scope in self.tree.scopes[1:] if scope.kind == "function"]
        self._functions = dict(zip(map(id, functions), module.functions.values(), strict=True))

    @cached_property
    def bound_to(self) -> dict[str, frozenset[str]]:
        """For each name that occurs in what the names of any scope are bound to, those names."""
        found: dict[str, set[str]] = {}
        for scope in self.tree.scopes:
            for name, ways in scope.bound.items():
                for way in ways:
                    if way.how in {"value", "element", "part"} and way.node is not None:
                        for used in _used_names(way.node):
                            found.setdefault(used, set()).add(name)
        return {used: frozenset(names) for used, names in found.items()}

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
        return tuple((Span(*self.source.span(node)), node) for node in self.nodes if isinstance(node, kinds))

    @property
    def is_kept(self) -> bool:
        """Tell whether the tree of this file is still there."""
        return _trees.get(self.source) is self.tree

    def touch(self) -> bool:
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

    def function(self, scope: CstScope) -> FunctionFacts:
        """Return the facts of the function that ``scope`` is, or of the module's body."""
        return self._functions.get(id(scope), self.module.body)

    def definition(self, function: FunctionFacts) -> cst.FunctionDef | None:
        """Return the node of a function of this file."""
        return self._definitions.get(id(function))

    @cached_property
    def _definitions(self) -> dict[int, cst.FunctionDef]:
        scopes = ((self._functions.get(id(scope)), scope.node) for scope in self.tree.scopes)
        return {id(facts): node for facts, node in scopes if facts is not None and isinstance(node, cst.FunctionDef)}

    def class_node(self, qualname: str) -> cst.ClassDef | None:
        """Return the node of the class with that qualified name."""
        return self._classes.get(qualname)

    @cached_property
    def _classes(self) -> dict[str, cst.ClassDef]:
        scopes = reversed(self.tree.scopes)  # of several classes of one name the first one counts
        return {scope.qualname: scope.node for scope in scopes if isinstance(scope.node, cst.ClassDef)}

    def at(self, span: Span, kind: type[N]) -> N | None:
        """Return the node of a kind that stands exactly at ``span``."""
        if kind not in self._at:
            own = (node for node in reversed(self.nodes) if isinstance(node, kind))
            self._at[kind] = {self.source.span(node): node for node in own}
        found = self._at[kind].get(tuple(span))
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


def _used_names(node: cst.CSTNode) -> Iterator[str]:
    for below in walk(node):
        if isinstance(below, cst.Name):
            yield below.value
        elif isinstance(below, cst.SimpleString):
            yield below.value.strip("\"'")


@once
def _read(_: Program) -> dict[str, ParsedFile]:
    """Return the files that repairs have read; one is of use for as long as its tree is kept."""
    return {}


@once
def _ranks(program: Program) -> dict[str, int]:
    return {module: rank for rank, module in enumerate(program.modules)}


@dataclass(slots=True)
class _Spoken:
    """For words the modules that speak of them: for a few that were asked after, or for all that may be."""

    modules: dict[str, list[str]] = field(default_factory=dict)
    is_whole: bool = False


@once
def _spoken(_: Program) -> _Spoken:
    return _Spoken()


def _fill(spoken: _Spoken, program: Program) -> None:
    """To look through all texts once for all words takes as long as to do it for a few words, one after the other."""
    spoken.is_whole = True
    found = spoken.modules = {word: [] for word in _names(program)}
    for module in program.modules:
        for word in found.keys() & spoken_words(program.source(module).text):
            found[word].append(module)


def _names(program: Program) -> Iterator[str]:
    """Yield the names by which repairs look for containers and functions: those that the program gives them."""
    yield from (unmangled(holder.binding.name) for holder in program.holders.all.values())
    for module in program.modules.values():
        yield from (function.name for function in module.functions.values())
        yield from (*module.names, *module.imports, *module.aliases)
    yield from (holder.binding.name for holder in program.holders.all.values())


def _bounded(size: int, word: str) -> None:
    """Raise ``TreeError`` if so many characters are too much to look at for one repair."""
    if size > _WIDEST:
        raise TreeError(f"more than {_WIDEST / 1e6:g} MB of source may mean it by {word}: decide by hand")


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
        if file is None or not file.touch():
            file = self._read[module] = ParsedFile(self.program.modules[module], self.program.source(module))
        return file

    def rank(self, module: str) -> int:
        """Return the place of a module in the order of the program."""
        return _ranks(self.program)[module]

    def saying(self, words: Collection[str], among: Collection[str]) -> list[str]:
        """Return those of the named modules in whose text one of ``words`` is a word, in the order of the program.

        Raises ``TreeError`` if they are too large together.
        """
        texts = ((module, self.program.source(module).text) for module in among)
        sizes = {module: len(text) for module, text in texts if any(has_word(text, word) for word in words)}
        _bounded(sum(sizes.values()), min(words, default=""))
        return sorted(sizes, key=_ranks(self.program).__getitem__)

    def speaking(self, word: str) -> list[str]:
        """Return the modules in whose text ``word`` stands as an attribute or as a text of its own, see ``speaks_of``."""
        spoken = _spoken(self.program)
        if word not in spoken.modules and not spoken.is_whole and len(spoken.modules) >= _FEW:
            _fill(spoken, self.program)
        if word not in spoken.modules:
            texts = ((module, self.program.source(module).text) for module in self.program.modules)
            spoken.modules[word] = [module for module, text in texts if speaks_of(text, word)]
        return spoken.modules[word]

    def mentioning(self, word: str, reaches: Callable[[str, str], bool]) -> Iterator[ParsedFile]:
        """Yield the files that speak of ``word``, if ``reaches`` admits module and text."""
        for module in self.speaking(word):
            if reaches(module, self.program.source(module).text):
                yield self[module]

    def passing(self, word: str, admits: Callable[[ModuleFacts, Source], bool]) -> Iterator[ParsedFile]:
        """Yield the files that speak of ``word`` if ``admits`` says so; nobody may keep a node of one."""
        passed = 0
        for module in self._admitted(word, admits):
            source = self.program.source(module)
            new = source not in _trees
            yield self[module]
            passed += len(source.text) if new else 0
            if new and passed > _MOST:
                _forget(source)

    def _admitted(self, word: str, admits: Callable[[ModuleFacts, Source], bool]) -> list[str]:
        """Return the modules that speak of ``word`` and are admitted. Raises ``TreeError`` if they are too large together."""
        found: list[str] = []
        size = 0
        for module in self.speaking(word):
            source = self.program.source(module)
            if source in _trees or admits(self.program.modules[module], source):
                found.append(module)
                size += len(source.text)
            if source not in _trees:
                source.drop_trees()
            _bounded(size, word)
        return found
