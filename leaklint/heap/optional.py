"""Code that runs only where a package can be imported that a program does without if need be."""

from __future__ import annotations

from leaklint.flow.model import Event, Function, Guard
from leaklint.flow.terms import Term, walk
from leaklint.flow.truth import truthy
from leaklint.heap.effects import Effects

_FALSE = frozenset({"None", "False", "0", "''"})
_ERRORS = frozenset({"builtins.ImportError", "builtins.ModuleNotFoundError", "builtins.Exception"})
_CALLERS = 5  # how many callers up guards are looked at


class Optional:
    """Finds the guards that ask for what a failed import has left unset."""

    def __init__(self, effects: Effects) -> None:
        self.effects = effects
        self.heap = effects.heap
        self._names: dict[tuple[str, str], bool] = {}

    def needed(self, event: Event, function: Function, seen: frozenset[str] = frozenset()) -> str:
        """Return the name without which an event never runs, on any way that leads to it; nothing if it may run without."""
        for guard in event.guards:
            if (name := self._asked(guard)) != "":
                return name
        calls = [call for call in self.effects.calls.get(function.key, ()) if call.caller not in seen]
        if not calls or len(seen) > _CALLERS:
            return ""
        names = []
        for call in calls:
            names.append(self.needed(call.event, self.heap.functions[call.caller], seen | {function.key}))
            if not names[-1]:
                return ""
        return names[0]

    def _asked(self, guard: Guard) -> str:
        """Return the optional name that a guard requires."""
        for term in truthy(guard.test, guard.holds) if guard.kind in {"if", "past"} else ():
            if term[0] in {"name", "attr"} and self._is_optional(term):
                return str(term[2])
        return ""

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
