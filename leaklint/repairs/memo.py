"""Memoised methods: what is cached moves to the instance, so that it dies with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from leaklint.contracts.library import of_nature, shipped
from leaklint.flow.model import Class, Decorator, Function
from leaklint.flow.terms import Term
from leaklint.model import Fix
from leaklint.repairs.again import not_again
from leaklint.repairs.draft import Draft
from leaklint.repairs.files import Files, ParsedFile
from leaklint.repairs.helpers import by_instance
from leaklint.repairs.holders import last_word
from leaklint.repairs.owners import Owners
from leaklint.repairs.program import Program, once, short
from leaklint.repairs.referents import (
    differing,
    outside_bases,
    prepare,
    shares_by_equality,
    slots_by_decorator,
    slots_of,
)
from leaklint.repairs.scopes import dotted_name, walk

CACHES = frozenset(one.called for one in shipped("functools").callables if one.memoises is not None)
_HARMLESS = of_nature("marker")
_INSIDE = re.compile(r"__dict__|__getstate__|__reduce|\bvars\(|\basdict\(")
_COPIES = re.compile(rf"\b(?:{'|'.join(sorted(of_nature('copies objects')))}|copy\.copy)\b")
CONTROLS = frozenset({"cache_clear", "cache_info", "cache_parameters", "__wrapped__"})  # of what ``functools`` caches
_ACCESSORS = frozenset({"setter", "deleter", "getter"})
ALONE, EACH = "functools.cached_property", "a cache that each instance makes for itself"
BESIDE = "a cache for each instance, which goes with it"
_DEFAULT_SIZE = "128"  # of lru_cache without an argument
_PLAIN_TYPES = frozenset({"int", "float", "str", "bool", "bytes", "complex", "None"})
_VALUE_CALLS = frozenset("len hash str int float bool repr any all object id".split())  # whatever they are given
_PLAIN_CALLS = _VALUE_CALLS | {"sum", "abs", "round"}


def cached_method(program: Program, function: Function, decorator: Decorator) -> Fix:
    """Return the repair of a method whose cache keeps ``self``.

    What is cached lies beside the instances, by weak keys: neither copies nor pickles carry it along, nothing can be
    assigned to it, slots need no room for it, and each of several methods that override one another has its own. A method
    whose cache is controlled, or whose results may lead back to the instance, becomes a ``cached_property``, or returns
    one, or becomes one that gives each instance an ``lru_cache`` of its own: the collector frees both together.
    """
    alone = len(function.params) == 1
    return _Method(program, function, decorator).fix(ALONE if alone else EACH)


class _Method:
    def __init__(self, program: Program, function: Function, decorator: Decorator) -> None:
        self.program = program
        self.files = Files(program)
        self.draft = Draft(self.files)
        self.file: ParsedFile = self.files.of(function.key)
        self.function = function
        self.decorator = decorator
        self.owner = function.owner

    def fix(self, replacement: str) -> Fix:
        node = self.file.definition(self.function)
        cached = next((one for one in node.decorators if self._is_the_one(one)), None) if node is not None else None
        if node is None or cached is None or not self.owner:
            return Fix("none", replacement, "the method could not be read")
        refusal = self._refusal(node, cached)
        if refusal:
            return Fix("none", replacement, refusal)
        if self.function.name == "__init__":
            self._drop_line(cached)
            return self.draft.fix("no cache", "an initialiser returns nothing that could be cached")
        equal = shares_by_equality(self.program, self.owner)
        limit = self._limit(cached)
        beside = bool(limit) and not self._is_controlled() and not self._leads_back(node)
        if equal:
            refusal = self._refusal_by_equality() if beside else f"{self.function.name}() has no cache of its own then"
            if refusal:
                told = f"{equal}: equal instances share what is cached, as long as any caller comes"
                return Fix("none", replacement, f"{told}, and {refusal}")
            self.draft.assume(
                f"{self.function.name}() may be worked out anew once the first of equal instances is gone"
            )
        if beside:
            return self._beside(node, cached, limit)
        refusal = self._refusal_by_class() or self._refusal_by_family()
        if refusal:
            return Fix("none", replacement, refusal)
        self._check_class()
        others = [one for one in node.decorators if one is not cached]
        prop = next((one for one in others if _name(one) == "property"), None)
        if prop is not None:
            self._property(node, prop, cached)
        elif len(self.function.params) == 1:
            self._method_alone(node, cached)
        else:
            self._method_with_arguments(node, cached)
        return self.draft.fix(replacement, "the value is kept by the instance and dies with it")

    def _is_the_one(self, node: cst.Decorator) -> bool:
        return self.file.source.place_of(node) == self.decorator.place

    def _refusal(self, node: cst.FunctionDef, cached: cst.Decorator) -> str:
        name = self.function.name
        if functools_name(self.program, self.decorator) not in CACHES:
            return f"the decorator on {name}() is not one of functools, so what it does besides caching is not known"
        if self.function.kind != "method":
            return f"{name}() is a {self.function.kind}"
        if self.function.is_async:
            return f"{name}() is a coroutine function: the cache would keep coroutines, which can be awaited only once"
        if self.function.yields:
            return f"{name}() is a generator function: the cache would keep generators, which can be walked only once"
        below = list(node.decorators)[list(node.decorators).index(cached) + 1 :]
        strange = [
            _name(one) for one in node.decorators if one is not cached and _name(one) not in _HARMLESS | {"property"}
        ]
        if strange or any(_name(one) != "property" for one in below):
            return f"the decorator {(strange or [_name(below[0])])[0]} of {name}() may depend on the cache"
        if any(self.file.indent(one) is None for one in node.decorators):
            return f"the decorators of {name}() share a line with other code"
        return self._refusal_by_use(name)

    def _refusal_by_use(self, name: str) -> str:
        """What other code does with the cached function itself."""
        if len(self.function.params) == 1:
            for where, _ in self._reached(CONTROLS):
                return f"the cache is controlled at {where}"
        if any(module == self.file.module.name for _, module in self._reached(_ACCESSORS)):
            return f"the property {name} has a setter or deleter"
        return ""

    def _refusal_by_class(self) -> str:
        """Where the method is reached through the class, which has no cache of its own once its instances make theirs."""
        name, family = self.function.name, self.program.classes.below(self.owner)
        words = {short(key) for key in family}
        for module, place, term in self.program.attributes(name, words) if len(self.function.params) > 1 else ():
            callee = self.program.callee(term[1])
            if callee is not None and callee.is_class and callee.key in family:
                source = self.program.source(module)
                return f"{source.at(place)} at {source.path}:{place[0]} is reached through the class"
        return ""

    def _reached(self, words: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Yield where the program asks one of some words of what goes by the name of the method, and in which module."""
        for word in sorted(words):
            for module, place, term in self.program.attributes(word):
                base = term[1][1] if term[1][0] == "attr" and term[1][2] == "fget" else term[1]
                if base[0] == "attr" and base[2] == self.function.name:
                    yield f"{self.program.names.modules[module].path}:{place[0]}", module

    def _refusal_by_equality(self) -> str:
        """Why what equal instances share may not go with the first of them: it would not be the same, or go at once."""
        fields = differing(self.draft, self.owner)
        if fields:
            return f"{fields}, so they may come to something else"
        passing = Owners(self.files).passing(self.owner)
        if passing:
            return f"the one made at {passing} is let go of at once"
        return not_again(self.files, self.function)

    def _refusal_by_family(self) -> str:
        """What a cache in the instance cannot do where classes override one another, or Python looks at the class."""
        name, program = self.function.name, self.program
        overriding = program.overridden(self.owner, name)
        if overriding and self._is_property():
            return f"a subclass overrides {name}, and both would use one place in the instance"
        if len(self.function.params) > 1:
            if overriding:
                return f"a subclass overrides {name}()"
            if any(name in program.names.classes[one].attributes for one in program.classes.order(self.owner)[1:]):
                return f"{name}() overrides the method of a base class"
            if name.startswith("__") and name.endswith("__"):
                return f"{name}() is looked up on the class, so no instance can have a cache of its own in its place"
        return ""

    def _is_property(self) -> bool:
        return any(last_word(one.term) == "property" for one in self.function.decorators)

    def _limit(self, cached: cst.Decorator) -> str:
        """Return the size of the cache as text; nothing where the decorator says more than that."""
        node, term = cached.decorator, _called(self.decorator.term)
        bound = term[0] == "name" and self.program.names.name(term[1], term[2])[0] == "global"
        if bound or not self.program.outside(
            term
        ):  # a memoiser that the program has made says elsewhere how large it is
            return ""
        default = "None" if functools_name(self.program, self.decorator) == "cache" else _DEFAULT_SIZE
        if not isinstance(node, cst.Call):
            return default
        if not node.args:
            return _DEFAULT_SIZE
        argument = node.args[0]
        if (
            len(node.args) > 1
            or argument.star
            or (argument.keyword is not None and argument.keyword.value != "maxsize")
        ):
            return ""
        text = self.file.code(argument.value)
        return text if text == "None" or (text.isdigit() and int(text) > 0) else ""

    def _is_controlled(self) -> bool:
        """Tell whether the program asks for figures of the cache, empties it, or reaches through to the method itself."""
        return any(True for _ in self._reached(CONTROLS))

    def _leads_back(self, node: cst.FunctionDef) -> bool:
        """Tell whether what is returned may refer to the instance, as far as the function itself shows."""
        this = self.function.params[0].name
        for found in (one for one in _returned(node) if not _is_plain(one, _VALUE_CALLS)):
            for below in walk(found):
                if isinstance(below, cst.Name) and below.value == this:
                    above = self.file.parent(below)
                    if not (isinstance(above, cst.Attribute) and above.value is below) or isinstance(found, cst.Lambda):
                        return True
        return False

    def _beside(self, node: cst.FunctionDef, cached: cst.Decorator, limit: str) -> Fix:
        draft, name = self.draft, self.function.name
        prepare(draft, self.owner)
        helper = by_instance(draft, self.file)
        draft.replace(self.file, cached.decorator, f"{helper}({'' if limit == 'None' else limit})")
        returns = self.file.code(node.returns.annotation).strip("'\"") if node.returns is not None else ""
        if returns not in _PLAIN_TYPES and not all(_is_plain(found) for found in _returned(node)):
            draft.assume(f"what {name}() returns does not lead back to the instance")
        return draft.fix(BESIDE, "what is cached is kept for as long as its instance lives, and nothing else sees it")

    def _check_class(self) -> None:
        """Cached values need a ``__dict__``; what copies or compares that dictionary would see them."""
        program, draft = self.program, self.draft
        classes = [program.names.classes[one] for one in program.classes.order(self.owner)]
        if all(_is_slotted(klass) for klass in classes) and not outside_bases(program, self.owner):
            if any(slots_by_decorator(klass) == "attrs" for klass in classes):
                draft.assume(
                    "attrs is of version 23.3 or later, which gives slotted classes room for cached properties"
                )
            else:
                draft.refuse(f"the slots of {short(self.owner)} leave no room for a cached value")
        for one in (*program.classes.order(self.owner), *program.heirs(self.owner)):
            file = self.files.of(one)
            node = file.class_node(one)
            if node is not None and _INSIDE.search(file.code(node)):
                draft.assume(f"{short(one)} does not mind one more entry in its __dict__")
        if _copies(self.program) or len(self.function.params) > 1:
            draft.assume(
                f"instances of {short(self.owner)} are not copied or pickled together with what they have cached"
            )

    def _property(self, node: cst.FunctionDef, prop: cst.Decorator, cached: cst.Decorator) -> None:
        first, second = (prop, cached) if self.file.start(prop) < self.file.start(cached) else (cached, prop)
        self.draft.replace(self.file, first.decorator, self._functools("cached_property"))
        self._drop_line(second)

    def _method_alone(self, node: cst.FunctionDef, cached: cst.Decorator) -> None:
        """``def f(self)`` returns a cached property, which takes over the body."""
        hidden = self._free_name(f"_cached_{self.function.name.strip('_')}")
        file, this = self.file, self.function.params[0].name
        returns = f" -> {file.code(node.returns.annotation)}" if node.returns is not None else ""
        lines = self._lines(node, f"def {self.function.name}({this}){returns}:", f"return {this}.{hidden}")
        self.draft.insert(file, file.line_start(file.start(cached)), lines)
        self.draft.replace(file, cached.decorator, self._functools("cached_property"))
        self.draft.replace(file, node.name, hidden)

    def _method_with_arguments(self, node: cst.FunctionDef, cached: cst.Decorator) -> None:
        """``f`` becomes a cached property that wraps the method, bound to the instance, in a cache."""
        hidden = self._free_name(f"_uncached_{self.function.name.strip('_').removeprefix('cached_')}")
        file, this = self.file, self.function.params[0].name
        made = f"return {file.code(cached.decorator)}({this}.{hidden})"
        lines = self._lines(node, f"def {self.function.name}({this}):", made)
        self.draft.replace(file, cached.decorator, self._functools("cached_property"))
        self.draft.insert(file, file.line_after(file.end(cached)), lines)
        self.draft.replace(file, node.name, hidden)
        self.draft.note("each instance and its cache refer to each other, so the collector frees them")

    def _lines(self, node: cst.FunctionDef, head: str, body: str) -> str:
        """Return a function of one line in the layout of the file, with a blank line after it."""
        indent, newline = self.file.indent(node.decorators[0]) or "", self.file.newline
        return f"{indent}{head}{newline}{indent}{self._unit(node)}{body}{newline}{newline}"

    def _functools(self, name: str) -> str:
        return self.draft.name(self.file, name, self.file.tree.module, module="functools")

    def _free_name(self, name: str) -> str:
        program, taken = self.program, set[str]()
        for one in (*program.classes.order(self.owner), *program.heirs(self.owner)):
            taken |= {*program.names.classes[one].attributes, *program.holders.assigned.get(one, ())}
        while name in taken:
            name += "_value"
        return name

    def _unit(self, node: cst.FunctionDef) -> str:
        """Return the white space by which the body of the method is indented against its head."""
        indent = node.body.indent if isinstance(node.body, cst.IndentedBlock) else None
        return indent if indent is not None else self.file.source.module.default_indent

    def _drop_line(self, node: cst.Decorator) -> None:
        start = self.file.line_start(self.file.start(node))
        self.draft.splice(self.file, start, self.file.line_after(self.file.end(node)), "")


def functools_name(program: Program, decorator: Decorator) -> str:
    """Return what a decorator is called in functools, ``lru_cache`` through any alias, or nothing."""
    term = _called(decorator.term)
    found = program.names.name(term[1], term[2]) if term[0] == "name" else term
    if found[0] == "global":
        given = program.names.modules[found[1]].names[found[2]]
        term = _called(given[0][0]) if len(given) == 1 else term
    name = program.outside(term)
    return name.removeprefix("functools.") if name.startswith("functools.") else ""


def _called(term: Term) -> Term:
    """Return what is called to make a decorator, or the decorator itself."""
    return term[1] if term[0] == "call" else term


def _returned(node: cst.FunctionDef) -> list[cst.BaseExpression]:
    """Return the expressions that a function returns, those of functions inside of it included."""
    return [below.value for below in walk(node.body) if isinstance(below, cst.Return) and below.value is not None]


def _is_plain(node: cst.BaseExpression, calls: frozenset[str] = _PLAIN_CALLS) -> bool:
    if isinstance(node, cst.Call):
        if isinstance(node.func, cst.Attribute):  # a method of a text makes texts and numbers
            return isinstance(node.func.value, (cst.SimpleString, cst.FormattedString))
        return isinstance(node.func, cst.Name) and node.func.value in calls
    if isinstance(node, cst.BinaryOperation):
        return any(isinstance(side, cst.SimpleString) for side in (node.left, node.right))
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Not) or _is_plain(node.expression, calls)
    plain = (cst.SimpleString, cst.FormattedString, cst.Integer, cst.Float, cst.Comparison)
    return isinstance(node, plain) or (isinstance(node, cst.Name) and node.value in {"None", "True", "False"})


def _name(node: cst.Decorator) -> str:
    called = node.decorator.func if isinstance(node.decorator, cst.Call) else node.decorator
    return dotted_name(called).rpartition(".")[2]


def _is_slotted(klass: Class) -> bool:
    slots = slots_of(klass)
    return (slots is not None and "__dict__" not in slots) or bool(slots_by_decorator(klass))


@once
def _copies(program: Program) -> bool:
    """Tell whether any file copies or pickles objects."""
    return any(_COPIES.search(program.source(name).text) for name in program.modules)
