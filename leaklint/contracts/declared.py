"""What a project declares about its own code, as contracts: tables of its settings, and the short forms for single facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leaklint.contracts.library import Contracts
from leaklint.contracts.model import ClassEntry, Contract, Package, Retains

if TYPE_CHECKING:
    from leaklint.config import Settings


def contracts_of(settings: Settings) -> Contracts:
    """Return the contracts that hold for a run."""
    return Contracts([*settings.contracts, short_forms(settings)])


def short_forms(settings: Settings) -> Package:
    """Return what ``registrars``, ``singletons``, ``bounded-classes`` and ``weak-containers`` say."""
    callables = tuple(
        Contract(name, retains=(Retains(),), kind="registrar", holder=_DECLARED) for name in settings.registrars
    )
    classes: dict[str, ClassEntry] = {}
    for name in settings.bounded_classes:
        classes[name] = ClassEntry(name, container="bounded")
    for name in settings.weak_containers:
        classes.setdefault(name, ClassEntry(name, container="weak:WeakValueDictionary"))
    for name in settings.singletons:
        classes[name] = classes.get(name, ClassEntry(name))._replace(singleton=True)
    return Package(callables=callables, classes=tuple(classes.values()))


_DECLARED = "a registrar that keeps what it is given (as declared)"
