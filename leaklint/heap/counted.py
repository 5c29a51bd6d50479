"""Entries whose ends are counted and that stay: a number goes up where one is put in, and down in what is called at its end."""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.flow.model import Event, Function
from leaklint.flow.terms import Term
from leaklint.heap.arguments import call_arguments
from leaklint.heap.effects import Effect
from leaklint.heap.removal_sites import WayQuestion


class Counted(WayQuestion):
    """Finds the last functions that are called for entries, which only count these."""

    def why(self, store: Effect, last: list[Event]) -> str:
        """Return what counts the end of an entry, where nothing removes it; ``last`` are the calls that hand that over."""
        frame = self.sites.frames(store)[-1]
        up = set(_counted(frame.function, "+"))
        for event in last if up else ():
            values = self.heap.all_of(call_arguments(event.terms[0]))
            for function in (self.heap.functions[value[-1]] for value in values if value[0] in {"func", "method"}):
                if up & set(_counted(function, "-")):
                    return f"{function.name}() counts those that are done (line {function.place[0]}), and nothing removes them"
        return ""


def _counted(function: Function, operator: str) -> Iterator[str]:
    """Yield the attributes of its own object that a function adds to, or subtracts from."""
    own: Term | None = ("param", function.key, function.params[0].name) if function.owner and function.params else None
    for event in function.events:
        if event.kind == "extend" and event.name == operator and event.terms[0][:2] == ("attr", own):
            if event.terms[1][0] == "const":
                yield event.terms[0][2]
