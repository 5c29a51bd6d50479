"""What has to be known of functions before their effects are: wrappers, static functions, calls of super()."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.flow.terms import walk

if TYPE_CHECKING:
    from leaklint.heap.effects import Effects


class Notes:
    """Notes what functions are."""

    def __init__(self, effects: Effects) -> None:
        """Take what is asked for everything else."""
        self.effects = effects

    def extent(self) -> tuple[int, ...]:
        """Return how much is noted of wrappers, functions put on classes, and classes made by calls: it only ever grows."""
        heap = self.effects.heap
        noted = (heap.wrapped, heap.installed)
        return (*(sum(map(len, one.values())) for one in noted), len(heap.classes.made_anew))

    def note_static(self) -> None:
        """A function in a class body whose first parameter is no object, by all calls that are seen."""
        for key, calls in self.effects.calls.items():
            function = self.effects.heap.functions[key]
            if self.effects.heap.may_be_static(function):
                through = [call for call in calls if call.term[1][0] == "attr" and call.caller != function.parent]
                if through and all(
                    any(v[0] == "class" for v in self.effects.heap.evaluate(call.term[1][1])) for call in through
                ):
                    self.effects.heap.static.add(key)
        self.effects.heap.attributes.forget()

    def note_supers(self) -> None:
        """Tell of each ``super()`` in which function it stands."""
        for key, function in self.effects.heap.functions.items():
            for event in function.events:
                if event.kind == "call" and event.terms[0][1][:1] == ("name",) and event.terms[0][1][2] == "super":
                    self.effects.heap.external.note_super(event.terms[0], key)

    def note_wrappers(self) -> None:
        """Find which functions wrap which others."""
        for key, function in self.effects.heap.functions.items():
            if function.decorators and function.kind != "class":
                for value in self.effects.heap.attributes.decorated(function) or ():
                    if value[0] == "func" or (value[0] == "memo" and value[1] not in {"", key}):
                        self.effects.heap.wrapped.setdefault(value[1], set()).add(key)
                    elif value[0] == "inst" and value[1] in self.effects.heap.names.classes:
                        for name in ("__call__", "__get__"):
                            method = self.effects.heap.classes.method(value[1], name)
                            if method is not None:
                                self.effects.heap.wrapped.setdefault(method, set()).add(key)

    def note_installed(self) -> None:
        """Functions that are put on classes at run time: ``cls.__init__ = __init__`` makes them methods of these."""
        heap = self.effects.heap
        for function in heap.functions.values():
            for event in function.events:
                if event.kind != "setattr" or not any(term[0] == "func" for term in walk(event.terms[1])):
                    continue
                owners = {value[1] for value in heap.attributes.with_given(event.terms[0]) if value[0] == "class"}
                for value in heap.evaluate(event.terms[1]) if owners else ():
                    if value[0] == "func" and not heap.functions[value[1]].owner:
                        heap.installed.setdefault(value[1], set()).update(owners)
