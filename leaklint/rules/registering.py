"""How registrations are told: what keeps the object, for how long, and the way to it. Rules name the keeper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from leaklint.flow.model import Event, qualname
from leaklint.heap.registration import Registration
from leaklint.model import Related
from leaklint.rules.experiments import probe_at, trigger_of

if TYPE_CHECKING:
    from leaklint.rules.context import Case, Context


class Keeper(NamedTuple):
    """What keeps the object, in words: its name, until when it does, and the first step of the retention path.

    ``kind`` is the kind of the finding, ``experiment`` that of the registry for the probe.
    """

    name: str
    ends: str
    first_step: str
    kind: str
    experiment: str = "other"


def _starts(context: Context, registration: Registration) -> Iterator[Event]:
    """Yield where the function that makes a thread or a timer starts it: it keeps what it is given from there on."""
    made = registration.event.terms[0]
    for event in context.heap.points_to.functions[registration.function].events:
        if (
            event.kind == "call"
            and event.terms[0][1] == ("attr", made, "start")
            and event.place[0] != registration.event.place[0]
        ):
            yield event


def _is_another(context: Context, subject: str, retained: str) -> bool:
    """Tell whether what stays is no object of the class that is made, but one that it makes for itself."""
    classes, known = context.heap.points_to.classes, context.heap.points_to.names.classes
    if subject not in known or retained not in known:
        return False
    return {retained, *classes.order(retained)}.isdisjoint({subject, *classes.order(subject)})


def told(context: Context, registration: Registration, code: str, name: str, keeper: Keeper) -> Case:
    """Return the finding of a rule about a registration."""
    module, place, retained = context.module_of(registration.function), registration.event.place, registration.retained
    owner = qualname(retained.cls) or retained.name
    how = {"method": f"the bound method {retained.name}", "closure": "a closure", "self": "self"}.get(
        retained.kind, owner
    )
    doubts = f" ({'; '.join(registration.reasons)})" if registration.reasons else ""
    message = f"{keeper.name} keeps {how}: every {owner} stays alive {keeper.ends}{doubts}"
    retention = (
        keeper.first_step,
        f"{how}, registered by {qualname(registration.function)} at {context.path(module)}:{place[0]}",
        f"{owner} (still alive after its last user let go)",
    )
    at = context.location(module, place)
    related = [Related(at.path, at.line, at.column, "registered here")]
    related += [
        context.related(registration.function, one.place, "started here") for one in _starts(context, registration)
    ]
    related += [context.related(call.caller, call.event.place, "handed in here") for call in retained.chain[-2:]]
    trigger, subject = trigger_of(context, retained.chain[-1].caller if retained.chain else registration.function)
    ends = keeper.experiment == "finalize"  # a finalizer goes with its object, unless what it keeps leads back there
    track = "growth" if not ends and _is_another(context, subject, retained.cls) else "subject"
    probe = probe_at(
        context, keeper.experiment, registration.function, "", subject or retained.cls, trigger, track, place=place
    )
    return context.case(
        registration, code, name, module, place, registration.function, keeper.kind, message, registration.level,
        retention, tuple(related), probe,
    )  # fmt: skip
