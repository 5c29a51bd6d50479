"""What stores keep, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.contracts.containers import BULK
from leaklint.flow.terms import Term, alternatives, options, root, walk
from leaklint.heap.certainty import Certainty
from leaklint.heap.contextual import ContextDefaults
from leaklint.heap.dead_references import DeadReferences
from leaklint.heap.decorators import Decorators
from leaklint.heap.domains import Domain
from leaklint.heap.effects import Effect
from leaklint.heap.equality import is_standard
from leaklint.heap.heap_place import HeapPlace
from leaklint.heap.key_guards import asked_before, interned, is_there, looked_through
from leaklint.heap.kinds import FUNCTIONS_OF_OBJECTS, OBJECTS_AND_ERRORS, UNRESOLVED
from leaklint.heap.members import by_any_name
from leaklint.heap.namespaces import is_constructor, is_namespace
from leaklint.heap.own_keys import brings_its_key, is_its_own
from leaklint.heap.refusals import Refusals
from leaklint.heap.retained import Store
from leaklint.heap.retained_objects import Retained
from leaklint.heap.shadowing import Shadowing
from leaklint.heap.usage import is_for_classes

if TYPE_CHECKING:
    from leaklint.heap.retention import Heap

# A holder of functions by its own name: only ever a reason to be less sure.
_CALLED = re.compile(
    r"(callback|handler|hook|listener|observer|filter|factor|plugin|extension|addon|backend|provider|converter|adapter)(s|ies|y)?$",
    re.IGNORECASE,
)
_SEEN_ELSEWHERE = OBJECTS_AND_ERRORS | {"param"}  # what a read of an entry gives has been put in by other stores
_UNCOUNTED = frozenset({Domain.TEXT, Domain.VALUE, Domain.UNKNOWN})  # keys that nobody here counts
_PRIMITIVE = "primitive"  # a lock, an event: it holds nothing, and each equals only itself
_REGISTRY = "a registry that callers fill"
_UNRESOLVED = "what is stored is not known"
_WITHOUT_HASH = frozenset({"dict", "list", "set", "deque", "bytearray"})
_MAPPINGS = BULK | {"[]=", "setdefault", "__setitem__", "read", "setattr"}  # where there is a key


class Stores:
    """Judges the stores into one holder."""

    def __init__(self, heap: Heap) -> None:
        """Take what is asked for everything else."""
        self.heap = heap
        self._searched: dict[str, frozenset[Term]] = {}  # by function
        self.refusals = Refusals(heap)
        self.contextual = ContextDefaults(heap)
        self.decorators = Decorators(heap)
        self.dead_references = DeadReferences(heap)
        self.shadowing = Shadowing(heap)

    def of(self, effect: Effect, location: HeapPlace) -> Iterator[Store]:
        """Yield what a store keeps in a holder, under its key and as its value, with how sure that is."""
        mapping = effect.how in _MAPPINGS and effect.key is not None
        if self._replaces(effect) or is_there(effect) or self._is_searched(effect) or self._has_room(effect):
            return
        domain = self._domain(effect, location) if mapping else Domain.UNKNOWN
        if (mapping and domain == Domain.FINITE) or effect.container[1].startswith("weak:"):
            return
        where = self.heap.location(effect.container)
        of_weak_key = where is not None and where.is_of_weak_key
        sides: list[tuple[str, Term]] = []
        if effect.value is not None:
            sides.append(("value" if mapping else "element", effect.value))
        if mapping and effect.key is not None:
            sides.append(("key", effect.key))
        plain, is_primitive = True, False
        for side, option, retained in self._kept_on(effect, sides):
            is_primitive |= side == "element" and retained.name == _PRIMITIVE
            if of_weak_key and retained.kind not in FUNCTIONS_OF_OBJECTS:
                continue  # it goes with the key, which it does not keep
            small = retained.kind == "plain" and retained.name not in {"long", "function", "type"}
            plain &= side == "key" or small
            store = self._store(effect, retained, side, domain, option)
            if store is not None:
                yield store
        if of_weak_key:
            return
        if plain and mapping and effect.value is not None:
            yield from self._of_plain(effect, location, domain)
        elif plain and effect.value is not None and (is_primitive or self._adds_up(effect)):
            plain_value = Retained("made", chain=effect.chain)
            yield Store(effect, plain_value, "element", domain, Certainty(1, ("what is stored is small",)))
        if plain:
            yield from self.contextual.stores(effect)

    def _domain(self, effect: Effect, location: HeapPlace) -> Domain:
        """Return how many keys a store into a mapping can use, by its annotations and the tests before it as well."""
        domain = self.heap.keys.of_store(effect)
        if domain == Domain.UNKNOWN:
            domain = self._declared_domain(location) or domain
        is_text = effect.key is not None and self._is_tested_plain(effect, effect.key)
        return Domain.TEXT if is_text and domain not in {Domain.FINITE, Domain.FRESH} else domain

    def _kept_on(self, effect: Effect, sides: list[tuple[str, Term]]) -> Iterator[tuple[str, Term, Retained]]:
        """Yield what a store keeps: on which side, by which of the terms that may be stored there."""
        for side, option in ((side, option) for side, term in sides for option in options(term)):
            is_hashed = side == "key" or (side == "element" and effect.container[1] == "set")
            for retained in () if self._is_tested_plain(effect, option) else self.heap.keeping.of(option, effect.chain):
                if is_hashed and retained.kind == "container" and retained.name in _WITHOUT_HASH:
                    continue  # it must be something else that goes in
                if effect.how != "read" or side != "value" or retained.kind not in _SEEN_ELSEWHERE:
                    yield side, option, retained  # what a new entry that is read holds later, other stores put in

    def _is_tested_plain(self, effect: Effect, term: Term) -> bool:
        """Tell whether a test before a store lets only text, numbers and the like come to it: ``isinstance(name, str)``."""
        annotations = self.heap.points_to.annotations
        for test, holds in asked_before(effect.event):
            asks = holds and test[0] == "call" and test[1][-1] == "isinstance" and len(test[2]) == 2
            if asks and test[2][0] == term:
                kinds = annotations.of(test[2][1])
                return bool(kinds) and all(kind[0] == "plain" for kind in kinds)
        return False

    @staticmethod
    def _replaces(effect: Effect) -> bool:
        """Tell whether a store takes the place of an element: an index of a list is there already."""
        return effect.container[1] in {"list", "deque", "array", "bytearray"} and effect.how in {"[]=", "__setitem__"}

    def _adds_up(self, effect: Effect) -> bool:
        """Tell whether the program shows of elements that keep nothing themselves that they are more than a few."""
        sides, value = self.heap.removals.paths.sides, effect.value
        is_new = not _calls(value, "id") and self.heap.keys.of(value, effect.chain) is Domain.FRESH if value else False
        shown = effect.container in sides.marks.containers or sides.in_step.grows(effect)
        return is_new or shown or self._is_put_in_by_each(effect)

    def _is_put_in_by_each(self, effect: Effect) -> bool:
        """Tell whether each object of a class, as it is made, adds something to the list that its class has for all."""
        home, where = self.heap.points_to.functions[effect.function], self.heap.location(effect.container)
        constructs = bool(home.owner) and is_constructor(home.name) and not effect.event.guards
        shared = where is not None and where.scope == "class" and effect.container[1] in {"list", "deque"}
        return constructs and shared and not effect.chain and not self.heap.multiplicity.is_few(home.owner)

    def _of_plain(self, effect: Effect, location: HeapPlace, domain: Domain) -> Iterator[Store]:
        """Values that keep nothing themselves: the entries stay, as many as there are keys."""
        plain_value = Retained("made", chain=effect.chain)
        asked = interned(effect, self.heap.points_to)
        grows = domain == Domain.FRESH and not asked and not _calls(effect.key, "id")
        paths = self.heap.removals.paths
        if asked and paths.sides.shared_keys.are_new(effect):
            grows, domain = True, Domain.FRESH
        if grows or paths.unswept.why(effect) or paths.sides.in_step.grows(effect):
            yield Store(effect, plain_value, "value", domain, Certainty(1, ("what is stored is small",)))
        elif effect.value is not None and effect.value[0] != "const" and (effect.how == "read" or asked):
            level = 1 if location.scope == "default" and not self._is_declared_text(effect) else 0
            certainty = Certainty(level, ("as many as there are different keys",))
            yield Store(effect, plain_value, "value", domain, certainty)

    def _declared_domain(self, location: HeapPlace) -> Domain | None:
        """Return what the annotation of a holder says of its keys."""
        names = self.heap.points_to.names
        owners = names.modules if location.scope == "module" and location.owner in names.modules else names.classes
        owner = owners.get(location.owner)
        hint = owner.annotations.get(location.name) if owner is not None else None
        keys = self.heap.points_to.annotations.element(hint, by_key=False)
        return Domain.TEXT if keys and all(value[0] == "plain" for value in keys) else None

    def _is_declared_text(self, effect: Effect) -> bool:
        """Tell whether an annotation, rather than a name or a use, says that a key is text."""
        functions = self.heap.points_to.functions
        for part in walk(effect.key) if effect.key is not None else ():
            if part[0] == "param" and part[1] in functions:
                return any(
                    param.name == part[2] and param.annotation is not None for param in functions[part[1]].params
                )
        return False

    def _only_by_name(self, effect: Effect) -> bool:
        """Tell whether nothing but the name of a parameter says that a key is text."""
        key = effect.key
        if key is None or key[0] != "param":
            return False
        return self.heap.usage.of(key[1], key[2]) != "plain" and self.heap.keys.by_name_alone(key)

    def _is_factory(self, retained: Retained, effect: Effect) -> bool:
        """Tell whether a class remembers its own instances."""
        location = self.heap.location(effect.container)
        owner = location.owner if location is not None and location.scope == "class" else ""
        return bool(owner and retained.cls) and self.heap.points_to.classes.related(owner, retained.cls)

    def _is_of_callables(self, effect: Effect) -> bool:
        """Tell whether a container is for functions and classes, which usually are defined once: by its name, or by its use."""
        where = self.heap.location(effect.container)
        return where is not None and bool(_CALLED.search(where.name) or effect.container in self._called_elements)

    @cached_property
    def _called_elements(self) -> frozenset[Term]:
        """Return the containers whose elements are called somewhere."""
        return frozenset(
            value
            for function in self.heap.points_to.functions.values()
            for event in function.events if event.kind == "call" and event.terms[0][1][0] in {"iter", "elem"}
            for value in self.heap.points_to.evaluate(event.terms[0][1][1]) if value[0] == "container"
        )  # fmt: skip

    def _has_room(self, effect: Effect) -> bool:
        """``if len(X) < N: X.append(..)``, ``if not X: X.append(..)``: no more than so many are ever put in."""
        for guard in effect.event.guards:
            test, holds = guard.test, guard.holds
            while test[0] == "op" and test[1] == "not":
                test, holds = test[2][0], not holds
            if guard.kind not in {"if", "past"}:
                continue
            if test[0] != "op" and not holds and effect.container in self.heap.points_to.evaluate(test):
                return True
            if not self.heap.removals.bounds.tests_size(guard.test, effect):
                continue
            if test[:2] == ("op", "==" if holds else "!="):
                return True
            if test[0] == "op" and test[1] in {"<", "<=", ">", ">="} and len(test[2]) == 2:
                if ((test[1][0] == "<") == _calls(test[2][0], "len")) == holds:
                    return True
        return False

    def _store(self, effect: Effect, retained: Retained, side: str, domain: Domain, term: Term) -> Store | None:
        if side == "key" and (
            domain in {Domain.TEXT, Domain.VALUE}
            or self.heap.keeping.is_equal_to_others(retained, term)
            or self.dead_references.take_their_entry(effect)
        ):
            return None
        if retained.kind == "plain" or (
            side == "key" and retained.kind in {"made", "part", "weak", "container", "function"}
        ):
            return None
        if retained.kind == "weak":
            recycled = _calls(effect.key, "id")
            if side == "key" or retained.name or recycled or not self.dead_references.stay(effect, term):
                return None
            return Store(effect, retained, side, domain, Certainty(1, ("only the dead references themselves stay",)))
        if retained.cls and self.heap.multiplicity.is_single(retained.cls):
            return None
        certainty = self._certainty(effect, retained, side, domain, term)
        return Store(effect, retained, side, domain, certainty) if certainty.level >= 0 else None

    def _certainty(self, effect: Effect, retained: Retained, side: str, domain: Domain, term: Term) -> Certainty:
        """Return how sure it is that a store keeps what users let go."""
        if retained.kind == "param":
            certainty = self._of_param(effect, retained, side, domain, term)
        elif retained.kind in UNRESOLVED:
            if self._is_memo_by_default(effect):
                return Certainty(1, (_UNRESOLVED,))
            piles_up = domain == Domain.FRESH or (domain == Domain.OBJECT and retained.kind == "made")
            certainty = Certainty(int(piles_up), (_UNRESOLVED,))
        else:
            certainty = self._of_object(effect, retained, side, term)
            arguments = (value for call in retained.chain for value in call.bound.values())
            is_sure = retained.kind == "method" and certainty.level > 1
            if is_sure and by_any_name(self.heap.points_to, (term, *arguments)):
                certainty = certainty.lowered(1, "assumes that one of its methods is stored")
        if certainty.level > 1 and side == "value" and domain in _UNCOUNTED:
            certainty = certainty.lowered(1, "assumes many different keys")
        for doubt in self._doubts(effect, retained, side, domain, term) if certainty.level >= 0 else ():
            certainty = certainty.lowered(0, doubt)
        return certainty

    def _of_object(self, effect: Effect, retained: Retained, side: str, term: Term) -> Certainty:
        if retained.kind == "closure" and not retained.cls:
            certainty = Certainty(1, (f"assumes that callers pass objects for '{retained.name}'",))
            is_registry = not (retained.chain or effect.chain) and self._is_of_callables(effect)
            return certainty.lowered(0, _REGISTRY) if is_registry else certainty
        if retained.kind == "function" and self._is_of_callables(effect):
            return Certainty(0, (_REGISTRY,))
        if retained.kind == "instance" and not retained.cls:
            once = side == "element" and interned(effect, self.heap.points_to)
            return Certainty(0 if once and not self._are_apart(term) else 1)
        return Certainty(2 if retained.kind in OBJECTS_AND_ERRORS else 1)

    def _are_apart(self, term: Term) -> bool:
        """Tell whether objects of the standard library equal only themselves: contracts know which are compared by value."""
        names = [value[1] for value in self.heap.points_to.evaluate(term) if value[0] == "extinst"]
        is_a = self.heap.points_to.contracts.is_a
        by_value = any(is_a(name, nature) for name in names for nature in ("plain", "text", "value"))
        return bool(names) and all(map(is_standard, names)) and not by_value

    def _of_param(self, effect: Effect, retained: Retained, side: str, domain: Domain, term: Term) -> Certainty:
        usage = self.heap.usage.of(retained.function, retained.name)
        if usage == "plain":
            return Certainty(-1)
        fields = (read for read in walk(term) if read[0] == "attr")
        if not retained.chain:
            param = ("param", retained.function, retained.name)
            fields = (read for read in fields if root(read) == param or param in self.heap.points_to.evaluate(read))
        field = next(fields, None)
        if field is not None and not usage:
            usage = self.heap.usage.of_field(field[2])
            if usage != "object":
                return Certainty(0 if not usage else -1, ("what the attribute holds is not known",))
        certainty = Certainty(1, (f"assumes that callers pass objects for '{retained.name}'",))
        if is_for_classes(retained.name):
            return certainty.lowered(0, "classes usually are made at import")
        chain = retained.chain or effect.chain
        if usage != "object" and not chain and self._is_of_callables(effect):
            return certainty.lowered(0, _REGISTRY)
        # a memo: who asks does not mean to add one
        asked = effect.how == "read" or interned(effect, self.heap.points_to)
        named = effect.key is not None and all(part[0] == "param" for part in alternatives(effect.key))
        if named and usage != "object" and not chain and not asked:
            return certainty.lowered(0)  # something under a name: nothing says what it is
        by_name = side == "value" and domain in {Domain.TEXT, Domain.FINITE}
        return certainty.lowered(0) if by_name and not retained.chain and not is_its_own(effect) else certainty

    def _is_memo_by_default(self, effect: Effect) -> bool:
        """``def f(x, memo={})``: a default argument is looked into before it is filled, by what may be any object."""
        where = self.heap.location(effect.container)
        shared = where is not None and where.scope == "default" and interned(effect, self.heap.points_to)
        return shared and not self._is_declared_text(effect)

    def _doubts(self, effect: Effect, retained: Retained, side: str, domain: Domain, term: Term) -> Iterator[str]:
        """Yield a reason for each thing that makes it unlikely that entries pile up."""
        once = interned(effect, self.heap.points_to)
        if retained.kind == "container" and side == "value" and domain in {Domain.TEXT, Domain.VALUE, Domain.UNKNOWN}:
            yield "a container under each key, and nobody here knows how many keys there are"
        if retained.kind == "container" and retained.name == "tuple":
            yield "a tuple, and nobody here knows of what"
        if side == "value" and domain in {Domain.TEXT, Domain.VALUE} and self._is_made_here(retained, term, once):
            doubtful = not self._only_by_name(effect) or (once and not self._is_factory(retained, effect))
            if doubtful and not self.heap.keys.inputs.gives_key(effect):
                yield f"{domain.value}, which nobody here knows"
        if side == "value" and domain == Domain.UNKNOWN and once and retained.kind in UNRESOLVED:
            yield "one is made for each key, and nobody here knows how many keys there are"
        if side == "element" and retained.cls:
            by_value = once and self.heap.keeping.is_equal_to_others(retained, term)
            in_set = effect.container[1] == "set" and self.heap.keys.of(term, effect.chain)
            if by_value or in_set in {Domain.TEXT, Domain.VALUE}:
                yield "equal ones are stored once"
        home = self.heap.points_to.functions[effect.function]
        sought = looked_through(home, effect.event) if side == "element" else ()
        if any(effect.container in self.heap.points_to.evaluate(container) for container in sought):
            yield "equal ones are stored once"
        if side == "element" and once and retained.kind == "param":
            yield "what callers hand in is stored once"
        if domain == Domain.VALUE and side == "value" and once and not brings_its_key(self.heap, effect):
            yield "stored once for each value, and nobody here knows how many values there are"
        may_be_decorated = retained.kind in {"param", "class", "function", "instance", "closure"}
        if may_be_decorated and self.decorators.remember(effect, retained):
            yield "a decorator stores it, once for each definition"
        if self.shadowing.by_any_name(effect):
            yield "each object may have an attribute of its own by this name"
        if self.shadowing.by_assignment(effect):
            yield "the object has been assigned one of its own before"
        named = is_namespace(effect.container) and not (effect.key is not None and effect.key[0] == "tuple")
        if named and domain != Domain.FRESH and not self._is_for_each_object(effect, retained):
            yield "attributes usually go by few names"
        if domain != Domain.FRESH and self.refusals.raises_twice(effect):
            yield "registering twice raises"
        often = self.heap.multiplicity
        if retained.cls and often.is_few(retained.cls):
            yield "the program makes only a fixed number of such objects"

    def _is_for_each_object(self, effect: Effect, retained: Retained) -> bool:
        """Tell whether objects put themselves, or their methods, among the attributes of a class or module."""
        of_one_thing = len(effect.container[2]) > 2  # rather than of every object of a class
        return of_one_thing and self.heap.enters_itself(effect, retained)

    def _is_made_here(self, retained: Retained, term: Term, once: bool) -> bool:
        """Tell whether the value is made for the key, rather than handed in or the object itself."""
        if retained.kind in {"made", "part", "container", "function", "class"}:
            return True
        if retained.kind not in {"instance", "exception"}:
            return False
        inside = self.heap.keeping.inside(term)
        if any(argument.kind in {"self", "method", "closure", "param"} for argument in inside):
            return False
        if any(argument.kind == "instance" and not (once and argument.cls == retained.cls) for argument in inside):
            return False  # but what is made with another entry, such as the one above it, is made for the key
        return any(part[0] == "call" for part in walk(term)) and not retained.chain

    def _is_searched(self, effect: Effect) -> bool:
        """The container is looked through for one of the same class first, and that is returned instead."""
        known = self._searched.get(effect.function)
        if known is None:
            known = self._searched[effect.function] = self._searched_in(effect.function)
        return effect.container in known

    def _searched_in(self, key: str) -> frozenset[Term]:
        """Return the containers that a function looks through for an object of a class, which it returns."""
        containers: set[Term] = set()
        for event in self.heap.points_to.functions[key].events:
            if event.kind == "return" and any(
                guard.kind == "if" and guard.test[0] == "call" and guard.test[1][-1] == "isinstance"
                for guard in event.guards
            ):
                containers |= self.heap.points_to.all_of(guard.test for guard in event.guards if guard.kind == "loop")
        return frozenset(containers)


def _calls(term: Term | None, name: str) -> bool:
    """Tell whether a function of some name is called in a term."""
    return term is not None and any(part[0] == "call" and part[1][-1] == name for part in walk(term))
