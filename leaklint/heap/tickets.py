"""Keys of entries as tickets: who has the one key by which an entry can be taken out, or what goes with it."""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import NONE, Term, children, options, params_of, root, walk
from leaklint.heap.arguments import call_arguments
from leaklint.heap.domains import Domain
from leaklint.heap.effects import Call, Effect
from leaklint.heap.identity import makes_apart
from leaklint.heap.removal_sites import WayQuestion

_CALLERS = 4  # how many functions that hand on a key are followed


class Tickets(WayQuestion):
    """Finds the functions that alone know how to take an entry out."""

    def holders(self, store: Effect) -> Iterator[tuple[Function, Event, set[Term]]]:
        """Yield the functions that have an entry's key and give it to none of their callers.

        With each comes what puts the entry in, and what it is given by that: nothing if it puts the entry in itself.
        """
        frame = self.sites.frames(store)[-1]
        function = frame.function
        if not self.is_made_in(store, function):
            return
        known = {part for part in (store.key, store.value) if part is not None}
        if not self._gives_on(function, known):
            yield function, frame.event, set()
            return
        for call in self.effects.calls.get(function.key, ()):
            caller = self.heap.functions[call.caller]
            if (received := self._received(call, function, store)) and not self._passes_on(caller, received):
                yield caller, call.event, received

    def handed_in(self, store: Effect) -> Iterator[tuple[Function, Call]]:
        """Yield the functions that make an entry's key, new each time, for the function that files it under that.

        They give the key to none of their callers. With each comes the call that hands it in.
        """
        function = self.sites.frames(store)[-1].function
        names = params_of(store.key, function.key) if store.key is not None else frozenset()
        pending, seen = [(function, name) for name in sorted(names)], set[tuple[str, str]]()
        while pending and len(seen) <= _CALLERS:
            here, name = pending.pop()
            seen.add((here.key, name))
            for call in self.effects.calls.get(here.key, ()):
                caller, argument = self.heap.functions[call.caller], call.bound.get(name)
                if argument is None or caller.kind == "module":
                    continue
                if argument[:2] == ("param", caller.key):
                    pending += [(caller, argument[2])] if (caller.key, argument[2]) not in seen else []
                elif self.removals.keys.of(argument) is Domain.FRESH:
                    if not self._passes_on(caller, self._new_in(argument), call.term):
                        yield caller, call

    def is_brought(self, store: Effect) -> bool:
        """Tell whether a function makes an entry anew for each call by which it is put in, and gives it to nobody else."""
        function, entry = self.sites.frames(store)[-1].function, store.value if store.key is None else store.key
        names = params_of(entry, function.key) if entry is not None else ()
        pending, seen = [(function.key, name) for name in sorted(names)], set[tuple[str, str]]()
        while pending and len(seen) <= _CALLERS:
            key, name = pending.pop()
            seen.add((key, name))
            for call in self.effects.calls.get(key, ()):
                given, caller = call.bound.get(name, NONE), self.heap.functions[call.caller]
                if not self._is_once(call, given, caller) or self._gives_away(caller, given, call):
                    continue
                if given[0] == "call" and makes_apart(self.heap, given):
                    return True
                if given[:2] == ("param", caller.key) and (caller.key, given[2]) not in seen:
                    pending.append((caller.key, given[2]))
        return False

    @staticmethod
    def _is_once(call: Call, given: Term, caller: Function) -> bool:
        """Tell whether a call comes at most once for each object that its function makes for it, or is given."""
        making = (event for event in caller.events if event.kind == "call" and event.terms[0] == given)
        guards_of_making = next((event.guards for event in making), ())
        tests = (guard.test for event in caller.events for guard in event.guards if guard.kind == "while")
        if any(call.term in walk(test) for test in tests):
            return False
        return all(guard in guards_of_making for guard in call.event.guards if guard.kind in {"loop", "while"})

    @staticmethod
    def _gives_away(function: Function, entry: Term, call: Call) -> bool:
        """Tell whether a function hands an object on by anything but one call: to callers, to what it calls, to a holder."""
        pending: list[Term] = []
        for event in function.events:
            if event.kind == "call" and event is not call.event:
                pending += call_arguments(event.terms[0])
            elif event.kind in {"setattr", "setitem", "setname", "setcell", "extend", "yield", "return"}:
                pending.append(event.terms[-1])
        while pending:
            term = pending.pop()
            if term == entry:
                return True
            if term != call.term and term[0] != "attr":  # of which it only gives an attribute
                pending += children(term)[1:] if term[0] == "call" else children(term)
        return False

    def _new_in(self, key: Term) -> set[Term]:
        """Return the parts of a key that are new each time, and the key itself."""
        return {part for part in walk(key) if part == key or self.removals.keys.of(part) is Domain.FRESH}

    def is_made_in(self, store: Effect, function: Function) -> bool:
        """Tell whether an entry is made where it is stored, under a new key each time if it has one."""
        parts = [part for part in (store.key, store.value) if part is not None]
        if any(self._is_given(root(option), function) for part in parts for option in options(part)):
            return False
        if store.key is not None:
            return self.removals.keys.of(store.key, store.chain) in {Domain.FRESH, Domain.OBJECT}
        value = store.value or NONE
        return any(part[0] == "call" for part in (value, *(value[1] if value[0] == "tuple" else ())))

    def _is_given(self, term: Term, function: Function) -> bool:
        """Tell whether a term is a parameter of a function other than its receiver."""
        first = function.params[0].name if function.owner and function.params else ""
        return bool(term[0] == "param" and term[1] == function.key and term[2] != first)

    def _gives_on(self, function: Function, known: set[Term]) -> bool:
        """Tell whether a function gives a key, or the entry, to its callers: it returns that, or puts it on what is theirs."""
        for event in function.events:
            if event.kind in {"return", "yield"} or (
                event.kind == "setattr" and self._is_given(root(event.terms[0]), function)
            ):
                for option in options(event.terms[-1]):
                    if known & {option, *(option[1] if option[0] == "tuple" else ())}:
                        return True
        return False

    def _received(self, call: Call, function: Function, store: Effect) -> set[Term]:
        """Return the terms by which a caller has the key of an entry, and what goes with it; nothing where it has not all."""
        received: set[Term] = set()
        for event in function.events:
            for option in options(event.terms[0]) if event.kind == "return" else ():
                if option == store.key:
                    received.add(call.term)
                elif option[0] == "tuple" and store.key in option[1]:
                    received |= {("elem", call.term, ("const", str(n), "int")) for n in range(len(option[1]))}
                else:
                    return set()
        return received

    def _passes_on(self, function: Function, known: set[Term], answer: Term | None = None) -> bool:
        """Tell whether a function keeps a key, or hands it to its callers, be it inside of something that it makes.

        ``answer`` is what it is given for the key.
        """
        for event in function.events:
            if event.kind in {"setattr", "setitem", "setname", "setcell", "yield"}:
                if not known.isdisjoint(walk(event.terms[-1])):
                    return True
            elif event.kind == "return":
                for option in options(event.terms[0]):
                    if not known.isdisjoint(walk(option)) and option != answer and not self._is_waited_for(option):
                        return True
        return False

    def _is_waited_for(self, term: Term) -> bool:
        """Tell whether a term is what a call of another package gives: the answer, rather than what is waited for."""
        values = self.heap.evaluate(term[1]) if term[0] == "call" else ()
        return bool(values) and all(value[0] == "ext" for value in values)
