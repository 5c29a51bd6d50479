"""What each expression of a file denotes: its value flow read once more, with the term of every expression by its place."""

from __future__ import annotations

import ast
from typing import NamedTuple

from leaklint.flow.expressions import Expressions, Place, item_of, place_of
from leaklint.flow.model import Module
from leaklint.flow.read import File, Scope
from leaklint.flow.statements import Statements
from leaklint.flow.terms import Term


class FileTerms(NamedTuple):
    """The terms of a file's expressions and targets, by their places.

    ``in_texts`` has those inside of formatted strings by function and code: before Python 3.12 their places are wrong.
    ``attributes`` has those of attributes by their names, in the order of the source.
    """

    at: dict[Place, Term]
    in_texts: dict[tuple[str, str], Term]
    attributes: dict[str, list[tuple[Place, Term]]]


def read_terms(tree: ast.Module, module: Module) -> FileTerms:
    """Return the terms of a file whose value flow is ``module``."""
    file = _File(tree, module)
    scope = _Scope(file, "module", f"{module.name}:", None)
    Statements(scope).block(tree.body)
    for node in ast.walk(tree):
        for target in node.targets if isinstance(node, ast.Delete) else ():
            if isinstance(target, ast.Attribute) and place_of(target.value) in file.at:
                file.keep(target, ("attr", file.at[place_of(target.value)], target.attr), scope)
    for found in file.attributes.values():
        found.sort()
    return FileTerms(file.at, file.in_texts, file.attributes)


class _File(File):
    def __init__(self, tree: ast.Module, module: Module) -> None:
        super().__init__(module.name, module.path, module.is_package)
        self.at: dict[Place, Term] = {}
        self.in_texts: dict[tuple[str, str], Term] = {}
        self.attributes: dict[str, list[tuple[Place, Term]]] = {}
        self.texts = 0  # formatted strings around what is being read
        self._nodes = set(map(id, ast.walk(tree)))  # an annotation that is a text is parsed apart, and has no place

    def keep(self, node: ast.expr, term: Term, scope: Scope) -> None:
        if id(node) not in self._nodes:
            return
        if isinstance(node, ast.Attribute) and term[0] == "attr":
            self.attributes.setdefault(term[2], []).append((place_of(node), term))
        if self.texts:
            self.in_texts[_named(scope).key, ast.unparse(node)] = term
        else:
            self.at[place_of(node)] = term


class _Expressions(Expressions):
    def read(self, node: ast.expr | None) -> Term:
        file = self.scope.file
        assert isinstance(file, _File)
        if isinstance(node, ast.JoinedStr):
            file.texts += 1
            term = super().read(node)
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    self.read(part.format_spec)
            file.texts -= 1
        else:
            term = super().read(node)
        if node is not None:
            file.keep(node, term, self.scope)
        return term


class _Scope(Scope):
    reader = _Expressions

    def bind_target(self, target: ast.expr, value: Term, place: Place, inner: bool = False) -> None:
        super().bind_target(target, value, place, inner)
        file = self.file
        assert isinstance(file, _File)
        if isinstance(target, ast.Name):
            file.keep(target, self.lookup(target.id), self)
        elif isinstance(target, (ast.Attribute, ast.Subscript)) and place_of(target.value) in file.at:
            base = file.at[place_of(target.value)]
            if isinstance(target, ast.Attribute):
                term: Term = ("attr", base, target.attr)
            elif isinstance(target.slice, ast.Slice):
                term = ("slice", base, "")
            else:
                term = item_of(base, self.expressions.read(target.slice))
            file.keep(target, term, self)


def _named(scope: Scope) -> Scope:
    """Return the function, class or module that a scope is, or that a lambda stands in."""
    while scope.parent is not None and "<lambda>" in scope.key.rpartition(".")[2]:
        scope = scope.parent
    return scope
