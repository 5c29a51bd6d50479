"""Where chains begin: modules, classes, signal handlers, and the running frames of other threads.

The index maps the identity of everything that has a name of its own in the process to the objects that lead to it. It
is built from ``sys.modules`` and the class tree, so that a search through the heap ends at the first named object
instead of walking on through namespaces that half the heap refers to.
"""

from __future__ import annotations

import signal
import sys
from functools import partial
from types import FrameType
from typing import Any, Callable, Dict, Iterator, Sequence, Tuple

from .early import ModuleType, contents, get_referents, is_a, is_tracked
from .labels import LIBRARY, Root

Objects = Tuple[Any, ...]
Index = Dict[int, Objects]
_OWN = __name__.partition(".")[0]
_subclasses = type.__dict__["__subclasses__"]


def index(
    first: Any = None, rank: Callable[[Any], int] | None = None, frames: Sequence[FrameType] | None = ()
) -> Index:
    """Return for each named object (by identity) the objects from a root to it, itself last.

    ``first`` is the module whose names win where an object has several; then those of the lowest ``rank``, if that is
    given, and of the module that was imported first. ``frames`` are those that threads run which a copy of the process
    does not have; with None no frames are looked at. The index holds what it names: drop it after use.
    """
    found: Index = {}
    modules = [module for module in [first, *list(sys.modules.values())] if _counts(module)]
    if rank is not None:
        modules.sort(key=rank)
    _add_modules(found, modules)
    for kind in classes():
        _add_class(found, kind)
    for prefix, obj in _signal_handlers():
        found.setdefault(id(obj), (*prefix, obj))
    return {**locals_of_threads(frames), **found}


def locals_of_threads(frames: Sequence[FrameType] | None = ()) -> Index:
    """Return what the local variables of running threads hold, and those of ``frames``, by identity; with None nothing."""
    found: Index = {}
    for prefix, obj in _foreign_locals(frames):
        found.setdefault(id(obj), (*prefix, obj))
    return found


def neighbours(target: Any, first: Any = None) -> Index:
    """Return what ``index`` would, but only for the program's own modules and the package of the target's class."""
    kind = target if is_a(target, type) else type(target)
    package = (contents(kind).get("__module__") or "").partition(".")[0]
    found: Index = {}
    named = list(sys.modules.items())
    near = [item for name, item in named if name.partition(".")[0] == package or _is_own(name, item)]
    modules = [module for module in [first, *near] if _counts(module)]
    _add_modules(found, modules)
    for module in modules:
        for value in list(contents(module).values()):
            if is_a(value, type) and contents(value).get("__module__") == contents(module).get("__name__"):
                _add_class(found, value)
    return found


def _is_own(name: str, module: Any) -> bool:
    """Tell whether a module is neither built in nor below the folders of libraries."""
    file: Any = contents(module).get("__file__") if is_a(module, ModuleType) else None
    if is_a(file, str):
        return not file.startswith(LIBRARY)
    return name not in sys.builtin_module_names


def _add_modules(index: Index, modules: list[Any]) -> None:
    for module in modules:
        index.setdefault(id(module), (module,))
        index.setdefault(id(contents(module)), (module, contents(module)))
    for module in modules:
        _add_names(index, (module,))


def _counts(module: Any) -> bool:
    name: Any = contents(module).get("__name__") if is_a(module, ModuleType) else None
    return is_a(name, str) and name.partition(".")[0] != _OWN


def _add_names(index: Index, owners: Objects) -> None:
    """Name what the last owner's namespace holds."""
    for value in filter(is_tracked, list(contents(owners[-1]).values())):
        place = id(value)
        if place not in index and not is_a(value, ModuleType):
            index[place] = (*owners, value)


def _add_class(index: Index, kind: type) -> None:
    owners = index.get(id(kind)) or _home(kind)
    if owners:
        index.setdefault(id(kind), owners)
        for inner in get_referents(contents(kind)):
            index.setdefault(id(inner), (*owners, inner))
        _add_names(index, owners)


def _home(kind: type) -> Objects:
    """Return module and class for a class that its module still knows by its qualified name, else nothing."""
    module = sys.modules.get(contents(kind).get("__module__") or "")
    if not is_a(module, ModuleType) or not _counts(module):
        return ()
    owners: Objects = (module,)
    for name in type.__dict__["__qualname__"].__get__(kind).split("."):
        following = contents(owners[-1]).get(name) if is_a(owners[-1], (type, ModuleType)) else None
        if following is None:
            return ()
        owners = (*owners, following)
    return owners if owners[-1] is kind else ()


def classes() -> Iterator[type]:
    """Yield every class of the process once, without asking any metaclass."""
    seen = {id(object)}
    level = [object]
    while level:
        kind: Any = level.pop()
        yield kind
        for child in _subclasses(kind):
            if id(child) not in seen:
                seen.add(id(child))
                level.append(child)


def _signal_handlers() -> Iterator[tuple[Objects, Any]]:
    for number in signal.Signals:
        handler = signal.getsignal(number)
        if callable(handler) and not is_a(handler, signal.Handlers):
            yield (Root(f"signal handler of {number.name}", partial(signal.getsignal, number)),), handler


def _foreign_locals(frames: Sequence[FrameType] | None) -> Iterator[tuple[Objects, Any]]:
    """Yield the locals of the frames that other threads run, and of those given."""
    if frames is None:  # up to Python 3.12 to look at a frame's locals keeps them for as long as it runs
        return
    mine = sys._getframe()
    while mine.f_back is not None:
        mine = mine.f_back
    for frame in [*sys._current_frames().values(), *frames]:
        outermost = frame
        while outermost.f_back is not None:
            outermost = outermost.f_back
        if outermost is mine:
            continue
        step: Any = frame
        while step is not None:
            for value in step.f_locals.values():
                if is_tracked(value):
                    yield (step,), value
            step = step.f_back
