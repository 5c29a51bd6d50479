"""Points-to sets on demand: what a term may denote, by classes, fields, calls and returns of the whole program.

Abstract values are tuples: ``("class", key)``, ``("func", key)``, ``("method", receiver, key)``, ``("module", name)``,
``("ext", dotted)`` (outside of the program), ``("extinst", dotted, site)`` (what such a callable returned),
``("inst", class, site)`` (made at a site; None: somewhere), ``("self", class)`` (any object of the class or an heir),
``("container", kind, site)``, ``("cmethod", container, name)``, ``("partial", callee, arguments)``,
``("memo", function, bound, site)``, ``("super", class)``, ``("param", function, name)``, ``("plain", type)``, ``("weak",)``,
``("exc",)``, ``("part",)`` (of something unknown), ``("made",)`` (an unknown call's result), ``("none",)``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from leaklint.contracts import standard
from leaklint.flow.model import Event, Function, Module
from leaklint.flow.terms import DISPLAYS, NONE, Term, is_small, options, rebuilt, walk
from leaklint.heap.annotations import Annotations
from leaklint.heap.classes import Classes
from leaklint.heap.external import External
from leaklint.heap.names import Names

if TYPE_CHECKING:
    from leaklint.heap.effects import Call

Values = frozenset[Term]
NOTHING: Values = frozenset()
PART: Values = frozenset([("part",)])
_COMMON = frozenset(name for kind in (str, list, dict, set, bytes) for name in dir(kind))
_DEPTH = 14  # how many calls deep a value is followed


class PointsTo:
    """Points-to sets of one program, each worked out once."""

    def __init__(self, modules: Mapping[str, Module]) -> None:
        self.names = Names(modules)
        self.functions = self.names.functions
        self.classes = Classes(self.names, self.evaluate)
        self.annotations = Annotations(self)
        self.external = External(self)
        self.contents: dict[Term, list[tuple[Term | None, Term]]] = {}  # what is put into containers at run time
        self.wrapped: dict[str, set[str]] = {}  # functions of which a wrapper is made
        self.arguments: dict[tuple[str, str], list[Term]] = {}
        self._known: dict[Term, Values] = {}
        self._provisional: dict[Term, Values] = {}
        self._open: set[Term] = set()
        self._hits: set[Term] = set()
        self._depth = 0
        self.calls: Mapping[str, Sequence[Call]] = {}  # as far as they are known
        self._giving: set[Term] = set()
        self.static: set[str] = set()  # functions in class bodies that are only ever called without an object
        self._owners: dict[str, list[str]] = {}
        for key, klass in self.names.classes.items():
            for word in klass.methods:
                if word not in _COMMON and not word.startswith("__"):
                    self._owners.setdefault(word, []).append(key)
        self._setattrs: dict[str, list[tuple[str, Event]]] = {}
        for key, function in self.functions.items():
            for event in function.events:
                if event.kind == "setattr":
                    self._setattrs.setdefault(event.name, []).append((key, event))

    def forget(self) -> None:
        """Work everything out anew: what containers hold has become known."""
        self._known.clear()

    def evaluate(self, term: Term) -> Values:
        """Return what a term may denote. A cycle is nothing in itself."""
        known = self._known.get(term)
        if known is None:
            known = self._provisional.get(term)
        if known is not None:
            return known
        if term in self._open or self._depth > _DEPTH * 6:
            self._hits.add(term)
            return NOTHING
        self._open.add(term)
        self._depth += 1
        before, self._hits = self._hits, set()
        try:
            found = self._evaluate(term)
        finally:
            self._open.discard(term)
            self._depth -= 1
            self._hits.discard(term)
            hits, self._hits = self._hits, before | self._hits
        if hits:  # it rests on what is not complete yet: good enough for whoever asks within this question
            self._provisional[term] = found
        else:
            self._known[term] = found
        if not self._open:
            self._hits.clear()
            self._provisional.clear()
            self._known[term] = found
        return found

    def all_of(self, terms: Iterable[Term]) -> Values:
        """Return what any of several terms may denote."""
        return frozenset().union(*(self.evaluate(term) for term in terms))

    def _evaluate(self, term: Term) -> Values:
        kind = term[0]
        if kind == "const":
            return frozenset([("none",) if term[1] == "None" else ("plain", term[2])])
        if kind == "name":
            return self._resolved(self.names.name(term[1], term[2]))
        if kind == "dotted":
            return self._resolved(self.names.dotted(term[1]))
        if kind in {"global", "module", "ext"}:
            return self._resolved(term)
        if kind in {"class", "func"}:
            return frozenset([term])
        if kind == "param":
            return self._param(term)
        if kind in {"any", "made"}:
            return frozenset([term[1]]) if kind == "any" else self.evaluate(term[2])
        if kind == "cell":
            return self.all_of(self.cell(term))
        if kind == "fresh":
            function = self.functions.get(term[1])
            label = f"{term[2]}@{term[3][0]}:{term[3][1]}"
            return self.all_of(function.assigned.get(label, ())) if function is not None else PART
        if kind == "attr":
            return frozenset().union(*(self.attribute(value, term[2], term[1]) for value in self.evaluate(term[1])))
        if kind in {"elem", "iter"}:
            return self._elements(term)
        if kind == "call":
            return self._call(term)
        if kind in DISPLAYS or kind == "comp":
            return frozenset([self._display(term)])
        if kind == "union":
            return self.all_of(term[1])
        if kind == "slice":
            return frozenset(self._copied(value, term) for value in self.evaluate(term[1]))
        if kind == "enter":
            return self._entered(term)
        if kind == "text":
            return frozenset([("plain", "str")])
        if kind == "op":
            return self._operation(term)
        if kind == "star":
            return self.evaluate(("iter", term[1]))
        return frozenset([("exc",)]) if kind == "exception" else PART

    def _display(self, term: Term) -> Term:
        """Return the container that a display or comprehension makes; what it holds from the start is noted."""
        if term[0] == "comp":
            made: Term = ("container", "list" if term[1] == "generator" else term[1], term[5])
            parts = [(term[2][0] if len(term[2]) > 1 else None, term[2][-1])]
        elif term[0] == "dict":
            made = ("container", "dict", term[2])
            parts = list(zip(term[1][::2], term[1][1::2], strict=True))
        else:
            made = ("container", term[0], term[2])
            parts = [
                (("const", str(n), "int") if term[0] == "tuple" and part[0] != "star" else None, part)
                for n, part in enumerate(term[1])
            ]
        if made not in self.contents and parts:
            self.contents[made] = parts
        return made

    # names and variables

    def _resolved(self, found: Term) -> Values:
        if found[0] == "global":
            values = self.names.modules[found[1]].names.get(found[2], ())
            got = self.all_of(value for value, _, _ in values)
            if got <= {("none",)}:
                hint = self.names.modules[found[1]].annotations.get(found[2])
                got |= self.annotations.of(hint) if hint is not None else NOTHING
            imported = self.names.modules[found[1]].imports.get(found[2])
            return got | self._resolved(self.names.dotted(imported)) if imported is not None else got
        if found[0] == "attr":
            return self.evaluate(found)
        return frozenset([found])

    def cell(self, term: Term) -> tuple[Term, ...]:
        """Return the terms that a variable of an enclosing function may have."""
        function = self.functions.get(term[1])
        if function is None:
            return ()
        values = function.assigned.get(term[2], ())
        if any(param.name == term[2] for param in function.params):
            return (*values, ("param", term[1], term[2]))
        return values

    def _param(self, term: Term) -> Values:
        function = self.functions.get(term[1])
        if function is None:
            return PART
        if function.owner and function.params and function.kind in {"method", "classmethod"} and function.key not in self.static:
            if function.params[0].name == term[2] and function.params[0].kind == "pos":
                return self._receiver(function)
        param = next((one for one in function.params if one.name == term[2]), None)
        if param is None:
            return PART
        if param.kind == "**":
            return frozenset([("container", "dict", ("**", function.key))])
        wrapped = self._of_wrapper(function, param.name)
        if param.kind == "*":
            return frozenset([("container", "tuple", ("*", function.key))])
        if wrapped:
            return wrapped
        if param.annotation is not None:
            values = self.annotations.of(param.annotation)
            if values:
                return values
        default = self.evaluate(param.default) if param.default is not None else NOTHING
        if default and all(value[0] == "plain" for value in default) and param.default is not None and param.default[0] == "const":
            return default
        return frozenset([("param", term[1], term[2])]) | frozenset(v for v in default if v[0] == "container")

    def _of_wrapper(self, function: Function, name: str) -> Values:
        """Return the object that the first parameter of a wrapper is, where it wraps methods."""
        positional = [one for one in function.params if one.kind == "pos"]
        first = next(iter(positional[1 if function.owner else 0 :]), None)
        if first is None or first.name != name:
            return NOTHING
        if function.name in {"__get__", "__set__", "__delete__"} and function.owner and not self.wrapped.get(function.key):
            return frozenset([("inst", "?", ("descriptor", function.key))])  # by its protocol: whose attribute it is
        if not self.wrapped.get(function.key):
            return NOTHING
        owners = [self.functions[key] for key in self.wrapped[function.key]]
        return frozenset(
            ("self", one.owner) for one in owners if one.kind == "method" and one.owner
        )

    def _receiver(self, function: Function) -> Values:
        owner = function.owner
        if function.kind == "classmethod" or function.name in {"__new__", "__init_subclass__", "__class_getitem__"}:
            return frozenset([("class", owner)]) if not self.classes.is_metaclass(owner) else frozenset([("metaclass", owner)])
        if self.classes.is_metaclass(owner):
            return frozenset([("anyclass", owner)])
        return frozenset([("self", owner)])

    # attributes

    def attribute(self, value: Term, name: str, base: Term) -> Values:
        """Return what attribute ``name`` of a value may be; ``base`` is the term of the value, for methods' receivers."""
        kind = value[0]
        if kind in {"inst", "self"}:
            return self._of_instance(value, name, base) if value[1] != "?" else PART
        if kind in {"class", "anyclass", "metaclass"}:
            return self._of_class(value, name)
        if kind == "super":
            found = self._method_above(value[1], name)
            if found is None and name in {"__new__", "__call__", "__init__"}:
                return frozenset([("ext", f"super.{name}")])
            if found is None and (above := self._attribute_above(value[1], name)) is not None:
                return self.evaluate(above)
            return frozenset([("method", ("self", value[1]), found)]) if found else self._of_base_outside(value[1], name)
        if kind == "module":
            found_name = self.names.in_module(value[1], name) if value[1] in self.names.modules else None
            if found_name is None:
                found_name = self.names.dotted(f"{value[1]}.{name}")
            return self._resolved(found_name)
        if kind == "ext":
            return frozenset([("ext", f"{value[1]}.{name}")])
        if kind == "extinst":
            return frozenset([("ext", f"{value[1]}.{name}")])
        if kind in {"func", "memo"}:
            got = self.all_of(term for base_, term in self.assigned_on(name) if value in self.evaluate(base_))
            return got or frozenset([("ext", f"?memo.{name}")] if kind == "memo" else [("part",)])
        if kind == "method":
            return self.attribute(("func", value[2]), name, base)
        if kind == "container":
            if value[1] in {"local", "namespace"}:
                return self.all_of(term for base_, term in self.assigned_on(name) if value in self.evaluate(base_)) or PART
            return frozenset([("cmethod", value, name)])
        if kind in {"plain", "none"}:
            return frozenset([("plain", "?")]) if kind == "plain" else NOTHING
        return self._of_param(value, name, base) if kind in {"param", "part"} else PART

    def assigned_on(self, name: str) -> list[tuple[Term, Term]]:
        """Return (base, value) of every assignment to an attribute of this name."""
        return [(event.terms[0], event.terms[1]) for _, event in self._setattrs.get(name, ())]

    def assignments(self, name: str) -> list[tuple[str, Event]]:
        """Return (function, event) of every assignment to an attribute of this name."""
        return self._setattrs.get(name, [])

    def field_terms(self, key: str, name: str) -> list[tuple[str, Event]]:
        """Return the assignments to a field of the objects of a class, wherever they stand."""
        found = []
        for function, event in self._setattrs.get(name, ()):
            base = event.terms[0]
            if base[0] == "param":
                home = self.functions[function]
                while home.owner == "" and home.parent and base[1] != home.key:
                    home = self.functions[home.parent]
                values = self._param(base)
            else:
                values = self.evaluate(base)
            values |= frozenset(one for value in values if value[0] == "param" for one in self.given(value))
            if any(value[0] in {"inst", "self"} and value[1] != "?" and self.classes.related(value[1], key) for value in values):
                found.append((function, event))
        return found

    def _of_instance(self, value: Term, name: str, base: Term) -> Values:
        key = value[1]
        if name == "__class__":
            return frozenset([("class", key)])
        if name == "__dict__":
            return frozenset([("container", "dict", ("__dict__", key))])
        method = self.classes.method(key, name)
        fields = self.field_terms(key, name)
        got = self.all_of(event.terms[1] for _, event in fields)
        if method is not None:
            return got | self._bound(value, key, name, method, base)
        attribute = self.classes.attribute(key, name)
        shadowed = any(self.functions[f].name == "__init__" and not _is_conditional(e) for f, e in fields)
        if attribute is not None and not shadowed:
            got |= self._descended(attribute, key, name) | self._on_class(key, name)
        elif attribute is None:
            got |= self._on_class(key, name)
        if got:
            return got
        if (lower := self._of_heirs(value, key, name, base)) is not None:
            return lower
        hint = next((self.names.classes[o].annotations[name] for o in self.classes.order(key) if name in self.names.classes[o].annotations), None)
        if hint is not None:
            return self.annotations.of(hint) or PART
        return self._of_base_outside(key, name)

    def _of_heirs(self, value: Term, key: str, name: str, base: Term) -> Values | None:
        """Return an attribute that only heirs have, of an object whose exact class is open."""
        if value[0] == "inst":
            return None
        got: Values = NOTHING
        for heir in sorted(self.classes.below(key) - {key}):
            klass = self.names.classes[heir]
            if name in klass.methods:
                got |= self._bound((value[0], heir), heir, name, klass.methods[name], base)
            elif name in klass.attributes:
                got |= self.evaluate(klass.attributes[name][0])
        return got or None

    def given(self, value: Term) -> Values:
        """Return what the calls that are seen give for a parameter."""
        if value in self._giving:
            return NOTHING
        self._giving.add(value)
        try:
            terms = [call.bound[value[2]] for call in self.calls.get(value[1], ()) if value[2] in call.bound]
            return frozenset(one for one in self.all_of(terms[:30]) if one[0] != "container")
        finally:
            self._giving.discard(value)

    def _of_param(self, value: Term, name: str, base: Term) -> Values:
        """Return an attribute of a parameter: of what callers give, of what is assigned there, or of the one class that has it."""
        got: Values = NOTHING
        for one in self.given(value) if value[0] == "param" else ():
            if one[0] != "param":
                got |= self.attribute(one, name, base)
        for home, event in self._setattrs.get(name, ()):
            if event.terms[0] == base and base[0] == "param" and home == base[1]:
                got |= self.evaluate(event.terms[1])
        if got - PART:
            return got - PART
        fields = self._setattrs.get(name, ())
        bases = {self.functions[home].owner for home, event in fields if event.terms[0][0] == "param"}
        if fields and len(bases) == 1 and "" not in bases and base[0] in {"param", "fresh", "iter", "elem", "cell"}:
            got = self.all_of(event.terms[1] for _, event in fields)
            if got:
                return got
        owners = self._owners.get(name, ())
        if len(owners) == 1 and value[0] == "param":
            return frozenset([("method", ("self", owners[0]), self.names.classes[owners[0]].methods[name])])
        return got or PART

    def _descended(self, attribute: tuple[str, Term], key: str, name: str) -> Values:
        """Return the value of a class attribute; a descriptor of the program gives what its ``__get__`` returns."""
        got: set[Term] = set()
        for value in self.evaluate(attribute[1]):
            getter = self.classes.method(value[1], "__get__") if value[0] == "inst" else None
            if getter is not None:
                got |= self.returned(getter)
            else:
                got.add(value)
        return frozenset(got)

    def _of_base_outside(self, key: str, name: str) -> Values:
        """Return a method that a class has from a base outside of the program."""
        kinds = [standard.BASES[base] for base in self.classes.outside(key) if base in standard.BASES]
        if kinds:
            return frozenset([("cmethod", ("container", kinds[0], ("class", key)), name)])
        return PART

    def _on_class(self, key: str, name: str) -> Values:
        """Return what is assigned to an attribute of the class outside of its body."""
        got: Values = NOTHING
        for base, term in self.assigned_on(name):
            if base[0] == "param" and self.functions[base[1]].owner == "":
                continue
            for value in self.evaluate(base):
                if value[0] == "class" and self.classes.related(value[1], key):
                    got |= self.evaluate(term)
                elif value[0] in {"anyclass"} and self.classes.metaclass(key) in self.classes.below(value[1]):
                    got |= self.evaluate(term)
        return got

    def _of_class(self, value: Term, name: str) -> Values:
        key = value[1]
        if key == "?":
            return PART
        if value[0] == "class":
            attribute = self.classes.attribute(key, name)
            got = self._on_class(key, name)
            if attribute is not None:
                method = self.classes.method(key, name)
                if method is not None:
                    return got | self._bound(value, key, name, method, value)
                return got | self.evaluate(attribute[1])
            meta = self.classes.metaclass(key)
            if meta is not None:
                got |= self._of_class(("anyclass", meta), name) if self.classes.method(meta, name) or self.classes.attribute(meta, name) else NOTHING
                got |= self._meta_fields(meta, name)
            return got or self._of_heirs(("class", key), key, name, value) or PART
        attribute = self.classes.attribute(key, name)
        method = self.classes.method(key, name)
        if method is not None:
            return frozenset([("method", value, method)])
        got = self._meta_fields(key, name)
        return got | (self.evaluate(attribute[1]) if attribute is not None else NOTHING) or PART

    def _meta_fields(self, meta: str, name: str) -> Values:
        got: Values = NOTHING
        for base, term in self.assigned_on(name):
            if any(value[0] in {"anyclass", "class"} and (value[1] == meta or (value[0] == "class" and self.classes.metaclass(value[1]) == meta)) for value in self.evaluate(base)):
                got |= self.evaluate(term)
        return got

    def _method_above(self, key: str, name: str) -> str | None:
        for one in self.classes.order(key)[1:]:
            if name in self.names.classes[one].methods:
                return self.names.classes[one].methods[name]
        return None

    def _attribute_above(self, key: str, name: str) -> Term | None:
        for one in self.classes.order(key)[1:]:
            if name in self.names.classes[one].attributes:
                return self.names.classes[one].attributes[name][0]
        return None

    def _bound(self, value: Term, key: str, name: str, method: str, base: Term) -> Values:
        """Return a method as an attribute: bound, the value of a property, or what its decorators make of it."""
        function = self.functions[method]
        if function.decorators:
            kinds = self.decoration(function)
            if "property" in kinds and value[0] != "class":
                return self._with_receiver(function, base)
            changed = self.decorated(function)
            if changed is not None:
                return frozenset(("method", value, one[1]) if one[0] == "func" else one for one in changed)
        if function.kind == "staticmethod" or (value[0] == "class" and function.kind == "method"):
            return frozenset([("func", method)])
        return frozenset([("method", value, method)])

    def decoration(self, function: Function) -> set[str]:
        """Return what a function's decorators do, as far as the standard library's are concerned."""
        found = set()
        for decorator in function.decorators:
            for value in self.evaluate(decorator.term):
                last = value[1].rpartition(".")[2] if value[0] == "ext" else ""
                if last in {"property", "cached_property", "abstractproperty", "lazy_property", "reify"}:
                    found.add("property")
                    if last == "cached_property":
                        found.add("kept")
        return found

    def decorated(self, function: Function) -> Values | None:
        """Return what decorators of the program, or memoisers, make of a function; None if they leave it as it is."""
        term: Term = ("func", function.key)
        changed = False
        for decorator in reversed(function.decorators):
            values = self.evaluate(decorator.term)
            if any(value[0] == "ext" and value[1].rpartition(".")[2] in {"staticmethod", "classmethod", "property", "abstractmethod", "wraps", "contextmanager"} for value in values):
                continue
            term = ("call", decorator.term, (term,), (), (self.names.module_of(function.key).name, *decorator.place))
            changed = True
        if not changed:
            return None
        values = frozenset(v for v in self.evaluate(term) if v[0] in {"func", "memo", "partial", "inst"})
        return values if values and values != {("func", function.key)} else None

    def _with_receiver(self, function: Function, base: Term) -> Values:
        return self.returned(function.key, {function.params[0].name: base} if function.params else {})

    # elements

    def _elements(self, term: Term) -> Values:
        got: set[Term] = set()
        for value in self.evaluate(term[1]):
            got |= self.elements(value, term)
        if not got - PART:
            hinted = self.annotations.element(self._hint(term[1]), term[0] == "elem")
            return hinted or frozenset(got)
        return frozenset(got)

    def _hint(self, term: Term) -> Term | None:
        """Return the annotation of a parameter or a field."""
        if term[0] == "param":
            function = self.functions.get(term[1])
            return next((p.annotation for p in function.params if p.name == term[2]), None) if function is not None else None
        if term[0] == "attr":
            for value in self.evaluate(term[1]):
                if value[0] in {"self", "inst"} and value[1] in self.names.classes:
                    for one in self.classes.order(value[1]):
                        if term[2] in self.names.classes[one].annotations:
                            return self.names.classes[one].annotations[term[2]]
                    for _, event in self.field_terms(value[1], term[2])[:4]:
                        if event.terms[1][0] == "param" and (hint := self._hint(event.terms[1])) is not None:
                            return hint
        return None

    def elements(self, container: Term, term: Term) -> Values:
        """Return what the elements of a container may be; of a mapping, by key its values, by iteration its keys."""
        if container[0] == "plain":
            return frozenset([("plain", "?")])
        if container[0] in {"inst", "self"} and container[1] != "?":
            getter = self.classes.method(container[1], "__getitem__" if term[0] == "elem" else "__iter__")
            if getter is not None:
                return self._with_receiver(self.functions[getter], term[1])
            inner = [v[1] for v in self._of_base_outside(container[1], "append") if v[0] == "cmethod"]
            if not inner:
                return PART
            missing = self.classes.method(container[1], "__missing__") if term[0] == "elem" else None
            made = self._with_receiver(self.functions[missing], term[1]) if missing is not None else NOTHING
            keys = {inner[0]} | {("container", inner[0][1], ("class", one)) for one in self.classes.order(container[1])}
            return frozenset().union(made, *(self.elements(one, term) for one in keys if one in self.contents)) or PART
        if container[0] != "container":
            return PART
        got: Values = NOTHING
        for key, part in self.contents.get(container, ()):
            if key is None or term[0] == "elem" or container[1] in {"tuple", "list"}:
                if key is not None and key[0] == "const" and term[0] == "elem" and term[2][0] == "const" and key != term[2]:
                    continue
                got |= self.evaluate(part)
            else:
                got |= self.evaluate(key)
        return got or PART

    def _copied(self, value: Term, term: Term) -> Term:
        if value[0] != "container":
            return value
        site = ("copy", value[2], term[2] if len(term) > 2 and term[0] == "slice" else "")
        copy = ("container", value[1], site)
        if copy not in self.contents and value in self.contents:
            self.contents[copy] = self.contents[value]
        return copy

    def _entered(self, term: Term) -> Values:
        got: set[Term] = set()
        for value in self.evaluate(term[1]):
            enter = self.classes.method(value[1], "__enter__") if value[0] in {"inst", "self"} and value[1] != "?" else None
            got |= self._with_receiver(self.functions[enter], term[1]) if enter is not None else {value}
        return frozenset(got)

    def _operation(self, term: Term) -> Values:
        if term[1] in {"and", "or"}:
            return self.all_of(term[2])
        if term[1] in {"+", "|", "*", "&", "-"}:
            values = self.all_of(term[2])
            held = frozenset(("container", value[1], ("op", term)) for value in values if value[0] == "container")
            if held:
                return held
            return frozenset([("plain", "?")]) if any(value[0] == "plain" for value in values) else PART
        return frozenset([("plain", "bool" if term[1] in {"not", "in", "is", "==", "<", ">"} else "?")])

    # calls

    def _call(self, term: Term) -> Values:
        got: set[Term] = set()
        for callee in self.evaluate(term[1]):
            got |= self.called(callee, term)
        return frozenset(got)

    def called(self, callee: Term, term: Term) -> Values:
        """Return what a call of one callee returns."""
        kind = callee[0]
        if kind == "class":
            return self._constructed(callee[1], term)
        if kind in {"anyclass", "metaclass"}:
            return frozenset([("inst", "?", term[4])]) if kind == "anyclass" else frozenset([("anyclass", callee[1])])
        if kind == "func":
            return self.returned(callee[1], self.bind(callee[1], term, None))
        if kind == "method":
            return self.returned(callee[2], self.bind(callee[2], term, self.receiver_term(term, callee)))
        if kind in {"ext", "extinst"}:
            return self.external.called(callee[1], term)
        if kind == "cmethod":
            return self.external.method(callee[1], callee[2], term)
        if kind == "memo":
            return self.returned(callee[1], self.bind(callee[1], term, None)) if callee[1] else frozenset([("made",)])
        if kind == "partial":
            inner = ("call", callee[1], (*callee[2], *term[2]), term[3], term[4])
            return self.evaluate(inner) if is_small(inner) else PART
        if kind in {"inst", "self"} and callee[1] in self.names.classes:
            method = self.classes.method(callee[1], "__call__")
            return self.returned(method, self.bind(method, term, term[1])) if method else frozenset([("made",)])
        return frozenset([("made",)]) if kind in {"param", "part", "made"} else NOTHING

    def _constructed(self, key: str, term: Term) -> Values:
        if self.classes.is_metaclass(key):
            return frozenset([("anyclass", key)])
        meta = self.classes.metaclass(key)
        call = self.classes.method(meta, "__call__") if meta is not None else None
        if call is not None:
            got = frozenset(v for v in self.returned(call, {self.functions[call].params[0].name: ("class", key)}) if v[0] in {"inst", "self"} and v[1] in {key, "?"})
            if got:
                return frozenset(("inst", key, v[2] if len(v) > 2 else None) for v in got)
        new = self.classes.method(key, "__new__")
        if new is not None:
            params = self.functions[new].params
            got = self.returned(new, {params[0].name: ("class", key)} if params else {})
            got = frozenset(("inst", key, v[2]) if v[0] == "inst" and v[1] == "?" else v for v in got)
            got = frozenset(v for v in got if v[0] in {"inst", "self"})
            if got:
                return got
        if "Struct" in self.classes.last_names(key) or self.classes.is_enum(key):
            return frozenset([("inst", key, term[4])])
        return frozenset([("inst", key, term[4])])

    def receiver_term(self, term: Term, callee: Term) -> Term:
        """Return the term of the object that a method is called on."""
        if term[1][0] == "attr":
            base = term[1][1]
            if base[0] == "call" and base[1] in {("ext", "builtins.super")} | {base[1]} and ("super",) == tuple(v[0] for v in self.evaluate(base))[:1]:
                return self.receiver_of_super(base) or callee[1]
            return base
        return ("any", callee[1])

    def receiver_of_super(self, base: Term) -> Term | None:
        """Return the term of ``self`` in the function that calls ``super()`` at a site."""
        return self.external.supers.get(base[4])

    def bind(self, key: str, term: Term, receiver: Term | None) -> dict[str, Term]:
        """Return the term that each parameter of a function has at a call; ``receiver`` is what a method is bound to."""
        function = self.functions[key]
        positional = [param for param in function.params if param.kind == "pos"]
        bound: dict[str, Term] = {}
        arguments = list(term[2])
        if receiver is not None and function.kind != "staticmethod" and (function.owner or key in self.wrapped):
            arguments.insert(0, receiver)
        spread = next((n for n, one in enumerate(arguments) if one[0] == "star"), len(arguments))
        for param, argument in zip(positional, arguments[:spread], strict=False):
            bound[param.name] = argument
        vararg = next((param.name for param in function.params if param.kind == "*"), None)
        if vararg is not None and spread == len(arguments):
            bound[vararg] = ("tuple", tuple(arguments[len(positional) :]), term[4])
        elif spread < len(arguments):
            for param in positional[spread:]:
                bound[param.name] = ("elem", arguments[spread][1], ("const", str(positional.index(param) - spread), "int"))
            if vararg is not None:
                bound[vararg] = arguments[spread][1]
        for word, value in term[3]:
            if any(param.name == word for param in function.params):
                bound[word] = value
        return bound

    def substituted(self, term: Term, key: str, bound: Mapping[str, Term]) -> Term:
        """Return a term of a function with its parameters replaced by what a call gives for them."""
        if not bound:
            return term

        def change(one: Term) -> Term | None:
            return bound.get(one[2], one) if one[0] == "param" and one[1] == key else None

        return rebuilt(term, change)

    def returned(self, key: str, bound: Mapping[str, Term] | None = None) -> Values:
        """Return what a function may return, its parameters being ``bound``."""
        function = self.functions[key]
        if function.yields:
            return frozenset([("made",)])
        if self._depth > _DEPTH * 3:
            return PART
        got: set[Term] = set()
        for event in function.events:
            if event.kind == "return" and event.terms[0] != NONE:
                for option in options(event.terms[0]):
                    term = self.substituted(option, key, bound or {})
                    got |= self.evaluate(term if is_small(term) else option)
        return frozenset(got)


def _is_conditional(event: Event) -> bool:
    return any(guard.kind in {"if", "past", "except", "loop", "match"} for guard in event.guards)


__all__ = ["NOTHING", "PART", "PointsTo", "Values", "walk"]
