"""A memoiser on a method: the repair and the experiment for it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaklint.drafts.facts.model import Decorator, Function, Module
from leaklint.drafts.leaks import Context, Leak
from leaklint.drafts.levels import is_value
from leaklint.drafts.memoisers import bound, memoises, spelled_out, wrapped_by_calls
from leaklint.drafts.mending import EACH, mend_method
from leaklint.drafts.place import decorator_name, finding, owner_of
from leaklint.drafts.program import ClassRef, Holder
from leaklint.drafts.program.moments import is_constant, is_singleton
from leaklint.model import Confidence, Finding, Fix, Related
from leaklint.paths import is_test

CODE = "LK301"
NAME = "memoised-method"

_FIXED = frozenset(
    {"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "EnumMeta", "EnumType", "type", "ABCMeta", "NamedTuple"}
)

# What flake8-bugbear and pylint call it.
_ACCEPTED = re.compile(r"#.*(noqa:.*\bB019\b|pylint:\s*disable=.*(method-cache-max-size-none|W1518))")


def find(context: Context) -> Iterator[Finding]:
    """Yield the findings of this rule."""
    for module in context.program.modules.values():
        if is_test(module.path):
            continue
        for function in module.functions.values():
            if function.owner and function.kind == "method" and not _takes_class(function):
                yield from _method(context, function, module)
        yield from _by_call(context, module)
    for leak in context.leaks:
        if leak.holder.scope in {"closure", "descriptor"}:
            yield from _home_made(context, leak)


def _method(context: Context, function: Function, module: Module) -> Iterator[Finding]:
    ref = ClassRef(module.name, function.owner)
    for decorator in function.decorators:
        name = decorator_name(context.program, decorator, module)
        if not memoises(name, decorator) or _is_fixed(context, ref):
            continue
        told = _told(context, ref, function.name, module, decorator)
        doubted = _hashes_nothing(function)
        confidence: Confidence = "low" if doubted else told
        if context.shows(confidence):
            short = f"@{name.rsplit('.', 1)[-1]} on {function.qualname}"
            fix = mend_method(context, function, module, decorator)
            yield _finding(context, ref, function.qualname, module, decorator, short, confidence, fix)
        return


def _by_call(context: Context, module: Module) -> Iterator[Finding]:
    for ref, attribute, decorator in wrapped_by_calls(context.program, module):
        confidence = _told(context, ref, attribute, module, decorator)
        if _is_fixed(context, ref) or not context.shows(confidence):
            continue
        qualname = f"{ref.name}.{attribute}"
        short = f"{decorator_name(context.program, decorator, module).rsplit('.', 1)[-1]}, called for {qualname},"
        fix = Fix("none", EACH, "a call memoises the method, not a decorator; change it by hand")
        yield _finding(context, ref, qualname, module, decorator, short, confidence, fix)


def _told(context: Context, ref: ClassRef, name: str, module: Module, decorator: Decorator) -> Confidence:
    """Return how sure it is that a memoised method ``name`` of the class ``ref`` keeps objects that are let go."""
    name_of_cache = decorator_name(context.program, decorator, module)
    limit = bound(spelled_out(context.program, decorator, module), name_of_cache)
    if (
        (limit is not None and limit <= 1)
        or name in context.emptied
        or (limit is not None and is_value(context.program, ref))
        or _is_accepted(context, decorator, module)
        or is_singleton(context.program, ref)
        or is_constant(context.program, ref)
    ):
        return "low"
    return "high" if limit is None else "medium"


def _finding(
    context: Context, ref: ClassRef, qualname: str, module: Module, decorator: Decorator, short: str,
    confidence: Confidence, fix: Fix,
) -> Finding:  # fmt: skip
    name = decorator_name(context.program, decorator, module)
    limit = bound(spelled_out(context.program, decorator, module), name)
    size = "without bound" if limit is None else f"up to {limit} calls"
    symbol = f"{module.name}:{qualname}"
    message = (
        f"{short} keeps self in a cache of the class, {size}: every {ref.name} on which it was "
        f"called stays alive; use {fix.replacement}"
    )
    retention = (
        f"{symbol} (memoised function on the class, lives as long as the process)",
        f"{name.rsplit('.', 1)[-1]}'s cache, {size}, keyed by the arguments",
        f"self, the first argument of {qualname}",
        f"{ref.name} (still alive after its last user let go)",
    )
    return finding(CODE, NAME, module, decorator.span, symbol, "memo", message, confidence, retention, (), fix)


def _is_accepted(context: Context, decorator: Decorator, module: Module) -> bool:
    """Tell whether the author silenced the same finding of another tool on the decorator's line."""
    lines = context.program.source(module.name).text.splitlines()
    place = decorator.span.line - 1
    return place < len(lines) and _ACCEPTED.search(lines[place]) is not None


def _takes_class(function: Function) -> bool:
    """Tell whether the method is given the class: a property of classes, or made a class method by an assignment."""
    return bool(function.params) and function.params[0].name in {"cls", "klass"}


def _is_fixed(context: Context, ref: ClassRef) -> bool:
    bases = {name.rsplit(".", 1)[-1] for name in context.program.names.external_bases_of_bases(ref)}
    metas = {name.rsplit(".", 1)[-1] for name in context.program.names.external_bases(ref)}
    return bool(bases & _FIXED) or bool(metas & {"EnumMeta", "EnumType"})


def _hashes_nothing(function: Function) -> bool:
    return not function.params


def _decorator_of(holder: Holder) -> str:
    """Return the function around a closure's variable, or the constructor of the class that keeps a memo."""
    if holder.scope == "closure" or holder.owner is None:
        return holder.name.split(".<locals>.")[0]
    return f"{holder.owner.name}.__init__"


def _home_made(context: Context, leak: Leak) -> Iterator[Finding]:
    """A decorator whose own dictionary takes the wrapper's arguments, used on a method."""
    holder = leak.holder
    module = context.program.modules[holder.module]
    outer = module.functions.get(_decorator_of(holder))
    if outer is None:
        return
    methods = [
        (context.program.modules[site.module], context.program.modules[site.module].functions[site.value.name])
        for site in context.program.sites.get((holder.module, outer.qualname), [])
        if site.call is None and site.value.name in context.program.modules[site.module].functions
    ]
    methods = [(home, f) for home, f in methods if f.kind == "method" and owner_of(context, f, home)]
    keyed = any(
        part.kind == "param" for store in leak.stores for key in store.touch.event.key for part in (key, *key.parts)
    )
    if not methods or not keyed:
        return
    home, method = methods[0]
    ref = ClassRef(home.name, method.owner)
    symbol = holder.symbol
    name = outer.qualname.removesuffix(".__init__")
    message = (
        f"memo decorator {name} keeps self of {method.qualname} in its own {holder.kind} '{holder.binding.name}', "
        f"without bound: every {ref.name} on which it was called stays alive; keep the cache on the instance"
    )
    related = tuple(
        Related(place.path, f.span.line, f.span.column, f"{f.qualname} is memoised here") for place, f in methods[:8]
    )
    retention = (
        f"{symbol} (local of a decorator that its wrapper keeps, lives as long as the class)",
        f"key made from the arguments of {method.qualname}",
        f"{ref.name} (still alive after its last user let go)",
    )
    fix = Fix("none", "a cache on the instance", "the decorator is shared by all its users; change it by hand")
    span = holder.binding.span
    yield finding(CODE, NAME, module, span, symbol, "closure", message, "medium", retention, related, fix)
