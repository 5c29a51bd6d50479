"""The end of the process: what only exit handlers, final signals, forks and finalizers of lasting objects lead to."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from leaklint.contracts.model import Contract
from leaklint.flow.model import Function
from leaklint.flow.terms import Term
from leaklint.heap.arguments import argument_at, argument_of, call_arguments

if TYPE_CHECKING:
    from leaklint.heap.removal import Removals

_AT_END = frozenset({"atexit", "fork"})  # kinds of registries that run what they keep when the process ends


class ProcessEnd:
    """Tells which functions run only when the process ends."""

    def __init__(self, removals: Removals) -> None:
        self.removals = removals

    @cached_property
    def _ends(self) -> frozenset[str]:
        """Functions that are registered to run when the process ends."""
        found = set()
        for external in self.removals.effects.external:
            contract = self.removals.heap.contracts.callable(external.name)
            if contract is not None and (
                self._runs_at_end(contract, external.call) or self._is_end_of_a_lasting_object(contract, external.call)
            ):
                for given in call_arguments(external.call):
                    for value in self.removals.heap.evaluate(given):
                        if value[0] in {"func", "method"}:
                            found.add(value[-1])
        return frozenset(found)

    def _runs_at_end(self, contract: Contract, term: Term) -> bool:
        """Tell whether a registry runs what it keeps at the end of the process: of signals, only some come there."""
        if contract.kind != "signal":
            return contract.kind in _AT_END
        number = argument_at(term, contract.key.position, contract.key.parameter) if contract.key is not None else None
        return number is not None and self.removals.heap.must_be(number, "ends the process")

    def _is_end_of_a_lasting_object(self, contract: Contract, term: Term) -> bool:
        """Tell whether what a call hands over runs at the end of an object that lives as long as the process."""
        watched = argument_of(contract, term, contract.until.partition(" ")[2]) if contract.until else None
        values = self.removals.heap.evaluate(watched) if watched is not None else ()
        return bool(values) and all(map(self._lasts, values))

    def _lasts(self, value: Term) -> bool:
        heap, where = self.removals.heap, self.removals.lifetime.long.get(value)
        if value[0] in {"extinst", "ext"}:
            return heap.lives_on(value)
        return value[0] == "module" or (where is not None and where.depth == 0 and where.scope in {"module", "class"})

    def has(self, function: Function) -> bool:
        """Tell whether only the end of the process leads to a function."""
        return bool(self._ends) and self._only_then(function.key, set())

    def _only_then(self, key: str, seen: set[str]) -> bool:
        if key in seen:
            return True
        seen.add(key)
        calls = [call for call in self.removals.effects.calls.get(key, []) if call.caller != key]
        function = self.removals.heap.functions[key]
        if function.kind == "method" and not function_is_private(function) and not function.name.startswith("__"):
            return False
        if key in self._ends:
            return all(self._only_then(call.caller, seen) for call in calls)
        if not function_is_private(self.removals.heap.functions[key]):
            return False
        return bool(calls) and all(self._only_then(call.caller, seen) for call in calls)


def function_is_private(function: Function) -> bool:
    """Tell whether a function's name says that it is not for users."""
    return function.name.startswith("_") and not function.name.startswith("__")
