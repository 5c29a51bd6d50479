"""Methods that take an object out of a holder, and heirs that have another method in their place which does not."""

from __future__ import annotations

from leaklint.flow.model import Function
from leaklint.flow.terms import Term, walk
from leaklint.heap.arguments import call_arguments
from leaklint.heap.callers import callers_up
from leaklint.heap.effects import Call, Effect
from leaklint.heap.held_entries import HeldEntry
from leaklint.heap.multiplicity import MANY
from leaklint.heap.removal_sites import WayQuestion


class Overriding(WayQuestion):
    """Finds the heirs whose objects put themselves in and have no method that takes them out."""

    def without(self, entry: HeldEntry) -> str:
        """Return the method of an heir that takes the place of the one by which an object takes itself out.

        Each of the removals from the holder has to be by the object itself.
        """
        functions, store, removals = self.heap.functions, entry.store, entry.every
        home = functions[store.function]
        if store.chain or not self._is_about_self(store.value, home):
            return ""
        taking = [functions[removal.function] for removal in removals]
        if not all(self._is_about_self(removal.key, functions[removal.function]) for removal in removals):
            return ""
        if any(self._is_named_by_class(function) for function in taking):
            return ""
        for heir in sorted(self.heap.classes.below(home.owner) - {home.owner}):
            if self._enters(heir, home) and self._is_made(heir) and not self._comes_to(heir, taking, removals):
                function = taking[0]
                own = functions[self.heap.classes.method(heir, function.name) or function.key]
                name = self.heap.names.classes[heir].name
                return f"{name}.{own.name}() (line {own.place[0]}) takes the place of what removes it and does not come to that"
        return ""

    def _is_about_self(self, term: Term | None, function: Function) -> bool:
        """Tell whether a term of a method has the object inside whose method it is."""
        if term is None or function.kind != "method" or not function.owner or not function.params:
            return False
        return ("param", function.key, function.params[0].name) in walk(term)

    def _is_named_by_class(self, function: Function) -> bool:
        """Tell whether a method is called by the name of its class, ``Base.close(self)``, or handed on: on any object."""
        calls = self.effects.calls.get(function.key, ())
        return any(
            call.term[0] == "call" and call.term[1][0] == "attr"
            and any(value[0] == "class" for value in self.heap.evaluate(call.term[1][1]))
            for call in calls
        )  # fmt: skip

    def _enters(self, heir: str, home: Function) -> bool:
        """Tell whether the objects of an heir put themselves in as those of its base do."""
        method = self.heap.classes.method(heir, home.name)
        return method == home.key or (
            method is not None and bool(self.sites.leading(self.heap.functions[method], home.key))
        )

    def _is_made(self, heir: str) -> bool:
        """Tell whether the program makes objects of an heir itself, many times."""
        made = [one for one in self.removals.multiplicity.constructions(heir) if one.callee == heir]
        return any(self.removals.multiplicity.call_runs(one) == MANY for one in made)

    def _comes_to(self, heir: str, taking: list[Function], removals: list[Effect]) -> bool:
        """Tell whether a method that an heir has comes to a removal, or may: it calls a base's one that is not known."""

        def may_run(call: Call) -> bool:
            return self._runs_for(call, heir)

        classes, functions = self.heap.classes, self.heap.functions
        names = {name for one in classes.order(heir) for name in self.heap.names.classes[one].methods}
        own = {method for name in names if (method := classes.method(heir, name)) is not None}
        for method in own:
            if functions[method].name in {each.name for each in taking} and self._asks_base(
                functions[method], heir, taking
            ):
                return True
        if not own.isdisjoint(callers_up(self.effects, [function.key for function in taking], follows=may_run)):
            return True
        return any(self.sites.takes_out(functions[one], removals) for one in own if functions[one].owner == heir)

    def _runs_for(self, call: Call, heir: str) -> bool:
        """Tell whether a call may come to its callee where the object is one of an heir, which has methods of its own."""
        function = self.heap.functions[call.callee]
        if call.term[0] != "call" or call.term[1][0] != "attr" or not function.owner:
            return True
        values = self.heap.evaluate(call.term[1][1])
        if any(value[0] == "super" for value in values):
            return self._next(self.heap.functions[call.caller], function.name, heir) in {call.callee, None}
        return (
            any(value[0] == "class" for value in values) or self.heap.classes.method(heir, function.name) == call.callee
        )

    def _asks_base(self, function: Function, heir: str, taking: list[Function]) -> bool:
        """Tell whether a method may come to one of some of its bases: it hands its object on, names a class, or super() may."""
        own = ("param", function.key, function.params[0].name) if function.params else ()
        for event in function.events:
            term = event.terms[0] if event.kind == "call" else ()
            if not term:
                continue
            values = self.heap.evaluate(term[1][1]) if term[1][0] == "attr" else frozenset()
            if own in call_arguments(term) or any(value[0] == "class" for value in values):
                return True
            if any(value[0] == "super" for value in values) and self._comes_above(function, term[1][2], heir, taking):
                return True
        return False

    def _comes_above(self, function: Function, name: str, heir: str, taking: list[Function]) -> bool:
        """Tell whether ``super().name()`` in a method may come to one of some methods, for an object of an heir."""
        key = self._next(function, name, heir)
        if key is None:
            return bool(self.heap.classes.outside(heir)) or function.owner not in self.heap.classes.order(heir)
        method = self.heap.functions[key]
        return method in taking or method is function or self._asks_base(method, heir, taking)

    def _next(self, function: Function, name: str, heir: str) -> str | None:
        """Return the method that ``super().name`` in a method is for an object of an heir; None if none is known."""
        order = self.heap.classes.order(heir)
        above = order[order.index(function.owner) + 1 :] if function.owner in order else ()
        found = next((one for one in above if name in self.heap.names.classes[one].methods), None)
        return self.heap.classes.method(found, name) if found is not None else None
