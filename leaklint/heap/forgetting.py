"""Fields that name the entry to be taken out, and are emptied before anything takes it out: nobody can afterwards."""

from __future__ import annotations

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import NONE, Term
from leaklint.heap.early_exits import is_opposed
from leaklint.heap.effects import Effect
from leaklint.heap.held_entries import HeldEntry
from leaklint.heap.namespaces import is_constructor
from leaklint.heap.removal_sites import WayQuestion

_BY_ENTRY = frozenset({"remove", "discard", "pop", "del"})


class Forgetting(WayQuestion):
    """Finds the functions that empty a field by which all removals go."""

    def of_entry(self, entry: HeldEntry) -> str:
        """Return the function that empties the field in which an entry, or its key, is kept for the removal."""
        store, fields = entry.store, {self._field(removal) for removal in entry.every}
        if len(fields) != 1 or None in fields or store.chain:
            return ""
        (field,) = fields
        home = self.heap.functions[store.function]
        retained = [one for one in home.events if one.kind == "setattr" and one.name == field]
        filed = {store.value, store.key}
        retained = [one for one in retained if one.terms[1] in filed or ("attr", one.terms[0], field) in filed]
        if is_constructor(home.name) or not retained:
            return ""
        owners = {key for one in retained for key in self._owners(one.terms[0])}
        for owner in sorted(owners):
            for key, event in self.heap.attributes.field_terms(owner, str(field)):
                function = self.heap.functions[key]
                if event.terms[1] == NONE and self._is_lost(function, event, entry):
                    return f"{function.name}() empties the {field} by which it is removed (line {event.place[0]})"
        return ""

    @staticmethod
    def _field(removal: Effect) -> str | None:
        """Return the field in which a removal finds what it takes out."""
        by_entry = removal.how in _BY_ENTRY and not removal.chain and removal.key is not None
        return removal.key[2] if by_entry and removal.key is not None and removal.key[0] == "attr" else None

    def _owners(self, base: Term) -> set[str]:
        values = self.heap.attributes.handed_down(base)
        return {value[1] for value in values if value[0] in {"self", "inst"} and value[1] in self.heap.names.classes}

    def _is_lost(self, function: Function, event: Event, entry: HeldEntry) -> bool:
        """Tell whether neither a function nor its callers take the entry out on the way on which a field is emptied.

        A field that is emptied before an entry is put in is only made ready for that.
        """

        def stops(here: Function, at: Event) -> bool:
            if is_constructor(here.name) or here.name.startswith("__") or self.sites.puts_in(here, entry.store, at):
                return True
            taking = (one for _, one in self.sites.all_in(here, entry.every) if one.place != at.place)
            return any(not is_opposed(one, at) for one in taking)

        return any(not step.is_called for step in self.ways_up(function, event, stops))
