"""On which objects a method is seen to be called: object sensitivity, worked out for the stores that need it.

Containers are told apart by where they are made, so that all objects of a class share what its methods do to their
fields. Whether that is done to the one object that lives long, the receivers of the calls tell.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from leaklint.flow.terms import Term, root_of_reads
from leaklint.heap.generators import is_inside
from leaklint.heap.multiplicity import MANY

if TYPE_CHECKING:
    from leaklint.heap.effects import Call, Effect, Effects
    from leaklint.heap.points_to import PointsTo
    from leaklint.heap.publication import Publication


class Receivers:
    """Answers whether a store may be into a field of a long-lived object."""

    def __init__(
        self, heap: PointsTo, effects: Effects, lives_long: Callable[[Term], bool], has_long: Callable[[str], bool],
        runs: Callable[[Call], int], publication: Publication, is_importable: Callable[[str], bool],
    ) -> None:  # fmt: skip
        """Take the call graph, what tells of an object or of some of a class that they live long, and how often calls run.

        ``publication`` tells when an object comes to live long, ``is_importable`` whether users come to one of a class.
        """
        self.is_importable = is_importable
        self.publication = publication
        self.runs = runs
        self.heap = heap
        self.effects = effects
        self.lives_long = lives_long
        self.has_long = has_long

    def may_be_long(self, effect: Effect) -> bool:
        """Tell whether the object whose field is filled may be one that lives long, by all calls that are seen.

        A method that nothing in the program calls is for users, who may call it on any object that they can import.
        """
        base = self._object_of(effect)
        if base[0] != "param" or not self._is_receiver(base):
            return self._may_live_long(base)
        if self._is_given_a_long_one(effect.base, base):
            return True
        return self._is_met_by_long(base[1]) and self._from_callers(base, set())

    def _is_met_by_long(self, key: str) -> bool:
        """Tell whether a method is one that an object that lives long has: not another class's, and not overridden there."""
        function = self.heap.functions[key]
        if function.kind != "method" or function.owner not in self.heap.names.classes:
            return True
        through_super = {
            self.heap.functions[call.caller].owner
            for call in self.effects.calls.get(key, ())
            if self.heap.functions[call.caller].name == function.name
        }
        classes = self.heap.classes
        return any(
            classes.method(heir, function.name) == key or not through_super.isdisjoint(classes.order(heir))
            for heir in classes.below(function.owner)
            if self.has_long(heir)
        )

    def takes(self, effect: Effect, chain: tuple[Call, ...]) -> bool:
        """Tell whether what is handed in by a chain of calls may come to a long-lived object: by the call of the store."""
        base = self._object_of(effect)
        if base[0] != "param" or not self._is_receiver(base) or not chain:
            return True
        given = self._bound_to(base, chain[0])
        if given is None or (given[0] == "param" and not self._is_receiver(given)):
            return True
        return self._may_live_long(given) or self._is_given_a_long_one(effect.base, base)

    def is_part_of(self, key: str, effect: Effect, chain: tuple[Call, ...]) -> bool:
        """Tell whether an object of a class puts itself into a part of itself, which goes with it.

        ``chain`` are the calls that hand it in, the innermost first. The part is an attribute that only methods of the class
        fill, with objects that they make.
        """
        base = self._object_of(effect)
        part = self._bound_to(base, chain[0]) if chain and base[0] == "param" else None
        if part is None or part[0] != "attr" or part[1][0] != "param" or not self._is_receiver(part[1]):
            return False
        owner, values = self.heap.functions[part[1][1]].owner, self.heap.evaluate(part)
        above = self.heap.classes.order(owner)
        bodies = [(self.heap.names.module_of(one).name, self.heap.names.classes[one].place) for one in above]
        sites = [value[2] if value[0] == "inst" and isinstance(value[2], tuple) else () for value in values]
        return key in above and bool(sites) and all(
            len(site) > 4 and any(site[0] == module and is_inside(site[1:5], place) for module, place in bodies)
            for site in sites
        )  # fmt: skip

    def _bound_to(self, receiver: Term, call: Call) -> Term | None:
        """Return what a call gives for the receiver of the callee, or of the method that has made the callee just before."""
        if call.callee == receiver[1]:
            return call.bound.get(receiver[2])
        maker = call.term[1]
        if maker[:1] != ("call",) or self.heap.functions[call.callee].parent != receiver[1]:
            return None
        methods = [one for one in self.heap.evaluate(maker[1]) if one[0] == "method" and one[2] == receiver[1]]
        return self.heap.calling.receiver_term(maker, methods[0]) if methods else None

    def _is_given_a_long_one(self, term: Term, receiver: Term) -> bool:
        """Tell whether a container is reached by an object that callers hand to the receiver, and that lives long."""
        while term[0] in {"attr", "elem", "iter"} and term[1] != receiver:
            term = term[1]
        if term[0] != "attr":
            return False
        given = self.heap.attributes.handed_down(term)
        return any(one[0] == "param" for one in self.heap.evaluate(term)) and any(
            one[0] == "inst" and self.lives_long(one) for one in given
        )

    def _may_live_long(self, term: Term) -> bool:
        """Tell whether one of the objects that a term denotes may be one that lives long; ``self`` may be any of its class."""
        values = self.heap.evaluate(term)
        return not values or any(
            self._may_be_a_long_one(value[1]) if value[0] == "self" else value[0] != "inst" or self.lives_long(value)
            for value in values
        )

    def _may_be_a_long_one(self, key: str) -> bool:
        return key not in self.heap.names.classes or any(self.has_long(one) for one in self.heap.classes.below(key))

    def _object_of(self, effect: Effect) -> Term:
        """Return the term of the object whose container is filled, or that is one; ``super()`` stands for ``self``."""
        base = self._given_by_property(effect.base)
        base = base if effect.container[2][:1] == ("class",) else root_of_reads(base)
        return (self.heap.calling.receiver_of_super(base) if base[0] == "call" else None) or base

    def _given_by_property(self, base: Term) -> Term:
        """Return what a property of the object itself gives, where a container is reached by it; else the term itself."""
        read = base
        while read[0] in {"attr", "elem", "iter"} and read[1][0] != "param":
            read = read[1]
        if read[0] != "attr" or not self._is_receiver(read[1]):
            return base
        method = self.heap.classes.method(self.heap.functions[read[1][1]].owner, read[2])
        function = self.heap.functions[method] if method is not None else None
        given = [event.terms[0] for event in function.events if event.kind == "return"] if function is not None else []
        if function is None or len(given) != 1 or not function.params:
            return base
        return self.heap.calling.substituted(given[0], function.key, {function.params[0].name: read[1]})

    def _is_receiver(self, term: Term) -> bool:
        function = self.heap.functions.get(term[1])
        return bool(function and function.owner and function.params and function.params[0].name == term[2])

    def _from_callers(self, receiver: Term, seen: set[str], captured: bool = False) -> bool:
        """Tell whether a method may be called on a long-lived object, many times.

        A receiver that is ``captured`` by an inner function is called on as often as that runs, however often its own.
        """
        seen.add(receiver[1])
        calls = self.effects.calls.get(receiver[1])
        if not calls:
            function = self.heap.functions[receiver[1]]
            below = self.heap.classes.below(function.owner) if function.owner in self.heap.names.classes else ()
            is_user_s = not below or any(map(self.is_importable, below))
            return is_user_s and function.name != "__setitem__"  # which is called where an item is set
        for call in calls:
            if not captured and self.runs(call) != MANY:
                continue
            given = call.bound.get(receiver[2])
            if given is None:
                return True
            if given[0] == "param" and self._is_receiver(given):
                if given[1] not in seen and self._from_callers(given, seen, given[1] != call.caller):
                    return True
                continue
            if self._may_live_long(given) and not self.publication.is_later(call, given):
                return True
        return False
