"""Where the one object sits whose attribute a holder is: in a module, or as a descriptor on a class.

``Hub.listeners`` may not be an attribute of the class but of each hub. The hub that lives as long as the process is the one
that a module or a class of the target has as an attribute.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, Iterator, NamedTuple

from .early import ModuleType, contents, is_a
from .wire import WireProbe

MADE = "LeaklintOwner"
_ACCESS = {"method:__set__": "set", "method:__get__": "property"}


class Seat(NamedTuple):
    """``obj`` is the attribute ``name`` of the last of ``owners``; these lead from a module to it."""

    owners: tuple[Any, ...]
    name: str
    obj: Any


def seats(kind: Any, module: Any) -> Iterator[Seat]:
    """Yield the objects of a class that the module, others of its package, or classes defined there have as attributes."""
    for home in package(module):
        for name, value in list(contents(home).items()):
            if is_a(value, kind):
                yield Seat((home,), name, value)
            elif is_a(value, type) and getattr(value, "__module__", None) == home.__name__:
                for inner, held in list(contents(value).items()):
                    if is_a(held, kind):
                        yield Seat((home, value), inner, held)


def package(module: Any) -> Iterator[Any]:
    """Yield a module and the others that are loaded of its package."""
    yield module
    top = module.__name__.partition(".")[0]
    for name, other in list(sys.modules.items()):
        if other is not module and is_a(other, ModuleType) and (name == top or name.startswith(top + ".")):
            yield other


def seated(probe: WireProbe, module: Any) -> WireProbe:
    """Return the probe of a descriptor as one of the class that it sits on; any other probe as it is.

    What fills a descriptor's container is access to an attribute of some object, so that object is what has to go. Where
    no class of the package has such a descriptor, one is made for the purpose and put into the module.
    """
    access = _ACCESS.get(probe.trigger)
    home, _, name = probe.subject.partition(":")
    kind = contents(module).get(name) if home == probe.module else None
    if access is None or not is_a(kind, type):
        return probe
    seat = next((seat for seat in seats(kind, module) if len(seat.owners) == 2), None) or _made(kind, module)
    if seat is None:
        return probe
    owner = seat.owners[-1]
    path = f"{owner.__qualname__}.{seat.name}{probe.container[len(name) :]}" if probe.container else ""
    return replace(
        probe,
        module=owner.__module__,
        container=path,
        subject=f"{owner.__module__}:{owner.__qualname__}",
        trigger=f"{access}:{seat.name}",
        track="subject",
    )


def _made(kind: Any, module: Any) -> Seat | None:
    """Put a class with such a descriptor into the module; None if the descriptor takes arguments that nobody knows."""
    from . import ladder  # imports the building of objects, which few probes need here

    try:
        held = ladder.construct(kind).call(0)
        owner = type(MADE, (), {"__module__": module.__name__, "value": held})
    except Exception:
        return None
    setattr(module, MADE, owner)
    return Seat((module, owner), "value", held)
