"""Calls on demand: what parameters are bound to, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from leaklint.flow.model import Function
from leaklint.flow.terms import NONE, Term, is_small, options, params_of, rebuilt
from leaklint.heap.points_to_values import MADE, NOTHING, PART, Values

if TYPE_CHECKING:
    from leaklint.heap.effects import Call
    from leaklint.heap.points_to import PointsTo

_CALLERS = 30  # of one function that are asked what they hand in
_DEEP = 42  # questions within questions
_CONTEXT = 3  # calls within calls that are told apart by what they are given; those of a recursion are not


class Calling:
    """Calls of abstract values."""

    def __init__(self, heap: PointsTo) -> None:
        """Take what is asked for everything else."""
        self.heap = heap
        self._options: dict[tuple[str, str], list[tuple[Term, frozenset[str]]]] = {}

    def with_receiver(self, function: Function, base: Term) -> Values:
        """Return what a method returns that is called on an object without arguments."""
        return self.returned(function.key, {function.params[0].name: base} if function.params else {})

    def call(self, term: Term) -> Values:
        """Return what a call may return."""
        results: set[Term] = set()
        for callee in self.heap.in_order(term[1]):
            results |= self.called(callee, term)
        return frozenset(results)

    def called(self, callee: Term, term: Term) -> Values:
        """Return what a call of one callee returns."""
        kind = callee[0]
        if kind == "class":
            return self._constructed(callee[1], term)
        if kind in {"anyclass", "metaclass"}:
            return frozenset([("inst", "?", term[4])]) if kind == "anyclass" else frozenset([("anyclass", callee[1])])
        if kind == "func":
            results = self.returned(callee[1], self.bind(callee[1], term, None))
            return self._wrapped(callee[1], term) or results if results == MADE else results
        if kind == "method":
            receiver = self.receiver_term(term, callee)
            results = self.returned(callee[2], self.bind(callee[2], term, receiver))
            for override in self.overrides(callee, term[1]):  # the object may be any heir's
                results |= self.returned(override, self.bind(override, term, receiver))
            return self._wrapped(callee[2], term) or results if results == MADE else results
        if kind in {"ext", "extinst"}:
            return self.heap.external.called(callee[1], term)
        if kind == "cmethod":
            return self.heap.external.method(callee[1], callee[2], term)
        if kind == "memo":
            return self.returned(callee[1], self.bind(callee[1], term, None)) if callee[1] else MADE
        if kind == "partial":
            words = tuple({**dict(callee[3]), **dict(term[3])}.items())
            inner = ("call", callee[1], (*callee[2], *term[2]), words, term[4])
            return self.heap.evaluate(inner) if is_small(inner) else PART
        if kind in {"inst", "self"} and callee[1] in self.heap.names.classes:
            method = self.heap.classes.method(callee[1], "__call__")
            return self.returned(method, self.bind(method, term, term[1])) if method else MADE
        return MADE if kind in {"param", "part", "made"} else NOTHING

    def _wrapped(self, key: str, term: Term) -> Values:
        """Return the generators that a wrapper, called by the name of one of the functions that it wraps, gives back."""
        inner = (self.heap.functions[wrapped] for wrapped in self.heap.wrapped.get(key, ()))
        return frozenset(
            ("generator", function.key, ()) for function in inner if function.yields and function.name == term[1][-1]
        )

    def _constructed(self, key: str, term: Term) -> Values:
        if self.heap.classes.is_metaclass(key):
            return frozenset([("anyclass", key), ("anyclass", "?")])
        meta = self.heap.classes.metaclass(key)
        call = self.heap.classes.method(meta, "__call__") if meta is not None else None
        if call is not None:
            instances = frozenset(
                v
                for v in self.returned(call, {self.heap.functions[call].params[0].name: ("class", key)})
                if v[0] in {"inst", "self"} and v[1] in {key, "?"}
            )
            if instances:
                return frozenset(
                    self._made_by(call, v, ("inst", key, v[2] if len(v) > 2 else None), term) for v in instances
                )
        new = self.heap.classes.method(key, "__new__")
        if new is not None:
            params = self.heap.functions[new].params
            instances = self.returned(new, {params[0].name: ("class", key)} if params else {})
            named = ((v, ("inst", key, v[2]) if v[0] == "inst" and v[1] == "?" else v) for v in instances)
            instances = frozenset(
                self._made_by(new, v, instance, term) for v, instance in named if instance[0] in {"inst", "self"}
            )
            if instances:
                return instances
        return frozenset([self._made_at(key, term)])

    def _made_at(self, key: str, term: Term) -> Term:
        instance = ("inst", key, term[4])
        if not _names_its_class(term[1]):
            self.heap.of_heirs.add(instance)
        return instance

    def _made_by(self, maker: str, value: Term, instance: Term, term: Term) -> Term:
        """Return the object of a construction of which ``__new__`` or a metaclass's ``__call__`` makes ``value``.

        Each construction has an object of its own, unless the maker puts what it makes away and may hand it out again.
        """
        put_away = any(
            event.kind in {"setitem", "setattr"} and value in self.heap.evaluate(event.terms[-1])
            for event in self.heap.functions[maker].events
        )
        return instance if put_away or instance[0] != "inst" else self._made_at(instance[1], term)

    def overrides(self, method: Term, called: Term) -> list[str]:
        """Return the methods that heirs have in place of one, where the object that it is called on may be any heir's.

        ``super().close()`` asks for one method by its class.
        """
        receiver, name = method[1], self.heap.functions[method[2]].name
        if receiver[0] != "self" or receiver[1] not in self.heap.names.classes or called[0] != "attr":
            return []
        overrides = self.heap.classes.overrides(receiver[1], name)
        if not overrides or receiver not in self.heap.evaluate(called[1]):
            return []
        return [override for override in overrides if override != method[2]]

    def receiver_term(self, term: Term, callee: Term) -> Term:
        """Return the term of the object that a method is called on."""
        if term[1][0] == "attr":
            base = term[1][1]
            if base[0] == "call" and tuple(v[0] for v in self.heap.in_order(base))[:1] == ("super",):
                return self.receiver_of_super(base) or callee[1]
            receiver: Term = base
            return receiver
        return ("any", callee[1])

    def receiver_of_super(self, base: Term) -> Term | None:
        """Return the term of ``self`` in the function that calls ``super()`` at a site."""
        return self.heap.external.supers.get(base[4])

    def bind(self, key: str, term: Term, receiver: Term | None) -> dict[str, Term]:
        """Return the term that each parameter of a function has at a call; ``receiver`` is what a method is bound to."""
        function = self.heap.functions[key]
        positional = [param for param in function.params if param.kind == "pos"]
        bound: dict[str, Term] = {}
        arguments = list(term[2])
        if receiver is not None and function.kind != "staticmethod" and (function.owner or key in self.heap.wrapped):
            arguments.insert(0, receiver)
        spread = next((n for n, argument in enumerate(arguments) if argument[0] == "star"), len(arguments))
        for param, argument in zip(positional, arguments[:spread], strict=False):
            bound[param.name] = argument
        vararg = next((param.name for param in function.params if param.kind == "*"), None)
        if vararg is not None and spread == len(arguments):
            bound[vararg] = ("tuple", tuple(arguments[len(positional) :]), term[4])
        elif spread < len(arguments):
            for param in positional[spread:]:
                bound[param.name] = (
                    "elem",
                    arguments[spread][1],
                    ("const", str(positional.index(param) - spread), "int"),
                )
            if vararg is not None:
                rest = tuple(arguments[len(positional) :])
                bound[vararg] = ("tuple", rest, term[4]) if spread > len(positional) else arguments[spread][1]
        words = {param.name for param in function.params}
        bound.update({word: value for word, value in term[3] if word in words})
        return bound

    def given_for(self, param: Term) -> list[tuple[Call, Term]]:
        """Return the calls that are seen to hand something in for a parameter, each with what it hands in."""
        calls = self.heap.calls.get(param[1], ())
        return [(call, call.bound[param[2]]) for call in calls if param[2] in call.bound]

    def handed_in(self, bound: Mapping[str, Term], value: Term) -> Term:
        """Return the term that a call gives for a parameter; of ``*args``, for one of them."""
        params = self.heap.functions[value[1]].params
        several = any(param.name == value[2] and param.kind == "*" for param in params)
        return ("iter", bound[value[2]]) if several else bound[value[2]]

    def given_by_callers(self, value: Term) -> Values:
        """Work out what the calls that are seen give for a parameter."""
        self.heap.contents.asked += 1
        calls = self.heap.calls.get(value[1], ())
        bound = islice((call.bound for call in calls if value[2] in call.bound), _CALLERS)
        terms = [*(self.handed_in(arguments, value) for arguments in bound), *self._default(value)]
        return frozenset(denoted for denoted in self.heap.all_of(terms) if denoted[0] != "container")

    def _default(self, value: Term) -> list[Term]:
        """Return the default of a parameter, where that names a class or a function: whoever gives nothing hands it in."""
        function = self.heap.functions[value[1]]
        default = next((param.default for param in function.params if param.name == value[2]), None)
        return [default] if default is not None and default[0] in {"name", "attr", "func", "class"} else []

    def substituted(self, term: Term, key: str, bound: Mapping[str, Term]) -> Term:
        """Return a term of a function with its parameters replaced by what a call gives for them."""
        if not bound:
            return term

        def change(part: Term) -> Term | None:
            return bound.get(part[2], part) if part[0] == "param" and part[1] == key else None

        return rebuilt(term, change)

    def returned(self, key: str, bound: Mapping[str, Term] | None = None) -> Values:
        """Return what a function may return, its parameters being ``bound``."""
        function = self.heap.functions[key]
        if function.yields:
            arguments = tuple((name, term) for name, term in (bound or {}).items() if is_small(term))
            return frozenset([("generator", key, arguments)])
        return self._outcome(function, "return", bound)

    def yielded(self, generator: Term) -> Values:
        """Return what iterating over a generator, or entering a context manager that is one, gives."""
        return self._outcome(self.heap.functions[generator[1]], "yield", dict(generator[2]))

    def _outcome(self, function: Function, kind: str, bound: Mapping[str, Term] | None) -> Values:
        key = function.key
        if self.heap.depth > _DEEP:
            return PART
        results: set[Term] = set()
        before = self.heap.context
        as_written = self.heap.tangled or len(before) >= _CONTEXT or key in before
        self.heap.context = (*before, key)
        for option, names in self._options_of(function, kind):
            term = option
            if bound and not as_written and not names.isdisjoint(bound):
                term = self.substituted(option, key, bound)
                term = term if is_small(term) else option
            results |= self.heap.evaluate(term)
        self.heap.context = before
        return frozenset(results)

    def _options_of(self, function: Function, kind: str) -> list[tuple[Term, frozenset[str]]]:
        """Return the terms that a function may return or yield, each once, with the names of its parameters in them."""
        known = self._options.get((function.key, kind))
        if known is None:
            results = [event.terms[0] for event in function.events if event.kind == kind]
            terms = dict.fromkeys(option for term in results if term != NONE for option in options(term))
            known = self._options[function.key, kind] = [(term, params_of(term, function.key)) for term in terms]
        return known


def _names_its_class(callee: Term) -> bool:
    """Tell whether a construction names its class: ``cls(..)`` and ``type(self)(..)`` may make an heir."""
    return callee[0] in {"name", "dotted", "class", "global"} or (callee[0] == "attr" and callee[2] != "__class__")
