"""The pieces that repairs are made of. A rule asks with plain facts and gets a ``model.Fix``; libcst is loaded then."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from leaklint.model import Fix
from leaklint.repairs.request import WeakRequest
from leaklint.source import TreeError

if TYPE_CHECKING:
    from leaklint.contracts.model import Contract
    from leaklint.drafts.facts.model import DecoratorFact, FunctionFacts, ModuleFacts, Span
    from leaklint.drafts.program import ClassRef, HolderFacts, Program

__all__ = [
    "WeakRequest",
    "bound_methods",
    "bounded",
    "bounded_function",
    "cached_method",
    "closed",
    "guarded_handler",
    "held_weakly",
    "qualified",
    "registry",
    "weak_values",
    "weaken",
]

_Given = ParamSpec("_Given")


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
def weaken(program: Program, holder: HolderFacts, request: WeakRequest) -> Fix:
    """Return the repair that makes ``holder`` keep what the request names only weakly."""
    from leaklint.repairs import weakening

    return weakening.weaken(program, holder, request)


@_or_why_not
def bound_methods(program: Program, holder: HolderFacts, classes: Iterable[ClassRef] = (), depth: int = 0) -> Fix:
    """Return the repair that makes a list of callbacks hold its bound methods weakly; ``classes`` are their owners."""
    from leaklint.repairs import methods

    return methods.bound_methods(program, holder, classes, depth)


@_or_why_not
def qualified(program: Program, holder: HolderFacts, fix: Fix) -> Fix:
    """Return the repair of ``holder`` as ``tied_stores`` (what is said of its stores) and ``shown`` (examples) allow it."""
    from leaklint.repairs import shown, tied_stores
    from leaklint.repairs.files import Files
    from leaklint.repairs.uses import Finder

    return shown.qualified(program, holder, tied_stores.qualified(Finder(Files(program), holder).tied(), fix))


@_or_why_not
def cached_method(program: Program, module: ModuleFacts, function: FunctionFacts, decorator: DecoratorFact) -> Fix:
    """Return the repair of a memoised method: its cache moves to the instance."""
    from leaklint.repairs import memo

    return memo.cached_method(program, module, function, decorator)


@_or_why_not
def bounded(program: Program, holder: HolderFacts, limit: int = 1024) -> Fix:
    """Return the repair that keeps a memo at ``limit`` entries."""
    from leaklint.repairs import bound

    return bound.bounded(program, holder, limit)


@_or_why_not
def bounded_function(program: Program, module: ModuleFacts, function: FunctionFacts, decorator: DecoratorFact) -> Fix:
    """Return the repair that bounds a memoiser of functools on a function."""
    from leaklint.repairs import bound

    return bound.bounded_function(program, module, function, decorator)


@_or_why_not
def registry(program: Program, module: ModuleFacts, place: Span, kind: str) -> Fix:
    """Return the repair of a registration with the standard library: atexit, finalize, thread, signal, fork, timer."""
    from leaklint.repairs import registrations

    return registrations.registry(program, module, place, kind)


@_or_why_not
def held_weakly(program: Program, module: ModuleFacts, place: Span, contract: Contract) -> Fix:
    """Return the repair of a registration with a library that offers to hold weakly."""
    from leaklint.repairs import libraries

    return libraries.held_weakly(program, module, place, contract)


@_or_why_not
def closed(program: Program, module: ModuleFacts, place: Span, contract: Contract) -> Fix:
    """Return the repair that closes what a library keeps until then."""
    from leaklint.repairs import libraries

    return libraries.closed(program, module, place, contract)


@_or_why_not
def weak_values(program: Program, holder: HolderFacts, owner: ClassRef | None) -> Fix:
    """Return the repair of a weak-key dictionary whose values reach their keys."""
    from leaklint.repairs import backrefs

    return backrefs.weak_values(program, holder, owner)


@_or_why_not
def guarded_handler(program: Program, module: ModuleFacts, place: Span) -> Fix:
    """Return the repair of ``addHandler`` for each instance: behind a look at the logger's handlers."""
    from leaklint.repairs import handlers

    return handlers.guarded(program, module, place)
