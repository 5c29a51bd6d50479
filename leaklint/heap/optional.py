"""Code that runs only where a package can be imported, or a variable of the environment is set: a program does without."""

from __future__ import annotations

from functools import cached_property

from leaklint.flow.model import Event, Function, Guard
from leaklint.flow.terms import Term, as_text, walk
from leaklint.flow.truth import truthy
from leaklint.heap.arguments import call_arguments
from leaklint.heap.effects import Effects
from leaklint.heap.environment import Environment
from leaklint.heap.grouping import lists_by_key

_FALSE = frozenset({"None", "False", "0", "''"})
_ERRORS = frozenset({"builtins.ImportError", "builtins.ModuleNotFoundError", "builtins.Exception"})
_CALLERS = 5  # how many callers up guards are looked at


class Optional:
    """Finds the guards that ask for what a failed import has left unset, or for what the environment has to ask for."""

    def __init__(self, effects: Effects, environment: Environment) -> None:
        self.effects = effects
        self.heap = effects.heap
        self.environment = environment
        self._names: dict[tuple[str, str], bool] = {}

    def needed(self, event: Event, function: Function, seen: frozenset[str] = frozenset()) -> str:
        """Return what has to be set for an event to run, on any way that leads to it; nothing if it may run without."""
        for guard in event.guards:
            if (name := self._asked(guard)) != "":
                return name
        calls = [
            (call.caller, call.event) for call in self.effects.calls.get(function.key, ()) if call.caller not in seen
        ]
        calls += self._handing.get(function.key, ()) if function.name.startswith("_") else ()
        if not calls or len(seen) > _CALLERS:
            return ""
        names = []
        for caller, calling in calls:
            names.append(self.needed(calling, self.heap.functions[caller], seen | {function.key}))
            if not names[-1]:
                return ""
        return names[0]

    @cached_property
    def _handing(self) -> dict[str, list[tuple[str, Event]]]:
        """Return where functions are handed to something that runs them: a thread, a timer, a registry."""
        return lists_by_key(
            (value[-1], (external.function, external.event))
            for external in self.effects.external
            for given in call_arguments(external.call) if given[0] in {"name", "attr", "func"}
            for value in self.heap.in_order(given) if value[0] in {"func", "method"}
        )  # fmt: skip

    def _asked(self, guard: Guard) -> str:
        """Return what a guard requires to be set: the optional name, or what asks the environment."""
        if guard.kind not in {"if", "past"}:
            return ""
        for term in truthy(guard.test, guard.holds):
            if term[0] in {"name", "attr"} and (self._is_optional(term) or self.environment.forbids(term, True)):
                return str(term[2])
        if not self.environment.forbids(guard.test, guard.holds):
            return ""
        return as_text(guard.test) if guard.holds else f"not {as_text(guard.test)}"

    def _is_optional(self, term: Term) -> bool:
        """Tell whether a module's variable is unset, or false, where an import has failed, and set nowhere else to that."""
        if term[0] == "name":
            found = self.heap.names.name(term[1], term[2])
            found = found if found[0] == "global" else ("",)
        else:
            homes = [value for value in self.heap.evaluate(term[1]) if value[0] == "module"]
            found = (
                ("global", homes[0][1], term[2])
                if len(homes) == 1 and homes[0][1] in self.heap.names.modules
                else ("",)
            )
        if found[0] != "global":
            return False
        if found[1:] not in self._names:
            self._names[found[1], found[2]] = self._fails(found[1], found[2])
        return self._names[found[1], found[2]]

    def _fails(self, home: str, word: str) -> bool:
        module = self.heap.names.modules[home]
        values = module.names.get(word, [])
        unset = [guards for value, _, guards in values if value[0] == "const" and value[1] in _FALSE]
        if not unset or not all(any(self._catches(guard) for guard in guards) for guards in unset):
            return False
        if word in module.imports:
            return bool(self.heap.names.dotted(module.imports[word])[0] == "ext")
        others = [guards for value, _, guards in values if not (value[0] == "const" and value[1] in _FALSE)]
        return bool(others) and all(any(guard.kind == "try" for guard in guards) for guards in others)

    def _catches(self, guard: Guard) -> bool:
        """Tell whether a block is one for a failed import."""
        if guard.kind != "except":
            return False
        caught = [value[1] for term in walk(guard.test) for value in self.heap.evaluate(term) if value[0] == "ext"]
        return not caught or not _ERRORS.isdisjoint(caught)
