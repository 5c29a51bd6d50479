"""Classes of the program: their order of inheritance, what is above and below them, and what they are by nature."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from leaklint.contracts.library import Contracts
from leaklint.flow.model import Class
from leaklint.flow.terms import Term
from leaklint.heap.grouping import lists_by_key, sets_by_key
from leaklint.heap.names import Names

_COMMON = frozenset(name for kind in (str, list, dict, set, bytes) for name in dir(kind))


class Kin(NamedTuple):
    """Classes that have one definition of a name, and all that are above or below one of them."""

    classes: tuple[str, ...]
    related: frozenset[str]


class Classes:
    """The class hierarchy. ``evaluate`` gives what a term denotes, for the bases."""

    def __init__(self, names: Names, evaluate: Callable[[Term], frozenset[Term]], contracts: Contracts) -> None:
        self.names = names
        self.contracts = contracts
        self._evaluate = evaluate
        self.made_anew: set[str] = set()  # those of which calls of ``type`` make heirs
        self._orders: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        self._opened = 0  # classes of which the order is being worked out
        self._methods: dict[tuple[str, str], str | None] = {}
        self._attributes: dict[tuple[str, str], tuple[str, Term] | None] = {}
        self._overrides: dict[tuple[str, str], tuple[str, ...]] = {}
        self._kin: dict[str, Kin] = {}

    def _above(self, key: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the classes of the program in the order of inheritance, ``key`` first, and the dotted names outside of it."""
        if key in self._orders:
            return self._orders[key]
        self._orders[key] = ((key,), ())
        self._opened += 1
        orders: list[list[str]] = []
        outside: dict[str, None] = {}
        for base in self.names.classes[key].bases:
            base = base[1] if base[0] == "elem" else base  # Generic[T]
            for value in sorted(self._evaluate(base), key=repr):
                if value[0] == "class":
                    above, beyond = self._above(value[1])
                    orders.append(list(above))
                    outside.update(dict.fromkeys(beyond))
                elif value[0] in {"ext", "extinst"}:
                    outside[value[1]] = None
                elif value[0] == "container":
                    outside[f"builtins.{value[1]}"] = None
                else:
                    outside["?"] = None
        self._orders[key] = ((key, *_merged([*orders, [order[0] for order in orders]])), tuple(outside))
        self._opened -= 1
        return self._orders[key]

    @property
    def are_read(self) -> bool:
        """Tell whether no class's order is being worked out right now: what is asked in between may be incomplete."""
        return not self._opened

    def order(self, key: str) -> tuple[str, ...]:
        """Return the class and those above it in the program; none of a class that no file here defines."""
        known = self._orders.get(key)
        if known is None:
            return self._above(key)[0] if key in self.names.classes else ()
        return known[0]

    def outside(self, key: str) -> tuple[str, ...]:
        """Return the dotted names of the bases outside of the program, of the class and of those above it."""
        return self._above(key)[1] if key in self.names.classes else ("?",)

    def may_be_called_outside(self, key: str) -> bool:
        """Tell whether a base of a class, or of an heir, was not read and may call its methods, as it names them itself."""
        return any(
            not name.startswith("builtins.") and not self.contracts.is_a(name, "slotted base")
            for heir in self.below(key)
            for name in self.outside(heir)
        )

    @cached_property
    def _below(self) -> dict[str, set[str]]:
        return sets_by_key((above, key) for key in self.names.classes for above in self.order(key))

    def below(self, key: str) -> set[str]:
        """Return the class and its heirs."""
        return self._below.get(key, {key})

    def sole_heirs(self, key: str) -> list[str]:
        """Return the heirs that all other heirs of a class derive from: what is made of it is one of theirs."""
        heirs = self.below(key) - {key}
        return [heir for heir in heirs if heirs <= self.below(heir) | set(self.order(heir))]

    @cached_property
    def _having(self) -> dict[str, list[str]]:
        """Return the classes that have a method or an attribute of a name in their own body."""
        classes = self.names.classes.items()
        return lists_by_key((name, key) for key, klass in classes for name in {*klass.methods, *klass.attributes})

    def heirs_with(self, key: str, name: str) -> set[str]:
        """Return the heirs of a class that have a method or an attribute of a name in their body, or in that of one above."""
        below = self.below(key)
        heirs = {heir for owner in self._having.get(name, ()) for heir in self.below(owner) if heir in below}
        return heirs - {key}

    def overrides(self, key: str, name: str) -> tuple[str, ...]:
        """Return the methods of a name that heirs of a class have in their own body, in the order of the heirs."""
        known = self._overrides.get((key, name))
        if known is None:
            heirs = sorted(self.below(key).intersection(self._having.get(name, ())) - {key})
            methods = (self.names.classes[heir].methods.get(name) for heir in heirs)
            known = self._overrides[key, name] = tuple(dict.fromkeys(filter(None, methods)))
        return known

    def kin(self, key: str) -> Kin:
        """Return a class by itself, with those above and below it."""
        known = self._kin.get(key)
        if known is None:
            known = self._kin_of((key,))
            if self.are_read:
                self._kin[key] = known
        return known

    def _kin_of(self, keys: tuple[str, ...]) -> Kin:
        return Kin(keys, frozenset().union(keys, *map(self.order, keys), *map(self.below, keys)))

    def by_definition(self, keys: Iterable[str], name: str) -> list[Kin]:
        """Return classes in groups that have the same method and the same attribute under a name, in the order of the first."""
        definitions = ((key, self.method(key, name), self.attribute(key, name)) for key in sorted(keys))
        groups = lists_by_key(((method, attribute and attribute[0]), key) for key, method, attribute in definitions)
        return [self._kin_of(tuple(group)) for group in groups.values()]

    @cached_property
    def _owners(self) -> dict[str, set[str]]:
        """Return the classes that have a method of a name, but for names that the containers of Python have, too."""
        classes = self.names.classes.items()
        return sets_by_key((name, key) for key, klass in classes for name in klass.methods.keys() - _COMMON)

    def uppermost(self, name: str) -> str | None:
        """Return the one class that has a method of a name, of a family of classes the uppermost; None where others have it."""
        owners = self._owners.get(name, set()) if not name.startswith("__") else ()
        return next((owner for owner in owners if self.below(owner).issuperset(owners)), None)

    def declared_once(self, name: str) -> Term | None:
        """Return what the only class with an attribute of a name, and no method, has under it; None where others have it."""
        return self._declared_once.get(name) if name not in self._owners and not name.startswith("__") else None

    @cached_property
    def _declared_once(self) -> dict[str, Term | None]:
        found: dict[str, Term | None] = {}
        for klass in self.names.classes.values():
            for name, (term, _) in klass.attributes.items():
                found[name] = term if name not in found else None
        return found

    def local_heirs(self, key: str) -> set[str]:
        """Return the heirs that functions make with a class statement."""
        return {heir for heir in self.below(key) if self.names.classes[heir].parent}

    def made_by(self, meta: str) -> frozenset[Term]:
        """Return the classes that a metaclass makes: any, one that a call makes anew, those of functions."""
        anew = [("anyclass", "?")] if meta in self.made_anew else []
        return frozenset(
            [("anyclass", meta), *anew, *(("class", key) for key in self.local_by_metaclass.get(meta, ()))]
        )

    @cached_property
    def local_by_metaclass(self) -> dict[str, list[str]]:
        """Return the classes that functions make with a class statement, by metaclass, and by those above that."""
        local = ((key, self.metaclass(key)) for key, klass in self.names.classes.items() if klass.parent)
        return lists_by_key((above, key) for key, meta in local if meta is not None for above in self.order(meta))

    def related(self, key: str, other: str) -> bool:
        """Tell whether an object may be of both classes: one is the other's heir."""
        return key == other or other in self.order(key) or key in self.order(other)

    def method(self, key: str, name: str) -> str | None:
        """Return the function that the class or one above it has under ``name``."""
        if (key, name) in self._methods:
            return self._methods[key, name]
        methods = (self.names.classes[owner].methods.get(name) for owner in self.order(key))
        first = next((method for method in methods if method is not None), None)
        if self.are_read:
            self._methods[key, name] = first
        return first

    def attribute(self, key: str, name: str) -> tuple[str, Term] | None:
        """Return the class that has an attribute in its body, and its value."""
        if (key, name) in self._attributes:
            return self._attributes[key, name]
        bodies = ((owner, self.names.classes[owner].attributes.get(name)) for owner in self.order(key))
        first = next(((owner, attribute[0]) for owner, attribute in bodies if attribute is not None), None)
        if self.are_read:
            self._attributes[key, name] = first
        return first

    def last_names(self, key: str) -> set[str]:
        """Return the last parts of the names of the bases outside of the program."""
        return {name.rpartition(".")[2] for name in self.outside(key)}

    def is_protocol(self, key: str) -> bool:
        """Tell whether a class only says which methods others have; an heir that names no ``Protocol`` is one of those."""
        bases = (base[1] if base[0] == "elem" else base for base in self.names.classes[key].bases)
        return any(
            value[0] == "ext" and self.contracts.returned(value[1]) == "protocol"
            for base in bases
            for value in self._evaluate(base)
        )

    def is_metaclass(self, key: str) -> bool:
        """Tell whether its instances are classes."""
        return self.is_by_nature(key, "metaclass") or not self._used_as_meta.isdisjoint(self.below(key))

    @cached_property
    def _used_as_meta(self) -> frozenset[str]:
        return frozenset(
            value[1]
            for klass in self.names.classes.values()
            for name, term in klass.keywords if name == "metaclass"
            for value in self._evaluate(term) if value[0] == "class"
        )  # fmt: skip

    def metaclass(self, key: str) -> str | None:
        """Return the metaclass of the program that makes the class."""
        for ancestor in self.order(key):
            for name, term in self.names.classes[ancestor].keywords:
                if name == "metaclass":
                    return min((value[1] for value in self._evaluate(term) if value[0] == "class"), default=None)
        return None

    def is_enum(self, key: str) -> bool:
        """Tell whether the class has a fixed number of instances."""
        metas = {
            term[2]
            for ancestor in self.order(key)
            for name, term in self.names.classes[ancestor].keywords
            if name == "metaclass" and len(term) > 2
        }
        return any(self.contracts.is_a(name, "enum") for name in (*self.outside(key), *metas))

    def is_member(self, key: str, name: str) -> bool:
        """Tell whether an attribute in the body of a class is one of the instances of an enumeration."""
        term = self.names.classes[key].attributes[name][0]
        return name[:1] != "_" and term[0] not in {"func", "class"} and self.is_enum(key)

    def is_by_nature(self, key: str, nature: str) -> bool:
        """Tell whether a base outside of the program is of such a nature."""
        return any(self.contracts.is_a(name, nature) for name in self.outside(key))

    def decorated(self, key: str) -> Iterator[tuple[str, Term]]:
        """Yield the dotted names of the class's decorators, each with its term."""
        for decorator in self.names.classes[key].decorators:
            term = decorator.term[1] if decorator.term[0] == "call" else decorator.term
            for value in self._evaluate(term):
                if value[0] == "ext":
                    yield value[1], decorator.term

    def by_value(self, key: str) -> bool:
        """Tell whether its instances compare by value: an ``__eq__`` written or generated, or a tuple or text."""
        for ancestor in self.order(key):
            methods = self.names.classes[ancestor].methods
            if "__hash__" in methods and self._hashes_identity(methods["__hash__"]):
                return False  # as keys its objects are told apart, whatever they answer to ``==``
            if "__eq__" in methods:
                return True
            for name, term in self.decorated(ancestor):
                words = {
                    word: value[1] for word, value in (term[3] if term[0] == "call" else ()) if value[0] == "const"
                }
                if self.contracts.is_a(name, "compared by value") and words.get("eq", "True") != "False":
                    return True
        return self.is_by_nature(key, "value")

    def _hashes_identity(self, method: str) -> bool:
        """Tell whether a ``__hash__`` returns the identity of the object."""
        events = self.names.module_of(method).functions[method].events
        returned = [event.terms[0] for event in events if event.kind == "return"]
        return bool(returned) and all(
            result[0] == "call" and ("ext", "builtins.id") in self._evaluate(result[1]) for result in returned
        )

    def class_of(self, key: str) -> Class:
        """Return the class of a key."""
        return self.names.classes[key]


def _merged(orders: list[list[str]]) -> list[str]:
    """Return the elements of some orders in one that agrees with all of them, the C3 linearisation of Python's own classes.

    Where none agrees with all, which Python refuses, or where the bases are alternatives, the first order has its way.
    """
    merged: list[str] = []
    while orders := [order for order in orders if order]:
        heads = [order[0] for order in orders]
        later = {key for order in orders for key in order[1:]}
        chosen = next((head for head in heads if head not in later), heads[0])
        merged.append(chosen)
        orders = [[key for key in order if key != chosen] for order in orders]
    return merged
