"""Expressions of one scope turned into terms; calls in them are noted as events in the order of their evaluation."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from leaklint.flow.terms import NONE, UNKNOWN, Term, as_text, is_small, union

if TYPE_CHECKING:
    from leaklint.flow.read import Scope

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitOr: "|", ast.BitXor: "^", ast.BitAnd: "&", ast.MatMult: "@",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in", ast.And: "and", ast.Or: "or", ast.Not: "not",
    ast.USub: "neg", ast.UAdd: "pos", ast.Invert: "invert",
}  # fmt: skip
Place = tuple[int, int, int, int]


def place_of(node: ast.expr | ast.stmt | ast.arg | ast.excepthandler) -> Place:
    """Return where a node stands: lines from 1, columns in bytes from 0."""
    return (node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset)


def operator_of(node: ast.AST) -> str:
    """Return how an operator is written."""
    return _OPERATORS.get(type(node), "?")


class Expressions:
    """Reads expressions in one scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def read(self, node: ast.expr | None) -> Term:
        """Return the term of an expression."""
        if node is None:
            return NONE
        reader = _READERS.get(type(node))
        if reader is None:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.read(child)
            return UNKNOWN
        return reader(self, node)

    def named(self, name: str, term: Term, place: Place) -> Term:
        """Return the term that stands for a local variable of this value: the value itself where that is small."""
        return term if is_small(term) else self.scope.fresh(name, [term], place)

    def _site(self, place: Place) -> tuple[str, int, int, int, int]:
        return (self.scope.file.module.name, *place)

    def _name(self, node: ast.Name) -> Term:
        return self.scope.lookup(node.id)

    def _attribute(self, node: ast.Attribute) -> Term:
        return self.scope.file.shared(("attr", self.read(node.value), node.attr))

    def _subscript(self, node: ast.Subscript) -> Term:
        base = self.read(node.value)
        if isinstance(node.slice, ast.Slice):
            for part in (node.slice.lower, node.slice.upper, node.slice.step):
                if part is not None:
                    self.read(part)
            return ("slice", base, ast.unparse(node.slice))
        return item_of(base, self.read(node.slice))

    def _call(self, node: ast.Call) -> Term:
        callee = self.read(node.func)
        arguments = tuple([self.read(argument) for argument in node.args])
        words = tuple([(word.arg or "**", self.read(word.value)) for word in node.keywords])
        place = place_of(node)
        term = ("call", callee, arguments, words, self._site(place))
        if callee[::2] == ("name", "vars") and len(arguments) == 1:
            return ("attr", arguments[0], "__dict__")
        if callee[::2] == ("name", "globals") and not arguments:
            return ("attr", ("dotted", self.scope.file.module.name), "__dict__")
        if (
            callee[0] == "call"
            and callee[1][-1] == "methodcaller"
            and len(arguments) == 1
            and callee[2]
            and (word := text_of(callee[2][0]))
        ):
            term = ("call", ("attr", arguments[0], word), callee[2][1:], callee[3], self._site(place))
        if (set_ := attribute_set(term)) is not None:
            self.scope.note("setattr", (set_[0], set_[2]), place, set_[1])
        else:
            self.scope.note("call", (term,), place)
        return term

    def _constant(self, node: ast.Constant) -> Term:
        return self.scope.file.shared(("const", repr(node.value)[:80], type(node.value).__name__))

    def _display(self, node: ast.Tuple | ast.List | ast.Set) -> Term:
        parts = tuple([self.read(part) for part in node.elts])
        return (type(node).__name__.lower(), parts, self._site(place_of(node)))

    def _dict(self, node: ast.Dict) -> Term:
        parts: list[Term] = []
        for key, value in zip(node.keys, node.values, strict=True):
            read = self.read(value)
            parts += [("star", UNKNOWN), ("star", read)] if key is None else [self.read(key), read]
        return ("dict", tuple(parts), self._site(place_of(node)))

    def _joined(self, node: ast.JoinedStr) -> Term:
        first = node.values[0] if node.values else None
        start = first.value if isinstance(first, ast.Constant) else ""
        parts = [self.read(part.value) for part in node.values if isinstance(part, ast.FormattedValue)]
        return ("text", tuple(parts), start)

    def _binary(self, node: ast.BinOp) -> Term:
        return ("op", operator_of(node.op), (self.read(node.left), self.read(node.right)))

    def _bool(self, node: ast.BoolOp) -> Term:
        return ("op", operator_of(node.op), tuple([self.read(part) for part in node.values]))

    def _unary(self, node: ast.UnaryOp) -> Term:
        return ("op", operator_of(node.op), (self.read(node.operand),))

    def _compare(self, node: ast.Compare) -> Term:
        left, parts = self.read(node.left), []
        for operator, right in zip(node.ops, node.comparators, strict=True):
            term = self.read(right)
            parts.append(("op", operator_of(operator), (left, term)))
            left = term
        return parts[0] if len(parts) == 1 else ("op", "and", tuple(parts))

    def _if(self, node: ast.IfExp) -> Term:
        test = self.read(node.test)
        with self.scope.guarded("if", test):
            first = self.read(node.body)
        with self.scope.guarded("if", test, holds=False):
            second = self.read(node.orelse)
        return union([first, second])

    def _lambda(self, node: ast.Lambda) -> Term:
        return self.scope.define_lambda(node)

    def _comp(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Term:
        before = dict(self.scope.env)
        sources, conditions = [], []
        for generator in node.generators:
            source = self.read(generator.iter)
            sources.append(source)
            self.scope.bind_target(generator.target, ("iter", source), place_of(generator.target), inner=True)
            conditions += [self.read(condition) for condition in generator.ifs]
        with self.scope.guarded("loop", sources[0]):
            results: tuple[Term, ...]
            if isinstance(node, ast.DictComp):
                results = (self.read(node.key), self.read(node.value))
            else:
                results = (self.read(node.elt),)
        self.scope.env = before
        kind = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict"}.get(type(node), "generator")
        return ("comp", kind, results, tuple(sources), tuple(conditions), self._site(place_of(node)))

    def _walrus(self, node: ast.NamedExpr) -> Term:
        value = self.read(node.value)
        self.scope.bind_target(node.target, value, place_of(node))
        return value

    def _await(self, node: ast.Await) -> Term:
        return self.read(node.value)

    def _yield(self, node: ast.Yield | ast.YieldFrom) -> Term:
        value = self.read(node.value)
        self.scope.yields = True
        value = ("iter", value) if isinstance(node, ast.YieldFrom) else value
        self.scope.note("yield", (value,), place_of(node))
        return ("sent", self.scope.key) if isinstance(node, ast.Yield) else UNKNOWN

    def _starred(self, node: ast.Starred) -> Term:
        return ("star", self.read(node.value))


_READERS: dict[type[ast.AST], Callable[..., Term]] = {
    ast.Name: Expressions._name, ast.Attribute: Expressions._attribute, ast.Subscript: Expressions._subscript,
    ast.Call: Expressions._call, ast.Constant: Expressions._constant, ast.Tuple: Expressions._display,
    ast.List: Expressions._display, ast.Set: Expressions._display, ast.Dict: Expressions._dict,
    ast.JoinedStr: Expressions._joined, ast.BinOp: Expressions._binary, ast.BoolOp: Expressions._bool,
    ast.UnaryOp: Expressions._unary, ast.Compare: Expressions._compare, ast.IfExp: Expressions._if,
    ast.Lambda: Expressions._lambda, ast.ListComp: Expressions._comp, ast.SetComp: Expressions._comp,
    ast.GeneratorExp: Expressions._comp, ast.DictComp: Expressions._comp, ast.NamedExpr: Expressions._walrus,
    ast.Await: Expressions._await, ast.Yield: Expressions._yield, ast.YieldFrom: Expressions._yield,
    ast.Starred: Expressions._starred,
}  # fmt: skip

__all__ = ["Expressions", "Place", "as_text", "operator_of", "place_of"]


def item_of(base: Term, key: Term) -> Term:
    """Return the term of ``base[key]``: of an attribute, where ``base`` is the ``__dict__`` that holds it."""
    word = text_of(key)
    return ("attr", base[1], word) if base[0] == "attr" and base[2] == "__dict__" and word else ("elem", base, key)


def attribute_set(call: Term) -> tuple[Term, str, Term] | None:
    """Return (object, name, value) of ``setattr(object, "name", value)`` or ``object.__setattr__(...)``."""
    _, callee, given, words, _ = call
    plain = callee[::2] == ("name", "setattr") or (
        callee[0] == "attr" and callee[2] == "__setattr__" and callee[1][::2] == ("name", "object")
    )
    word = text_of(given[1]) if plain and len(given) == 3 and not words else ""
    return (given[0], word, given[2]) if word else None


def text_of(term: Term) -> str:
    """Return the text of a constant that may be the name of an attribute; nothing for any other term."""
    word = term[1].strip("'\"") if term[0] == "const" and term[2] == "str" else ""
    return word if word.isidentifier() else ""
