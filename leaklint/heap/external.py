"""What calls of functions and methods outside of the program return, by contracts."""

from __future__ import annotations

from collections.abc import Callable
from operator import add, lshift, mul, sub
from typing import TYPE_CHECKING

from leaklint.contracts.model import ClassEntry, Memoises
from leaklint.flow.terms import Term
from leaklint.heap.arguments import argument_at, call_arguments
from leaklint.heap.copies import Copies
from leaklint.heap.members import every_member, of_any_name
from leaklint.heap.namespaces import fields_given
from leaklint.heap.points_to_values import MADE, NOTHING, PART, Values

if TYPE_CHECKING:
    from leaklint.heap.points_to import PointsTo

_READS = frozenset({"get", "pop", "setdefault", "popitem", "popleft", "__getitem__", "get_nowait", "peek"})
HANDED_IN = -1  # the bound of a memoiser whose arguments are not written out where it is called
_ARITHMETIC: dict[str, Callable[[int, int], int]] = {"*": mul, "+": add, "-": sub, "<<": lshift, "**": pow}
_MOST_BITS = 64  # of a bound that is worked out
_CALLABLE = frozenset({"func", "method", "param", "partial", "memo"})


def keyword(term: Term, name: str) -> Term | None:
    """Return the value of a call's keyword argument."""
    return next((value for word, value in term[3] if word == name), None)


class External:
    """Calls out of the program."""

    def __init__(self, heap: PointsTo) -> None:
        self.heap = heap
        self.contracts = heap.contracts
        self.supers: dict[Term, Term] = {}
        self._owners: dict[Term, str] = {}
        self.copies: Copies = Copies(heap)
        self.factories: dict[Term, Term] = {}
        self.inside: dict[Term, dict[str, Term]] = {}  # containers inside of containers, by attribute
        self.fields: dict[Term, dict[str, Term]] = {}  # attributes that namespaces are made with
        self.constructed: set[Term] = set()  # objects of outside, made by a call of their class
        self.held_by: dict[Term, Term] = {}  # what a call names that holds the object it makes
        self._longer: dict[Term, tuple[str, ...]] = {}  # the methods of containers that return longer copies

    def note_super(self, term: Term, function: str) -> None:
        """Note in which function a call of ``super()`` stands."""
        home = self.heap.functions[function]
        while not home.owner and home.parent:
            home = self.heap.functions[home.parent]
        if home.owner and home.params:
            self.supers[term[4]] = ("param", home.key, home.params[0].name)
            self._owners[term[4]] = home.owner

    def called(self, name: str, term: Term) -> Values:
        """Return what a call of the dotted ``name`` returns, by its contract."""
        klass = self.contracts.klass(name)
        if klass is not None and klass.container not in {"", "abstract"}:
            return self._container(klass, term)
        how, _, operand = (_OWN.get(name) or self.contracts.returned(name)).partition(" ")
        model = _MODELS.get(how)
        values = model(self, operand, term) if model is not None else None
        return values if values is not None else self._by_kind(name, term)

    def _by_kind(self, name: str, term: Term) -> Values:
        """Return what a call returns by the kind of callee that its name tells."""
        contract = self.contracts.callable(name)
        if (contract is not None and contract.memoises is not None) or name.startswith("?memo"):
            return self._memoiser(contract.memoises if contract is not None else None, term)
        if name.startswith("memoiser:") and "." not in name:
            return self._memoised(name, term)
        if name.endswith((".__new__", ".__call__")) and (term[2] or name == "super.__call__"):
            return self._made(term)
        last = name.rpartition(".")[2]
        if last.endswith(("Error", "Exception")) and last[:1].isupper():
            return frozenset([("exc", term[4])])
        if name.startswith("builtins."):
            return MADE
        instance = ("extinst", name, term[4])
        if _is_class(("ext", name)):
            self.constructed.add(instance)
            klass = self.contracts.klass(name)
            holder = keyword(term, klass.holder_argument) if klass is not None and klass.holder_argument else None
            if holder is not None:
                self.held_by[instance] = holder
        return frozenset([instance])

    # what contracts say, by the first word; None where the call has not what that needs

    def _super(self, operand: str, term: Term) -> Values:
        owner = self._owners.get(term[4])
        return frozenset([("super", owner)]) if owner is not None else PART

    def _attribute(self, operand: str, term: Term) -> Values | None:
        if len(term[2]) < 2:
            return None
        base, name = term[2][:2]
        names = [name] if name[0] == "const" else self._names_given(name)
        if not names:
            return of_any_name(self.heap, term)
        return self.heap.all_of(("attr", base, constant[1].strip("'\"")) for constant in names)

    def _names_given(self, name: Term) -> list[Term]:
        """Return the constants that a parameter or an element may be; none where it may be something else as well."""
        if name[0] in {"iter", "elem"}:
            containers = [value for value in self.heap.evaluate(name[1]) if value[0] == "container"]
            names = [part for value in containers for _, part in self.heap.contents.parts(value)]
            return list(dict.fromkeys(names)) if all(part[::2] == ("const", "str") for part in names) else []
        function = self.heap.functions.get(name[1]) if name[0] == "param" else None
        if function is None:
            return []
        self.heap.contents.asked += 1
        default = next((param.default for param in function.params if param.name == name[2]), None)
        names = [argument for _, argument in self.heap.calling.given_for(name)]
        names += [default] if default is not None else []
        return list(dict.fromkeys(names)) if all(part[::2] == ("const", "str") for part in names) else []

    def _class(self, operand: str, term: Term) -> Values:
        if len(term[2]) == 3:
            return frozenset([("anyclass", "?")])
        values = self.heap.evaluate(term[2][0]) if term[2] else NOTHING
        metas = {value: self.heap.classes.metaclass(value[1]) for value in values if value[0] == "class"}
        classes = [("class", meta) for meta in metas.values() if meta is not None]
        own = self.heap.evaluate(term[1]) if None in metas.values() else NOTHING
        return frozenset([*classes, *own, *(_class_of(value) for value in values if value not in metas)])

    def _namespace(self, operand: str, term: Term) -> Values:
        if not term[2]:
            return self.heap.evaluate(("attr", ("module", term[4][0]), "__dict__"))
        return self.heap.evaluate(("attr", term[2][0], "__dict__"))

    def _partial(self, operand: str, term: Term) -> Values | None:
        return frozenset([("partial", term[2][0], term[2][1:], term[3])]) if term[2] else None

    def _argument(self, operand: str, term: Term) -> Values:
        place = int(operand)
        return self.heap.evaluate(term[2][place]) if len(term[2]) > place else NOTHING

    def _receiver(self, operand: str, term: Term) -> Values | None:
        return self.heap.evaluate(term[1][1]) if term[1][0] == "attr" else None

    def _element(self, operand: str, term: Term) -> Values | None:
        place = int(operand)
        if len(term[2]) <= place:
            return None
        values = self.heap.evaluate(term[2][place])
        if values and values <= {("plain", "?"), ("plain", "count")}:
            return frozenset([("plain", "int")])
        return self.heap.evaluate(("iter", term[2][place]))

    def _field(self, operand: str, term: Term) -> Values:
        default = keyword(term, "default")
        return self.heap.evaluate(default) if default is not None else PART

    def _instance(self, operand: str, term: Term) -> Values:
        return frozenset([("extinst", operand, term[4])])

    def _new(self, operand: str, term: Term) -> Values:
        return frozenset([("anyclass", "?")])

    def _named(self, operand: str, term: Term) -> Values:
        return frozenset([("ext", "builtins.tuple")])

    def _plain(self, operand: str, term: Term) -> Values:
        return frozenset([("plain", operand or "?")])

    def _container(self, klass: ClassEntry, term: Term) -> Values:
        kind = klass.container
        if kind in {"plain", "frozenset", "tuple", "bytearray"} and not (term[2] or term[3]):
            return frozenset([("container", "tuple", term[4]) if kind in {"tuple", "frozenset"} else ("plain", kind)])
        if kind == "deque" and (keyword(term, "maxlen") or len(term[2]) > 1):
            limit = keyword(term, "maxlen") or term[2][1]
            kind = "deque" if self._bound(limit, HANDED_IN) is None else "bounded"
        container = ("container", kind, term[4])
        if kind == "tuple" and (len(term[2]) > 1 or term[3]):  # ``tuple`` itself takes one: a named tuple's fields
            for part in call_arguments(term):
                self.heap.contents.hold(container, None, part)
            return frozenset([container])
        if klass.inside:
            self._longer.update(dict.fromkeys([container], klass.longer_copies))
            self._fills(container, dict(klass.inside), term)
        if kind == "defaultdict" and term[2]:
            self.factories[container] = term[2][0]
            self.heap.contents.hold(container, None, ("call", term[2][0], (), (), (*term[4], "made")))
        elif kind == "contextvar" and (default := keyword(term, "default")) is not None:
            self.heap.contents.hold(container, None, default)
        elif kind == "namespace":
            self.fields[container] = fields_given(term)
        elif term[2] and kind != "local":
            for value in self.heap.in_order(term[2][0]):
                for key, part in self.heap.contents.parts(value):
                    self.heap.contents.hold(container, key, part)
        return frozenset([container])

    def _fills(self, container: Term, inner: dict[str, str], term: Term) -> None:
        """Note the containers that an object has inside, which begin with the arguments of its constructor."""
        self.inside[container] = {word: ("container", kind, (*term[4], word)) for word, kind in inner.items()}
        for inside in self.inside[container].values():
            for part in term[2]:
                self.heap.contents.hold(inside, None, ("iter", part[1]) if part[0] == "star" else part)

    def element(self, name: str, term: Term) -> Values:
        """Return an element of something outside: ``sys.modules`` has modules by name, ``__name__`` is the module's own.

        Contracts write ``[]`` for an element of an attribute.
        """
        if self.contracts.callable(f"{name}[].append") is not None:
            return frozenset([("ext", f"{name}[]")])
        key: Term = term[2] if term[0] == "elem" and name == "sys.modules" else ()
        if key[::2] == ("name", "__name__"):
            return self.heap.evaluate(("dotted", key[1]))
        return self.heap.evaluate(("dotted", key[1].strip("'\""))) if key[::2] == ("const", "str") else PART

    def longer_copies(self, container: Term) -> tuple[str, ...]:
        """Return the names of the methods of a container that return a longer copy of it."""
        return self._longer.get(container, ())

    def _made(self, term: Term) -> Values:
        """``object.__new__(cls)``, ``super().__new__(cls)``, ``type.__call__(cls)``: an instance of that class."""
        objects: set[Term] = set()
        if term[1][0] == "attr" and term[1][2] == "__call__" and term[1][1][0] == "call":  # super().__call__(..)
            meta = self._owners.get(term[1][1][4])
            known = self.heap.names.classes if meta is not None else ()
            classes = [key for key in known if self.heap.classes.metaclass(key) == meta]
            return frozenset(("inst", key, term[4]) for key in classes[:8]) or frozenset([("inst", "?", term[4])])
        for value in self.heap.evaluate(term[2][0]):
            if value[0] == "class":
                of_heir = ("inst", value[1], term[4])
                self.heap.of_heirs.add(of_heir)
                objects.add(of_heir)
            elif value[0] == "metaclass":
                objects |= self.heap.classes.made_by(value[1])
            elif value[0] == "anyclass":
                objects.add(("inst", "?", term[4]))
        return frozenset(objects) or MADE

    def _memoiser(self, contract: Memoises | None, term: Term) -> Values:
        """A memoiser called with a function memoises it; called with anything else it is one with a bound."""
        if contract is None:
            return PART
        arguments = [self.heap.evaluate(argument) for argument in term[2][:1] if argument[0] != "star"]
        functions = {
            value
            for values in arguments
            for value in values
            if value[0] in _CALLABLE or _is_class(value) or (value[0] == "ext" and not contract.parameter)
        }
        if functions and contract.bare and not keyword(term, contract.parameter):
            return self._memos(functions, contract.bound, term)
        if any(argument[0] == "star" for argument in term[2]) or keyword(term, "**") is not None:
            return frozenset([("ext", f"memoiser:{HANDED_IN}")])
        limit = argument_at(term, 0, contract.parameter) if contract.parameter and contract.bound != 0 else None
        return frozenset([("ext", f"memoiser:{self._bound(limit, contract.bound)}")])

    def _memoised(self, name: str, term: Term) -> Values:
        values = self.heap.evaluate(term[2][0]) if term[2] else NOTHING
        functions = {value for value in values if value[0] in _CALLABLE | {"class", "ext", "part"}}
        text = name.partition(":")[2]
        return self._memos(functions, None if text == "None" else int(text), term)

    @staticmethod
    def _memos(functions: set[Term], bound: int | None, term: Term) -> Values:
        keys = {value[1] if value[0] == "func" else value[2] if value[0] == "method" else "" for value in functions}
        return frozenset(("memo", key, bound, term[4]) for key in keys)

    def _bound(self, limit: Term | None, default: int | None) -> int | None:
        """Return a bound as a number, a named constant resolved; the default where nobody gives one."""
        if limit is None:
            return default
        if limit[0] == "param":
            return self._bound_handed_in(limit, default)
        terms = [limit]
        for _ in range(4):
            if terms[0][0] == "const":
                return int(terms[0][1]) if terms[0][1].isdigit() else None
            if terms[0][0] in {"dict", "call"}:
                kinds = {v[1] for v in self.heap.evaluate(terms[0]) if v[0] == "container"}
                return 128 if kinds == {"bounded"} else None
            if terms[0][0] == "op" and len(terms[0][2]) == 2 and terms[0][1] in _ARITHMETIC:
                return self._worked_out(terms[0])
            if terms[0][0] == "name":
                variable = self.heap.names.name(terms[0][1], terms[0][2])
                terms = list(self.heap.names.assigned_to(variable)) or [("unknown",)]
        return HANDED_IN

    def _worked_out(self, limit: Term) -> int:
        """Return the bound that is the result of two others, as of ``4 * 1024``; ``HANDED_IN`` where one is not known."""
        parts = [self._bound(part, HANDED_IN) for part in limit[2]]
        known = [bound for bound in parts if bound is not None and bound != HANDED_IN]
        is_bound = len(known) == len(parts) and (limit[1] not in {"<<", "**"} or 0 <= known[1] < _MOST_BITS)
        return _ARITHMETIC[limit[1]](*known) if is_bound else HANDED_IN

    def _bound_handed_in(self, limit: Term, default: int | None) -> int | None:
        """Return the bound that callers of a function hand in, or its default: none where one of them gives none."""
        params = self.heap.functions[limit[1]].params
        declared = next((param.default for param in params if param.name == limit[2]), None)
        self.heap.contents.asked += 1
        calls = self.heap.calls.get(limit[1], ())
        limits = [call.bound.get(limit[2], declared) for call in calls] or [declared]
        if any(handed_in is None or handed_in[0] == "param" for handed_in in limits):
            return HANDED_IN
        bounds = [self._bound(handed_in, default) for handed_in in limits]
        return None if None in bounds else max(bound for bound in bounds if bound is not None)

    def method(self, container: Term, name: str, term: Term) -> Values:
        """Return what a method of a container returns."""
        heap = self.heap
        if container[1] == "contextvar" and name == "get":
            return frozenset(value for _, part in heap.contents.parts(container) for value in heap.evaluate(part))
        if name in _READS:
            key = term[2][0] if term[2] else ("unknown",)
            by_key = container[1] in {"dict", "defaultdict", "bounded", "counter"} or container[1].startswith("weak")
            reading = ("elem", term[1][1], key) if by_key else ("iter", term[1][1])
            values = heap.elements(container, reading)
            if name in {"get", "setdefault", "pop"} and len(term[2]) > 1:
                values |= heap.evaluate(term[2][1])
            return values
        if name in {"copy", "__copy__"}:
            copy = ("container", container[1], term[4])
            heap.contents.share(copy, container)
            return frozenset([copy])
        if name in self.longer_copies(container):
            copy = ("container", container[1], term[4])
            inner = {word: inside[1] for word, inside in self.inside[container].items()}
            self._fills(copy, inner, term)
            self._longer[copy] = self._longer[container]
            return frozenset([copy])
        if name in {"values", "items", "keys"}:
            view = ("container", "list", ("view", name, container[2]))
            known = view in heap.contents
            for key, part in () if known else heap.contents.parts(container) or self._words(container):
                shown = {"values": part, "keys": key or part}.get(name, ("tuple", (key or part, part), term[4]))
                heap.contents.hold(view, None, shown)
            return frozenset([view])
        return MADE if name == "__missing__" else frozenset([("plain", "?")])

    def _words(self, container: Term) -> list[tuple[Term | None, Term]]:
        """Return the keys and values of ``**kwargs``: names, and what callers hand in."""
        if container[2][:1] != ("**",):
            return []
        words = [param.name for param in self.heap.functions[container[2][1]].params if param.kind == "**"]
        return [(("text", (), ""), ("elem", ("param", container[2][1], word), ("text", (), ""))) for word in words]


def _is_class(value: Term) -> bool:
    """Tell whether a value is a class, one from outside of the program by its name."""
    last = value[1].rpartition(".")[2] if value[0] == "ext" else ""
    return value[0] == "class" or (last[:1].isupper() and not last.isupper())


def _class_of(value: Term) -> Term:
    if value[0] in {"inst", "self"} and value[1] != "?":
        return ("class", value[1])
    return value if value[0] == "anyclass" else ("plain", "type")


# What the heap's own names of callables return.
_OWN = {"super.__init__": "nothing", "identity": "argument 0"}
_MODELS: dict[str, Callable[[External, str, Term], Values | None]] = {
    "super": External._super,
    "attribute": External._attribute,
    "class": External._class,
    "namespace": External._namespace,
    "partial": External._partial,
    "identity": lambda self, operand, term: frozenset([("ext", "identity")]),
    "argument": External._argument,
    "receiver": External._receiver,
    "element": External._element,
    "copy": lambda self, operand, term: self.copies.returned(operand, term),
    "deep": lambda self, operand, term: self.copies.returned(operand, term, deep=True),
    "count": lambda self, operand, term: frozenset([("plain", "count")]),
    "nothing": lambda self, operand, term: frozenset([("none",)]),
    "field": External._field,
    "instance": External._instance,
    "plain": External._plain,
    "new": External._new,
    "named": External._named,
    "exception": lambda self, operand, term: frozenset([("exc",)]),
    "members": lambda self, operand, term: every_member(self.heap, term),
    "weak": lambda self, operand, term: frozenset([("weak",)]),
}
