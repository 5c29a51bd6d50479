"""The pieces that repairs are made of. A rule asks with plain facts and gets a ``model.Fix``; libcst is loaded then."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

from leaklint.model import Fix
from leaklint.repairs.request import WeakRequest
from leaklint.source import TreeError

if TYPE_CHECKING:
    from leaklint.repairs.backrefs import weak_values
    from leaklint.repairs.bound import bounded, bounded_function
    from leaklint.repairs.handlers import guarded_handler
    from leaklint.repairs.holders import HolderDefinition
    from leaklint.repairs.libraries import closed, held_weakly
    from leaklint.repairs.memo import cached_method
    from leaklint.repairs.methods import bound_methods
    from leaklint.repairs.program import Program
    from leaklint.repairs.registrations import registry
    from leaklint.repairs.weakening import weaken

__all__ = [
    "WeakRequest",
    "bound_methods",
    "bounded",
    "bounded_function",
    "cached_method",
    "closed",
    "for_each",
    "guarded_handler",
    "held_weakly",
    "qualified",
    "registry",
    "weak_values",
    "weaken",
]

#: The module of each repair, loaded when the repair is first asked for.
_MODULES = {
    "bound_methods": "methods",
    "bounded": "bound",
    "bounded_function": "bound",
    "cached_method": "memo",
    "closed": "libraries",
    "for_each": "own_container",
    "guarded_handler": "handlers",
    "held_weakly": "libraries",
    "registry": "registrations",
    "weak_values": "backrefs",
    "weaken": "weakening",
}
_Given = ParamSpec("_Given")


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    repair = globals()[name] = _or_why_not(getattr(import_module(f"leaklint.repairs.{_MODULES[name]}"), name))
    return repair


def _or_why_not(repair: Callable[Concatenate[Program, _Given], Fix]) -> Callable[Concatenate[Program, _Given], Fix]:
    """A file that has to be rewritten, or only looked at, and that libcst cannot read forbids the repair.

    Whatever it comes to, the trees of the files that it looked at are let go if they are many.
    """

    @wraps(repair)
    def worked_out(program: Program, /, *args: _Given.args, **kwargs: _Given.kwargs) -> Fix:
        try:
            return repair(program, *args, **kwargs)
        except TreeError as error:
            return Fix("none", "", error.message)
        finally:
            from leaklint.repairs import files

            files.let_go()

    return worked_out


@_or_why_not
def qualified(program: Program, holder: HolderDefinition, fix: Fix) -> Fix:
    """Return the repair of ``holder`` as ``tied_stores`` (what is said of its stores) and ``shown`` (examples) allow it."""
    from leaklint.repairs import shown, tied_stores
    from leaklint.repairs.files import Files
    from leaklint.repairs.uses import Finder

    return shown.qualified(program, holder, tied_stores.qualified(Finder(Files(program), holder).tied(), fix))
