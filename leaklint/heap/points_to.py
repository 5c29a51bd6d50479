"""Points-to sets on demand: what a term may denote, by classes, fields, calls and returns of the whole program.

Abstract values are tuples: ``("class", key)``, ``("func", key)``, ``("method", receiver, key)``, ``("module", name)``,
``("ext", dotted)`` (outside of the program), ``("extinst", dotted, site)`` (what such a callable returned),
``("inst", class, site)`` (made at a site; None: somewhere), ``("self", class)`` (any object of the class or an heir),
``("container", kind, site)``, ``("cmethod", container, name)``, ``("partial", callee, arguments)``,
``("memo", function, bound, site)``, ``("super", class)``, ``("param", function, name)``, ``("plain", type)``, ``("weak",)``,
``("exc",)`` (with the site of the call, if one makes it), ``("part",)`` (of something unknown),
``("made",)`` (an unknown call's result), ``("generator", key, arguments)`` of a function that yields, ``("none",)``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from leaklint.contracts.library import Contracts
from leaklint.flow.model import Function, Module
from leaklint.flow.terms import DISPLAYS, UNKNOWN, Term, walk
from leaklint.heap.annotations import Annotations
from leaklint.heap.attributes import Attributes
from leaklint.heap.calling import Calling
from leaklint.heap.classes import Classes
from leaklint.heap.contents import Part
from leaklint.heap.decorations import is_called_with_class
from leaklint.heap.evaluation import Evaluation
from leaklint.heap.external import External
from leaklint.heap.hints import Hints
from leaklint.heap.made_fields import declare_fields, declare_in_namespaces
from leaklint.heap.names import Names
from leaklint.heap.points_to_values import NOTHING, PART, Values, asked_of, sliced

if TYPE_CHECKING:
    from leaklint.heap.effects import Call

_RECEIVERS = frozenset({"self", "cls", "this", "mcs", "meta"})


class PointsTo(Evaluation):
    """Points-to sets of one program, each worked out once."""

    def __init__(self, modules: Mapping[str, Module], contracts: Contracts | None = None) -> None:
        super().__init__()
        self.names = Names(modules)
        self.contracts = contracts if contracts is not None else Contracts()
        self.contracts.read({dotted.partition(".")[0] for dotted in self.names.imported})
        declare_fields(self.names, self.contracts)
        declare_in_namespaces(self.names)
        self.functions = self.names.functions
        self.classes = Classes(self.names, self.evaluate, self.contracts)
        self.annotations = Annotations(self)
        self.hints = Hints(self)
        self.attributes = Attributes(self)
        self.calling = Calling(self)
        self.external = External(self)
        self.wrapped: dict[str, set[str]] = {}  # functions of which a wrapper is made
        self.installed: dict[str, set[str]] = {}  # classes that functions are put on at run time, by function
        self.sent: dict[str, dict[Term, None]] = {}  # what generators are sent, by function
        self._tested: dict[Term, Values] = {}
        self.calls: Mapping[str, Sequence[Call]] = {}  # as far as they are known
        self.of_heirs: set[Term] = set()  # objects that are made by a class that is handed in: it may be any heir
        self.static: set[str] = set()  # functions in class bodies that are only ever called without an object

    def forget(self, settled: bool = False) -> None:
        """Work out anew what rests on what containers hold and on calls, or also what is settled."""
        super().forget(settled)
        self._tested.clear()
        self.attributes.forget(settled)

    def may_be_static(self, function: Function) -> bool:
        """Tell whether calls may show that a function in a class body has no object for its first parameter."""
        return bool(function.kind == "method" and function.params) and function.params[0].name not in _RECEIVERS

    def is_same_outside(self, value: Term, other: Term) -> bool:
        """Tell whether two objects from outside are the same: where such live as long as the process, calls return one."""
        if value[0] != "extinst" or other[0] != "extinst":
            return False
        return value == other or (value[1] == other[1] and self.lives_on(value) and self.lives_on(other))

    def lives_on(self, value: Term) -> bool:
        """Tell whether an object of a class of another package lives as long as the process anyway.

        Some do only where the package makes them: one that the program makes itself lives as its users have it. Some have a
        holder of the package's where the program names no other.
        """
        klass = self.contracts.klass(value[1])
        if klass is None:
            return False
        if klass.holder_argument:
            holder = self.external.held_by.get(value)
            return holder is None or any(value[0] == "ext" for value in self.evaluate(holder))
        return klass.lives == "process" or (klass.lives == "handed out" and value not in self.external.constructed)

    def is_exact(self, value: Term) -> bool:
        """Tell whether an object is of its class itself and of no heir: the code that makes it names the class."""
        return value[0] == "inst" and value[2] is not None and len(value[2]) > 1 and value not in self.of_heirs

    def may_be(self, term: Term, nature: str) -> bool:
        """Tell whether a term may denote something from outside of the program that has a nature by contract."""
        return any(value[0] == "ext" and self.contracts.is_a(value[1], nature) for value in self.evaluate(term))

    def must_be(self, term: Term, nature: str) -> bool:
        """Tell whether all that a term denotes comes from outside of the program and has a nature by contract."""
        values = self.evaluate(term)
        return bool(values) and all(value[0] == "ext" and self.contracts.is_a(value[1], nature) for value in values)

    def looked_into(self, test: Term) -> Values:
        """Return the containers that a test asks for a key or an element."""
        containers = self._tested.get(test)
        if containers is None:
            inner = [asked for term in walk(test) if (asked := asked_of(term)) is not None]
            containers = self._tested[test] = self.all_of(inner)
        return containers

    def _evaluate(self, term: Term) -> Values:
        kind = term[0]
        if kind == "const":
            return frozenset([("none",) if term[1] == "None" else ("plain", term[2])])
        if kind == "name":
            return self.resolved(self.names.name(term[1], term[2]))
        if kind == "dotted":
            return self.resolved(self.names.dotted(term[1]))
        if kind in {"global", "module", "ext"}:
            return self.resolved(term)
        if kind in {"class", "func"}:
            return frozenset([term])
        if kind == "param":
            return self.param(term)
        if kind in {"any", "made"}:
            return frozenset([term[1]]) if kind == "any" else self.evaluate(term[2])
        if kind == "cell":
            return self.all_of(self.cell(term))
        if kind == "fresh":
            return self.all_of(self.reaching(term)) if term[1] in self.functions else PART
        if kind == "attr":
            return self.attributes.of(term[1], term[2])
        if kind in {"elem", "iter"}:
            return self._elements(term)
        if kind == "held":
            return self._held(term[1], term[2], term[3])
        if kind == "call":
            return self.calling.call(term)
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
        if kind == "sent":
            return self.all_of(self.sent.get(term[1], ())) or PART
        if kind == "given":
            return self.calling.given_by_callers(term[1])
        if kind == "deepcopy":
            return self.external.copies.copied_deeply(term[1], term[2])
        return frozenset([("exc",)]) if kind == "exception" else PART

    def _display(self, term: Term) -> Term:
        """Return the container that a display or comprehension makes; what it holds from the start is noted."""
        parts: list[Part]
        if term[0] == "comp":
            container: Term = ("container", "list" if term[1] == "generator" else term[1], term[5])
            parts = [(term[2][0] if len(term[2]) > 1 else None, term[2][-1])]
        elif term[0] == "dict":
            container = ("container", "dict", term[2])
            parts = list(zip(term[1][::2], term[1][1::2], strict=True))
        else:
            container = ("container", term[0], term[2])
            parts = [
                (("const", str(n), "int") if term[0] == "tuple" and part[0] != "star" else None, part)
                for n, part in enumerate(term[1])
            ]
        for key, part in parts if container not in self.contents else ():
            self.contents.hold(container, key, part)
        return container

    def resolved(self, meaning: Term) -> Values:
        """Return what a name may denote, by what it stands for."""
        if meaning[0] == "global":
            values = self.names.modules[meaning[1]].names.get(meaning[2], ())
            denoted = self.all_of(value for value, _, _ in values)
            if denoted <= {("none",)}:
                hint = self.names.modules[meaning[1]].annotations.get(meaning[2])
                denoted |= self.annotations.of(hint) if hint is not None else NOTHING
            imported = self.names.modules[meaning[1]].imports.get(meaning[2])
            return denoted | self.evaluate(self.names.dotted(imported)) if imported is not None else denoted
        if meaning[0] == "attr":
            return self.evaluate(meaning)
        return frozenset([meaning])

    def reaching(self, term: Term) -> tuple[Term, ...]:
        """Return the values that reach the use of a local variable: those that are assigned to it, ``fresh`` terms."""
        function = self.functions.get(term[1])
        return function.assigned.get(f"{term[2]}@{term[3][0]}:{term[3][1]}", ()) if function is not None else ()

    def cell(self, term: Term) -> tuple[Term, ...]:
        """Return the terms that a variable of an enclosing function may have."""
        function = self.functions.get(term[1])
        if function is None:
            return ()
        values = function.assigned.get(term[2], ())
        if any(param.name == term[2] for param in function.params):
            return (*values, ("param", term[1], term[2]))
        return values

    def param(self, term: Term) -> Values:
        """Return what a parameter may denote, as far as its function says so."""
        function = self.functions.get(term[1])
        if function is None:
            return PART
        if self.may_be_static(function):
            self.contents.asked += 1
        if (
            function.owner
            and function.params
            and function.kind in {"method", "classmethod"}
            and function.key not in self.static
        ):
            if function.params[0].name == term[2] and function.params[0].kind == "pos":
                return self._receiver(function)
        param = next((param for param in function.params if param.name == term[2]), None)
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
        if (
            default
            and all(value[0] == "plain" for value in default)
            and param.default is not None
            and param.default[0] == "const"
        ):
            return default
        return frozenset([("param", term[1], term[2])]) | frozenset(v for v in default if v[0] in {"container", "inst"})

    def _of_wrapper(self, function: Function, name: str) -> Values:
        """Return the object that the first parameter of a wrapper is, where it wraps methods."""
        positional = [param for param in function.params if param.kind == "pos"]
        first = next(iter(positional[1 if function.owner else 0 :]), None)
        if first is None or first.name != name:
            return NOTHING
        if (
            function.name in {"__get__", "__set__", "__delete__"}
            and function.owner
            and not self.wrapped.get(function.key)
        ):
            return self.attributes.descriptors.owners(function)  # by its protocol: whose attribute it is
        if function.key in self.installed:
            return frozenset(("self", owner) for owner in self.installed[function.key] if owner in self.names.classes)
        if not self.wrapped.get(function.key):
            return NOTHING
        owners = [self.functions[key] for key in self.wrapped[function.key]]
        return frozenset(("self", method.owner) for method in owners if method.kind == "method" and method.owner)

    def _receiver(self, function: Function) -> Values:
        owner = function.owner
        if function.name == "__init_subclass__":
            heirs = frozenset(("class", heir) for heir in self.classes.local_heirs(owner))
            anew = frozenset([("anyclass", "?")] if owner in self.classes.made_anew else [])
            return frozenset([("class", owner)]) | heirs | anew
        if function.kind == "classmethod" or function.name in {"__new__", "__init_subclass__", "__class_getitem__"}:
            return (
                frozenset([("class", owner)])
                if not self.classes.is_metaclass(owner)
                else frozenset([("metaclass", owner)])
            )
        if self.classes.is_metaclass(owner):
            return self.classes.made_by(owner)
        return frozenset([("class", owner) if is_called_with_class(self, function) else ("self", owner)])

    def _elements(self, term: Term) -> Values:
        if (part := self._of_row(term)) is not None:
            return self.evaluate(part)
        if (mapping := self.hints.copied_mapping(term[1])) is not None:
            return self.evaluate(("iter", mapping))
        denoted: set[Term] = set()
        for value in self.in_order(term[1]):
            denoted |= self.elements(value, term)
        if not denoted - PART and term[1][0] == "param":
            denoted = set(self._of_arguments(term)) or denoted
        if not denoted - PART:
            hinted = self.annotations.element(self.hints.of(term[1]), term[0] == "elem")
            return hinted or frozenset(denoted)
        return frozenset(denoted)

    def _of_row(self, term: Term) -> Term | None:
        """Return what stands at a place of the rows that a loop gets of ``enumerate`` or ``zip``."""
        if term[0] != "elem" or term[2][::2] != ("const", "int") or term[1][0] != "iter" or term[1][1][0] != "call":
            return None
        call, place = term[1][1], int(term[2][1], 0)
        names = [value[1] if value[0] == "ext" else "" for value in self.evaluate(call[1])]
        if len(names) != 1 or any(argument[0] == "star" for argument in call[2]):
            return None
        if self.contracts.is_a(names[0], "numbers rows"):
            return ("const", "0", "int") if place == 0 else ("iter", call[2][0]) if call[2] else None
        row = call[2][place : place + 1] if self.contracts.is_a(names[0], "joins rows") and place >= 0 else ()
        return ("iter", row[0]) if row else None

    def _of_arguments(self, term: Term) -> Values:
        """Return what the elements of ``*args`` or the values of ``**kwargs`` may be: what callers hand in."""
        function = self.functions.get(term[1][1])
        param = next((p for p in function.params if p.name == term[1][2]), None) if function is not None else None
        if function is None or param is None or param.kind not in {"*", "**"} or self.wrapped.get(function.key):
            return NOTHING
        if param.kind == "**" and term[0] == "iter":
            return frozenset([("plain", "str")])
        if param.kind == "**" and term[2] == UNKNOWN:
            return NOTHING  # all at once, under their names
        hinted = self.annotations.of(param.annotation) if param.annotation is not None else NOTHING
        return hinted or frozenset([term[1]])

    def elements(self, container: Term, term: Term) -> Values:
        """Return what the elements of a container may be; of a mapping, by key its values, by iteration its keys."""
        if container[0] == "plain":
            return frozenset([("plain", "?")])
        if container[0] in {"inst", "self"} and container[1] != "?":
            getter = self.classes.method(container[1], "__getitem__" if term[0] == "elem" else "__iter__")
            if getter is not None:
                return self.calling.with_receiver(self.functions[getter], term[1])
            inner = [v[1] for v in self.attributes.of_base_outside(container[1], "append") if v[0] == "cmethod"]
            if not inner:
                return PART
            missing = self.classes.method(container[1], "__missing__") if term[0] == "elem" else None
            missed = self.calling.with_receiver(self.functions[missing], term[1]) if missing is not None else NOTHING
            keys = {inner[0]} | {("container", inner[0][1], ("class", cls)) for cls in self.classes.order(container[1])}
            elements = [self.elements(key, term) for key in keys if self.contents.parts(key)]
            return frozenset().union(missed, *elements) or PART
        if container[0] == "generator":
            return self.calling.yielded(container)
        if container[0] == "ext":
            return self.external.element(container[1], term)
        if container[0] == "class" and self.classes.is_enum(container[1]):
            return frozenset([("inst", container[1], None)])  # ``Colour[name]``
        if container[0] != "container":
            return PART
        by_key = term[0] == "elem" and term[2][0] == "const"
        sequence = term[0] == "elem" or container[1] in {"tuple", "list"}
        return self.evaluate(("held", container, "parts" if sequence else "keys", term[2] if by_key else None)) or PART

    def _held(self, container: Term, which: str, wanted: Term | None) -> Values:
        """Return what a container holds: its parts, of a mapping its keys; with ``wanted``, what lies under a constant."""
        denoted: set[Term] = set()
        for key, part in self.contents.parts(container):
            other = key is not None and key[0] == "const" and wanted is not None and key != wanted
            if which == "parts" or key is None:
                denoted |= NOTHING if other else self.evaluate(part)
            else:
                denoted |= self.evaluate(key)
        return frozenset(denoted)

    def _copied(self, value: Term, term: Term) -> Term:
        if value[0] != "container":
            return value
        copy = ("container", value[1], ("copy", sliced(value[2]), term[2]))
        self.contents.share(copy, value)
        return copy

    def _entered(self, term: Term) -> Values:
        denoted: set[Term] = set()
        for value in self.evaluate(term[1]):
            if value[0] == "generator":
                denoted |= self.calling.yielded(value)
                continue
            enter = (
                self.classes.method(value[1], "__enter__") if value[0] in {"inst", "self"} and value[1] != "?" else None
            )
            denoted |= self.calling.with_receiver(self.functions[enter], term[1]) if enter is not None else {value}
        return frozenset(denoted)

    def _operation(self, term: Term) -> Values:
        if term[1] in {"and", "or"}:
            return self.all_of(term[2])
        if term[1] in {"+", "|", "*", "&", "-"}:
            values = self.all_of(term[2])
            joined = frozenset(("container", value[1], ("op", term)) for value in values if value[0] == "container")
            if joined:
                return joined
            return frozenset([("plain", "?")]) if any(value[0] == "plain" for value in values) else PART
        return frozenset([("plain", "bool" if term[1] in {"not", "in", "is", "==", "<", ">"} else "?")])


__all__ = ["NOTHING", "PART", "PointsTo", "Values"]
