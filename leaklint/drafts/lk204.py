"""Repairs and experiments for findings of LK204."""

from __future__ import annotations

from collections.abc import Iterator

from leaklint import repairs
from leaklint.drafts.facts.model import Call, Module
from leaklint.drafts.leaks import Context
from leaklint.drafts.memoisers import memoiser_of
from leaklint.drafts.observed import placed
from leaklint.drafts.place import dotted, finding
from leaklint.drafts.telling import tell
from leaklint.model import Finding, Fix
from leaklint.paths import is_test

CODE = "LK204"
NAME = "unbounded-memo"


# Dictionaries of the standard library that live as long as the process and that code outside of it fills.
_STANDARD = frozenset({"linecache.cache"})
_MODULES = frozenset(name.partition(".")[0] for name in _STANDARD)


def find(context: Context) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for leak in context.leaks_of(CODE):
        yield tell(context, leak, NAME)
    for module in context.program.modules.values():
        if not is_test(module.path):
            yield from _standard(context, module)
    for seen in context.settings.observed:
        if seen.code == CODE and seen.probe is not None and seen.probe.container_kind == "memo":
            yield from _memoised(context, seen)


def _memoised(context: Context, seen: Finding) -> Iterator[Finding]:
    """The memoiser on a function, of which a run has shown that its calls do not repeat: no rule can tell that."""
    found = memoiser_of(context.program, seen)
    if found is not None:
        module, function, decorator = found
        fix = repairs.bounded_function(context.program, module, function, decorator)
        here = finding(CODE, NAME, module, decorator.span, seen.symbol, "memo", "", seen.confidence, (), fix=fix)
        yield placed(seen, here, "that the calls of a memoised function do not repeat is not in the files")


def _standard(context: Context, module: Module) -> Iterator[Finding]:
    """Entries put into a dictionary of the standard library under ever new keys, by a module that never takes one out."""
    stores = []
    spoken_of = any(name.partition(".")[0] in _MODULES for name in module.imports.values())
    for function in module.functions.values() if spoken_of else ():
        for event in function.events:
            names = {dotted(context.program, value, module) for value in event.target if "[]" not in value.path}
            if names & _STANDARD:
                if event.op == "remove":
                    return
                if event.op == "store" and not all(key.kind == "const" for key in event.key):
                    stores.append((function, event, names & _STANDARD))
    if stores and any(_hands_on(context, c, module) for function in module.functions.values() for c in function.calls):
        return
    for function, event, names in stores:
        name = min(names)
        symbol = f"{module.name}:{function.qualname}"
        message = (
            f"{function.qualname} adds an entry to {name} (lives as long as the process) at each call, and nothing in this "
            f"module removes it; remove it when what it describes dies (weakref.finalize)"
        )
        retention = (
            f"{name} (dictionary of the standard library, lives as long as the process)",
            f"filled by {function.qualname} at {module.path}:{event.span.line}",
        )
        fix = Fix("none", "weakref.finalize", "what the entry describes is for the author to say")
        yield finding(
            CODE, NAME, module, event.span, symbol, "standard", message, "medium", retention, (), fix
        )  # fmt: skip


def _hands_on(context: Context, call: Call, module: Module) -> bool:
    """Tell whether a method of such a dictionary is handed to a call: ``finalize(f, linecache.cache.pop, name)``."""
    given = (value for argument in call.arguments for value in argument.values)
    return any(dotted(context.program, value, module).rpartition(".")[0] in _STANDARD for value in given)
