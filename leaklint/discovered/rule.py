"""Which rule speaks of a holder that grew, by what it is, who owns it and what it keeps."""

from __future__ import annotations

import builtins
import sys

from leaklint_runtime.discovery.model import GrowingHolder

_REGISTRIES = frozenset({"atexit", "finalize", "fork", "thread", "signal"})
_CALLBACKS = frozenset({"function", "method", "builtin_function_or_method", "functools:partial"})
_FRAMES = frozenset({"traceback", "frame"})


def is_registry(holder: GrowingHolder) -> bool:
    """Tell whether a holder belongs to the interpreter or the standard library: what matters is who registers there."""
    if holder.container_kind in _REGISTRIES or holder.container_kind == "logger":
        return True
    if holder.scope == "interpreter":
        return not holder.symbol.startswith("context variable ")
    return holder.module.partition(".")[0] in sys.stdlib_module_names


def code_of(holder: GrowingHolder) -> str:
    """Return the code of the rule whose pattern this is."""
    if holder.container_kind == "logger" or holder.module.partition(".")[0] == "logging":
        return "LK402"
    if is_registry(holder):
        filled = holder.container_kind not in _REGISTRIES and holder.role in {"key", "value", "element"}
        return "LK204" if filled and holder.module else "LK401"
    on_class = holder.scope == "class"
    if holder.container_kind == "memo":
        return "LK301" if on_class and any(kept.type == holder.owner for kept in holder.keeps) else "LK204"
    kept = kept_type(holder)
    if _is_exception(kept):
        return "LK403"
    if holder.role == "callback" or kept in _CALLBACKS:
        return "LK103" if on_class else "LK203"
    if on_class:
        return "LK101" if _stores_itself(holder, kept) else "LK102"
    if holder.scope in {"closure", "default"} or ":" not in kept:
        return "LK204"
    return "LK201" if holder.role == "key" else "LK202"


def kept_type(holder: GrowingHolder) -> str:
    """Return the type of which the holder keeps most, one that the interpreter does not bring along if there is one.

    ``module:Qualified.Name``, of the interpreter's own types the name alone; empty if nothing is known to be kept.
    """
    names = [kept.type for kept in holder.keeps]
    special = (name for name in names if ":" in name or name in _CALLBACKS or _is_exception(name))
    return next(special, names[0] if names else "")


def _is_exception(name: str) -> bool:
    known = getattr(builtins, name, None)
    return name in _FRAMES or (isinstance(known, type) and issubclass(known, BaseException))


def _stores_itself(holder: GrowingHolder, kept: str) -> bool:
    """Tell whether a method of the class whose objects are kept stores them: ``self``."""
    name = kept.partition(":")[2]
    return any(name and store.function.rpartition(".")[0] == name for store in holder.stores)
