"""A memoiser on a method.

## What it does

Reports `functools.lru_cache`, `functools.cache`, `cachetools.cached` and their like on a method, through any alias,
and home-made memo decorators whose dictionary takes `self` as part of the key. Quiet on static methods, on class
methods, on enumerations and metaclasses, and where the cache is kept on the instance. Low where one object or a fixed set
of constants is memoised, and where the line silences the same finding of another tool (`# noqa: B019`).

## Why it leaks

The cache belongs to the class and its key holds `self`: every instance on which the method was called stays alive
until the cache evicts it, which an unbounded cache never does.

## Example

    class Guide:
        @functools.lru_cache(maxsize=None)
        def style_for(self, name):
            return compute(self, name)

## Use instead

    class Guide:
        @functools.cached_property
        def style(self):
            return compute(self)

or, for a method with arguments, a cache that each instance makes for itself in `__init__`.

## Fix safety

Unsafe: equal instances shared one cached value before and do not after; `cache_info` and `cache_clear` move to the
instance.

## How it is proven

Make the object, call the method, delete the object, collect: its weak reference must be dead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaklint.facts.model import Decorator, Function, Module
from leaklint.model import Confidence, Finding, Fix, Related
from leaklint.paths import is_test
from leaklint.program import ClassRef, Holder
from leaklint.program.moments import is_constant, is_singleton
from leaklint.rules.leaks import Context, Leak
from leaklint.rules.levels import is_value
from leaklint.rules.mending import mend_method
from leaklint.rules.place import decorator_name, finding, owner_of, probe

CODE = "LK301"
NAME = "memoised-method"

_MEMOISERS = frozenset(
    [
        "lru_cache",
        "cache",
        "alru_cache",
        "ttl_cache",
        "lfu_cache",
        "rr_cache",
        "fifo_cache",
        "mru_cache",
        "memoize",
        "memoized",
        "memoise",
        "memo",
        "async_lru_cache",
    ]
)
_PER_INSTANCE = (
    "methodtools",
    "cached_property",
    "cachedmethod",
    "werkzeug",
    "django",
    "celery",
    "flask_caching",
    "functools.cached_property",
)
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
    for leak in context.leaks:
        if leak.holder.scope in {"closure", "descriptor"}:
            yield from _home_made(context, leak)


def _method(context: Context, function: Function, module: Module) -> Iterator[Finding]:
    ref = ClassRef(module.name, function.owner)
    for decorator in function.decorators:
        name = decorator_name(context.program, decorator, module)
        if not _memoises(name, decorator) or _is_fixed(context, ref):
            continue
        bound = _bound(decorator, name)
        symbol = f"{module.name}:{function.qualname}"
        confidence: Confidence = "high" if bound is None else "medium"
        if (
            (bound is not None and bound <= 1)
            or _hashes_nothing(function)
            or _is_emptied(context, function)
            or (bound is not None and is_value(context.program, ref))
            or _is_accepted(context, decorator, module)
            or is_singleton(context.program, ref)
            or is_constant(context.program, ref)
        ):
            confidence = "low"
        if not context.shows(confidence):
            return
        size = "without bound" if bound is None else f"up to {bound} calls"
        short = name.rsplit(".", 1)[-1]
        fix = mend_method(context, function, module, decorator)
        message = (
            f"@{short} on {function.qualname} keeps self in a cache of the class, {size}: every {ref.name} on which it was "
            f"called stays alive; use {fix.replacement}"
        )
        retention = (
            f"{symbol} (memoised function on the class, lives as long as the process)",
            f"{short}'s cache, {size}, keyed by the arguments",
            f"self, the first argument of {function.qualname}",
            f"{ref.name} (still alive after its last user let go)",
        )
        span = decorator.span
        trigger = f"{_trigger(function)}:{function.name}"
        what = probe(context, CODE, symbol, "memo", module, function.qualname, ref, trigger)
        yield finding(CODE, NAME, module, span, symbol, "memo", message, confidence, retention, (), fix, what)
        return


def _is_accepted(context: Context, decorator: Decorator, module: Module) -> bool:
    """Tell whether the author silenced the same finding of another tool on the decorator's line."""
    lines = context.program.source(module.name).text.splitlines()
    place = decorator.span.line - 1
    return place < len(lines) and _ACCEPTED.search(lines[place]) is not None


def _is_emptied(context: Context, function: Function) -> bool:
    """Tell whether an object of the class empties the cache when its state changes: ``self.method.cache_clear()``."""
    return any(
        value.kind in {"self", "cls"} and value.path == (function.name, "cache_clear")
        for module, other in context.program.functions()
        if other.owner and not is_test(module.path) and other.name != "__del__"
        for call in other.calls
        for value in call.callee
    )


def _takes_class(function: Function) -> bool:
    """Tell whether the method is given the class: a property of classes, or made a class method by an assignment."""
    return bool(function.params) and function.params[0].name in {"cls", "klass"}


def _memoises(name: str, decorator: Decorator) -> bool:
    if not name or any(word in name for word in _PER_INSTANCE):
        return False
    last = name.rsplit(".", 1)[-1]
    if name == "cachetools.cached" or name == "cachetools.func":
        return not any(argument.name == "key" for argument in decorator.arguments)
    return last in _MEMOISERS and not (last == "cache" and not name.startswith("functools"))


def _is_fixed(context: Context, ref: ClassRef) -> bool:
    bases = {name.rsplit(".", 1)[-1] for name in context.program.names.external_bases_of_bases(ref)}
    metas = {name.rsplit(".", 1)[-1] for name in context.program.names.external_bases(ref)}
    return bool(bases & _FIXED) or bool(metas & {"EnumMeta", "EnumType"})


def _hashes_nothing(function: Function) -> bool:
    return not function.params


def _bound(decorator: Decorator, name: str) -> int | None:
    """Return the memoiser's bound: 128 by default for ``lru_cache``, None for none."""
    last = name.rsplit(".", 1)[-1]
    if last == "cache" or last.startswith("memo"):
        return None
    if name == "cachetools.cached":
        texts = [v for a in decorator.arguments for v in a.values]
        return None if not texts or texts[0].kind == "dict" else 128
    for place, argument in enumerate(decorator.arguments):
        if argument.name == "maxsize" or (argument.name == "" and place == 0):
            text = argument.values[0].name if argument.values else ""
            if text == "None":
                return None
            return int(text) if re.fullmatch(r"\d+", text) else 128
    return 128


def _trigger(function: Function) -> str:
    return "property" if any(d.value.path[-1:] == ("property",) for d in function.decorators) else "method"


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
    what = probe(context, CODE, symbol, "closure", home, "", ref, f"{_trigger(method)}:{method.name}")
    span = holder.binding.span
    yield finding(CODE, NAME, module, span, symbol, "closure", message, "medium", retention, related, fix, what)
