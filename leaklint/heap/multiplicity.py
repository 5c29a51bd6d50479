"""How often code runs: while modules are imported, once, or many times; and how many objects of a class there are."""

from __future__ import annotations

from functools import cached_property

from leaklint.contracts.containers import ADDERS
from leaklint.contracts.library import of_nature
from leaklint.flow.model import Event, Function, Guard, is_for_scripts
from leaklint.flow.terms import NONE, Term, handed_out
from leaklint.flow.truth import falsy
from leaklint.heap.arguments import call_arguments
from leaklint.heap.effects import Call, Effects
from leaklint.heap.endless import goes_on, is_without_end
from leaklint.heap.grouping import lists_by_key, sets_by_key
from leaklint.heap.lifetime import Lifetime
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.points_to import PointsTo
from leaklint.heap.privacy import is_private
from leaklint.heap.shown import is_shown
from leaklint.heap.single_results import kept_results
from leaklint.heap.starts import imported_modules, starting_points

IMPORT, ONCE, SCRIPT, MANY = 0, 1, 2, 3  # SCRIPT: once, by a module that is started as a script
_OF_CLASSES = frozenset({"__new__", "__init__"})  # the methods of a metaclass that run for each class


class Multiplicity:
    """Answers how often, by the call graph from module bodies."""

    def __init__(self, heap: PointsTo, effects: Effects, lifetime: Lifetime) -> None:
        self.heap = heap
        self.effects = effects
        self.lifetime = lifetime
        self._known: dict[str, int] = {}
        self._visiting: dict[str, int] = {}  # of the functions that lead to the one that is asked for, so far
        self._visited: set[str] | None = None  # those that were looked at in this round
        self._one_a_run: dict[str, bool] = {}
        self._once: dict[tuple[str, int], tuple[Event, bool]] = {}  # with the event, so that none is where it was

    def runs(self, key: str) -> int:
        """Return how often a function runs. One that nothing calls is for users to call: many times."""
        if key in self._known:
            return self._known[key]
        if self._visited is not None:
            return self._visit(key)
        while True:  # functions that call each other: until nobody's callers add anything
            before = dict(self._visiting)
            self._visited = set()
            self._visit(key)
            if self._visiting == before:
                break
        result, self._visiting, self._visited = self._visiting, {}, None
        self._known.update(result)
        return result[key]

    def _visit(self, key: str) -> int:
        """Work out how often a function runs by what is known of its callers so far."""
        assert self._visited is not None
        if key not in self._visited:
            self._visited.add(key)
            self._visiting[key] = max(self._visiting.get(key, IMPORT), self._runs(self.heap.functions[key]))
        return self._visiting.get(key, IMPORT)

    def _runs(self, function: Function) -> int:
        if function.kind == "module":
            return IMPORT
        if function.kind == "class":
            outer = function.parent
            return self.runs(outer) if outer else IMPORT
        if function.key in self._with_result:
            return ONCE
        meta = bool(function.owner) and self.heap.classes.is_metaclass(function.owner)
        if function.owner and (
            function.name in of_nature("runs with its class") or (meta and function.name in _OF_CLASSES)
        ):
            classes = self.heap.classes
            heirs = classes.local_by_metaclass.get(function.owner, ()) if meta else classes.local_heirs(function.owner)
            makers = {self.heap.names.classes[heir].parent for heir in heirs}
            runs_of_makers = [self.runs(maker) for maker in makers]
            return max(
                [IMPORT, *runs_of_makers, *(self.call_runs(call) for call in self.effects.calls.get(function.key, ()))]
            )
        if function.kind == "classmethod" and function.name == "__new__":
            return MANY
        calls = [call for call in self.effects.calls.get(function.key, ()) if call.caller != function.key]
        if is_constructor(function.name) or not calls:
            started = SCRIPT if function.key in self._started else MANY
            return self._constructions(function) if is_constructor(function.name) else started
        if function.key in self.escaping:
            return MANY
        often = max(self.call_runs(call) for call in calls)
        return MANY if often == SCRIPT and self._is_for_others(function) else often

    def _is_for_others(self, function: Function) -> bool:
        """Tell whether a method is there for whoever imports its class, beside the script that tries it out."""
        public = not function.name.startswith("_") and "._" not in f".{function.owner.rpartition(':')[2]}"
        return bool(function.owner) and public and not self.is_one_a_run(function.owner)

    def _constructions(self, function: Function) -> int:
        if function.owner and self.is_single(function.owner):
            return ONCE
        return MANY

    @cached_property
    def _with_result(self) -> frozenset[str]:
        return kept_results(self.heap, self.effects)

    @cached_property
    def _started(self) -> frozenset[str]:
        return starting_points(self.heap)

    @cached_property
    def escaping(self) -> frozenset[str]:
        """Functions that are handed on as values: whoever has them calls them as often as he likes."""
        return frozenset(
            value[-1]
            for function in self.heap.functions.values()
            for event in function.events if event.kind == "call" and not _is_decorating(event.terms[0][1])
            for argument in call_arguments(event.terms[0]) if argument[0] in {"name", "attr", "func"}
            for value in self.heap.in_order(argument) if value[0] in {"func", "method"}
        )  # fmt: skip

    def call_runs(self, call: Call) -> int:
        """Return how often a call runs."""
        return self.event_runs(call.caller, call.event)

    def event_runs(self, function: str, event: Event) -> int:
        """Return how often an event runs: as often as its function, or once if a guard sees to it."""
        often = self.runs(function)
        if often == IMPORT and self.heap.functions[function].kind == "module":
            often = SCRIPT if is_for_scripts(event.guards) else IMPORT
        if often < MANY and goes_on(self.heap, self.heap.functions[function], event):
            return MANY
        if often == SCRIPT and any(map(is_without_end, event.guards)):
            often = MANY
        if self.lifetime.is_resumed(function, event):
            often = MANY
        if often == MANY and self._is_guarded_once(function, event):
            return ONCE
        return often

    def _is_guarded_once(self, function: str, event: Event) -> bool:
        known = self._once.get((function, id(event)))
        if known is None:
            known = self._once[function, id(event)] = (event, self.guarded_once(function, event))
        return known[1]

    def guarded_once(self, function: str, event: Event) -> bool:
        """Tell whether an event stands behind a test of something long-lived that is set in the same place."""
        tested = [term for guard in event.guards for term in self.unset(guard)]
        if not tested:
            return False
        home = self.heap.functions[function]
        for other in home.events:
            if other.kind in {"setattr", "setname", "setcell"}:
                base = other.terms[0] if other.kind != "setattr" else ("attr", other.terms[0], other.name)
                if base in tested and other.terms[-1] != NONE and self._is_shared(base):
                    return not self._is_unset_again(base, function)
            if other.kind == "call" and other.terms[0][1][0] == "attr" and other.terms[0][1][1] in tested:
                if other.terms[0][1][2] in ADDERS and other.guards[: len(event.guards)] == event.guards:
                    return True
        handed = event.terms[0][2] if event.kind == "call" else ()  # to what fills it
        return any((term in handed or self._fills(event, term)) and self._is_shared(term) for term in tested)

    def _fills(self, event: Event, term: Term) -> bool:
        """Tell whether a function that is called fills the container that a term stands for."""
        values = self.heap.evaluate(event.terms[0][1]) if event.kind == "call" else frozenset()
        filled = (
            container
            for value in values
            if value[0] in {"func", "method"}
            for container in self._filled_by.get(value[-1], ())
        )
        return not self.heap.evaluate(term).isdisjoint(filled)

    @cached_property
    def _filled_by(self) -> dict[str, set[Term]]:
        """Return the containers that functions put something into, by function."""
        stores = (effect for effect in self.effects.effects if effect.kind == "store" and not effect.chain)
        return sets_by_key((store.function, store.container) for store in stores)

    def _is_unset_again(self, base: Term, function: str) -> bool:
        """Tell whether another function sets a variable back to None, so that what its absence lets through runs again."""
        target = ("attr", base[2]) if base[0] == "attr" else base
        return any(key != function for key in self._unset_in.get(target, ()))

    @cached_property
    def _unset_in(self) -> dict[Term, set[str]]:
        """Return the functions that set a variable back to None, by variable; attributes by name."""
        functions: dict[Term, set[str]] = {}
        for key, home in self.heap.functions.items():
            if home.kind in {"module", "class"} or home.name == "__init__":
                continue
            for event in home.events:
                if event.kind in {"setattr", "setname"} and event.terms[-1][1:2] in {("None",), ("False",)}:
                    target = event.terms[0]
                    if event.kind == "setattr":
                        target = ("attr", event.name)
                    elif target[0] == "attr":
                        target = ("attr", target[2])
                    functions.setdefault(target, set()).add(key)
        return functions

    def _is_shared(self, term: Term) -> bool:
        """Tell whether a variable is one for the process: a global, or an attribute of a class or of a long-lived object."""
        if term[0] == "name":
            return True
        if term[0] == "cell":
            return False
        values = self.heap.evaluate(term[1]) if term[0] == "attr" else frozenset()
        return bool(values) and all(
            value[0] in {"class", "anyclass", "module", "func"}
            or value in self.lifetime.long
            or (value[0] == "self" and self.is_single(value[1]))
            for value in values
        )

    @staticmethod
    def unset(guard: Guard) -> list[Term]:
        """Return what is None, false or empty where a guarded block runs."""
        return list(falsy(guard.test, guard.holds)) if guard.kind in {"if", "past"} else []

    def _is_declared(self, name: str) -> bool:
        """Tell whether the project declares that a class has one object."""
        contracts = self.heap.contracts
        klass = contracts.klass(name) if contracts.is_declared(name) else None
        return klass is not None and klass.singleton

    def is_single(self, key: str) -> bool:
        """Tell whether a class hands out one object: it is asked for many times and made once."""
        above = self.heap.classes.order(key) if key in self.heap.names.classes else ()
        if any(klass in self._single or self._is_declared(klass.replace(":", ".")) for klass in (key, *above)):
            return True
        outside = map(self.heap.contracts.klass, self.heap.classes.outside(key) if above else ())
        return any(entry is not None and entry.singleton for entry in outside)

    @cached_property
    def _single(self) -> frozenset[str]:
        single = set()
        for key in self.heap.names.classes:
            new = self.heap.classes.method(key, "__new__")
            meta = self.heap.classes.metaclass(key)
            call = self.heap.classes.method(meta, "__call__") if meta is not None else None
            if any(maker is not None and self._hands_out(maker) for maker in (new, call)):
                single.add(key)
            if any(name.rpartition(".")[2].lower() == "singleton" for name, _ in self.heap.classes.decorated(key)):
                single.add(key)
            bodies = (self.heap.names.classes[ancestor] for ancestor in self.heap.classes.order(key))
            inits = [self.heap.functions[body.methods["__init__"]] for body in bodies if "__init__" in body.methods]
            if any(event.kind == "setattr" and event.name == "__dict__" for init in inits for event in init.events):
                single.add(key)
        return frozenset(single)

    def _hands_out(self, maker: str) -> bool:
        """Tell whether ``__new__`` or a metaclass's ``__call__`` hands out one object, made where there is none."""
        function = self.heap.functions[maker]
        return any(
            event.kind == "setattr"
            and any(
                ("attr", event.terms[0], event.name) in self.unset(guard) or self._tests_absence(guard, event.name)
                for guard in event.guards
            )
            for event in function.events
        ) or any(
            event.kind == "setitem" and event.terms[1] == ("param", maker, function.params[0].name)
            for event in function.events
            if function.params
        )

    @staticmethod
    def _tests_absence(guard: Guard, name: str) -> bool:
        text = repr(guard.test)
        return guard.kind in {"if", "past"} and ("hasattr" in text or "__dict__" in text) and repr(name)[1:-1] in text

    def is_made_often(self, value: Term) -> bool:
        """Tell whether the code that makes an object runs many times, so that a variable holds one after the other."""
        return any(
            call.term[4] == value[2] and self.event_runs(call.caller, call.event) == MANY
            for call in self._bare.get(value[1], ())
        )

    def is_seen_often(self, key: str) -> bool:
        """Tell whether the program itself is seen to make many objects of a class: not one for each key of a table."""
        return key not in self.heap.names.classes or any(
            self.call_runs(call) == MANY and not any(map(self._is_absence, call.event.guards))
            for call in self.constructions(key)
        )

    def _is_absence(self, guard: Guard) -> bool:
        """Tell whether a block runs where nothing is there yet: under a key of a table, or in a variable."""
        asks = guard.kind in {"if", "past"} and guard.test[0] == "op" and guard.test[1] in {"in", "not in"}
        return bool(self.unset(guard)) or (asks and (guard.test[1] == "not in") == guard.holds)

    def is_few(self, key: str) -> bool:
        """Tell whether the objects of a class are a fixed number: made once, by a script, as constants or when asked for."""
        return self.is_one_a_run(key) or self.is_made_once(key)

    def is_one_at_a_time(self, key: str) -> bool:
        """Tell whether objects of a class are made only where a shared variable holds none."""
        sites = self.constructions(key)
        return bool(sites) and all(self._where_there_is_none(call, 0) for call in sites)

    def is_made_once(self, key: str) -> bool:
        """Tell whether objects of a class are made once in the life of the process, by code that others may ask again."""
        sites = self.constructions(key)
        return bool(sites) and all(self.call_runs(call) == ONCE for call in sites)

    def _where_there_is_none(self, call: Call, depth: int) -> bool:
        tested = [term for guard in call.event.guards for term in self.unset(guard)]
        for other in self.heap.functions[call.caller].events:
            if other.kind in {"setattr", "setname"}:
                base = other.terms[0] if other.kind == "setname" else ("attr", other.terms[0], other.name)
                if base in tested and self._is_shared(base):
                    return True
        calls = self.effects.calls.get(call.caller, [])
        return (
            depth < 4 and bool(calls) and all(self._where_there_is_none(outer_call, depth + 1) for outer_call in calls)
        )

    def is_one_a_run(self, key: str) -> bool:
        """Tell whether all objects of a class are made once: by a program that is started as a script, or as constants."""
        if key not in self._one_a_run:
            sites = self.constructions(key)
            script = bool(sites) and all(
                self._from_script(call.caller, call.event, 0) and not self.is_returned(call, inside=True)
                for call in sites
            )
            self._one_a_run[key] = (script or self._is_constant(key, sites)) and not self._is_of_library(key, sites)
        return self._one_a_run[key]

    def _is_of_library(self, key: str, sites: list[Call]) -> bool:
        """Tell whether several scripts, such as examples, show how to use a class of a package.

        How many objects other users of the package make, they do not say.
        """
        homes = {call.caller.partition(":")[0] for call in sites}
        package = key.partition(":")[0].partition(".")[0]
        scripts = {home for home in homes if home.partition(".")[0] != package and home not in self._imported}
        return len(scripts) > 1 and scripts == homes

    @cached_property
    def _imported(self) -> frozenset[str]:
        return imported_modules(self.heap)

    def is_returned(self, call: Call, inside: bool = False) -> bool:
        """Tell whether a function returns what a call in it makes: as it is, or also ``inside`` of what it returns."""
        returned = (event.terms[0] for event in self.heap.functions[call.caller].events if event.kind == "return")
        return any(call.event.terms[0] in (handed_out(term) if inside else (term,)) for term in returned)

    def _is_constant(self, key: str, sites: list[Call]) -> bool:
        """Tell whether only module bodies make objects of a class: elsewhere than beside it, or without arguments.

        A public class whose own module makes an object with arguments is there for others to make more with other arguments.
        """
        if not sites or not all(self.call_runs(call) == IMPORT for call in sites):
            return False
        home = key.partition(":")[0]
        if any(
            self.heap.functions[call.caller].kind == "function"
            and not self.heap.functions[call.caller].name.startswith("_")
            for call in sites
        ):
            return False
        return is_private(self.heap, key) or all(
            call.caller.partition(":")[0] != home or not (call.event.terms[0][2] or call.event.terms[0][3])
            for call in sites
        )

    def constructions(self, key: str) -> list[Call]:
        """Return the places where objects of a class or of an heir are made."""
        return [call for heir in sorted(self.heap.classes.below(key)) for call in self._bare.get(heir, ())]

    @cached_property
    def _bare(self) -> dict[str, list[Call]]:
        kinds = {"name", "attr", "dotted", "param", "call"}
        return lists_by_key(
            (value[1], Call(name, event, event.terms[0], value[1], {}))
            for name, function in self.heap.functions.items()
            for event in function.events if event.kind == "call" and event.terms[0][1][0] in kinds
            for value in self.heap.in_order(event.terms[0][1]) if value[0] == "class"
        )  # fmt: skip

    def _from_script(self, caller: str, event: Event, depth: int) -> bool:
        """Tell whether code runs once, from ``if __name__ == "__main__"``, outside of all loops."""
        if any(guard.kind in {"loop", "while"} for guard in event.guards) or depth > 6:
            return False
        function = self.heap.functions[caller]
        if function.kind == "module":
            return is_for_scripts(event.guards)
        calls = self.effects.calls.get(function.key, [])
        if is_shown(self.heap, function, calls):
            return False
        return bool(calls) and all(self._from_script(call.caller, call.event, depth + 1) for call in calls)


def _is_decorating(callee: Term) -> bool:
    """Tell whether a call makes a descriptor of a function: it only calls that as a method is called."""
    return callee[0] == "name" and callee[2] in {"classmethod", "staticmethod", "property"}
