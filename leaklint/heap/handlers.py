"""Logging handlers that are added for each object, and loggers of which each object makes its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Event
from leaklint.flow.terms import Term, walk
from leaklint.heap.domains import Domain
from leaklint.heap.external import argument
from leaklint.heap.multiplicity import MANY

if TYPE_CHECKING:
    from leaklint.heap.retained import Level
    from leaklint.heap.retention import Heap

_ENVIRONMENT = frozenset({"os.getenv", "os.environ.get", "sys.flags"})


class Handler(NamedTuple):
    """A call that adds a handler, or makes a logger (``kind``), for each object: in which function, how sure."""

    kind: str
    function: str
    event: Event
    level: Level
    reasons: tuple[str, ...]


class Handlers:
    """Finds what piles up in ``logging``."""

    def __init__(self, heap: Heap) -> None:
        self.heap = heap

    def all(self) -> Iterator[Handler]:
        """Yield every handler and logger that is made for each object."""
        for function, event, term, name in self.heap.effects.external:
            if self.heap.multiplicity.event_runs(function, event) != MANY:
                continue
            if name == "logging.Logger.addHandler":
                yield from self._handler(function, event, term)
            elif name in {"logging.getLogger", "logging.Logger.getChild"}:
                yield from self._logger(function, event, term)

    def _logger(self, function: str, event: Event, term: Term) -> Iterator[Handler]:
        name = argument(term, 0, "name")
        home = self.heap.points_to.functions[function]
        if name is None or self.heap.keys.of(name) != Domain.FRESH or not home.owner:
            return
        yield Handler("logger", function, event, "medium", ())

    def _handler(self, function: str, event: Event, term: Term) -> Iterator[Handler]:
        home = self.heap.points_to.functions[function]
        if (
            any(self._asks_handlers(guard.test) for guard in event.guards if guard.kind in {"if", "past", "loop"})
            or self._removed
        ):
            return
        level, reasons = 1, []
        named = self._name(term[1][1] if term[1][0] == "attr" else term)
        if named is not None and self.heap.keys.of(named) in {Domain.TEXT, Domain.UNKNOWN, Domain.VALUE}:
            level = 0
            reasons.append("how many loggers there are is not known")
        if any(self._asks_environment(guard.test) for guard in event.guards):
            level = 0
            reasons.append("only where the environment asks for it")
        given = term[2][0] if term[2] else None
        kept = self.heap.keeping.of(given) if given is not None else []
        if any(one.name == "long" for one in kept):
            return
        per_object = bool(home.owner) or any(one.kind in {"self", "param"} or one.cls for one in kept)
        if not per_object:
            level = 0
            reasons.append("a function that configures logging usually runs once")
        if any(one.cls and (self.heap.multiplicity.is_single(one.cls)) for one in kept):
            return
        if home.owner and (
            self.heap.multiplicity.is_single(home.owner) or self.heap.multiplicity.is_one_a_run(home.owner)
        ):
            level = 0
        yield Handler("handler", function, event, "medium" if level else "low", tuple(reasons))

    def _name(self, logger: Term) -> Term | None:
        """Return the name that a logger is asked for by, as far as that is seen."""
        terms = [logger]
        if logger[0] == "attr":
            for value in self.heap.points_to.evaluate(logger[1]):
                if value[0] in {"self", "inst"} and value[1] in self.heap.points_to.names.classes:
                    terms += [
                        event.terms[1] for _, event in self.heap.points_to.attributes.field_terms(value[1], logger[2])
                    ]
        for one in terms:
            if one[0] == "call" and one[2]:
                return one[2][0]  # type: ignore[no-any-return]
        return None

    def _asks_handlers(self, test: Term) -> bool:
        return any(term[0] == "attr" and term[2] in {"handlers", "hasHandlers"} for term in walk(test))

    def _asks_environment(self, test: Term) -> bool:
        for term in walk(test):
            if term[0] == "call" and any(
                v[0] == "ext" and v[1] in _ENVIRONMENT for v in self.heap.points_to.evaluate(term[1])
            ):
                return True
            if term[0] == "elem" and any(v == ("ext", "os.environ") for v in self.heap.points_to.evaluate(term[1])):
                return True
        return False

    @cached_property
    def _removed(self) -> bool:
        """Tell whether the program takes handlers out again."""
        return any(
            (name == "logging.Logger.removeHandler" or name.endswith("handlers.clear"))
            and not self.heap.removals.feasibility.outlived(event, self.heap.points_to.functions[function])
            for function, event, _, name in self.heap.effects.external
        )
