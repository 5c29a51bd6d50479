"""A memoiser on a method.

## What it does

Reports `functools.lru_cache`, `functools.cache`, `cachetools.cached` and their like on a method, through any alias,
home-made memo decorators whose dictionary takes `self` as part of the key, and methods that a call memoises
(`cached_row = lru_cache(maxsize=None)(row)` in the class or after it). Quiet on static methods, on class
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
        @cached_by_instance
        def style_for(self, name):
            return compute(self, name)

where `cached_by_instance` keeps what it caches in a `WeakKeyDictionary` by `self`. A `cached_property` will do where nobody
copies, pickles or sets it, and no subclass overrides it.

## Fix safety

Safe where the function's own text shows that no result leads back to the instance, which weak keys would keep then; unsafe
where that is assumed. Where the program controls the cache (`cache_info`, `cache_clear`) each instance makes a cache for
itself, which copies and pickles of the instance carry along: unsafe.

## How it is proven

Make the object, call the method, delete the object, collect: its weak reference must be dead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from leaklint.flow.model import qualname
from leaklint.flow.terms import Term
from leaklint.heap.memoisation import Memo
from leaklint.heap.retained import Retention
from leaklint.model import Related
from leaklint.rules.containers import decorated_methods, related, short_name
from leaklint.rules.context import Case, Context
from leaklint.rules.experiments import probe_at
from leaklint.rules.lk204 import cache_made, calls_kept, of_method

CODE = "LK301"
NAME = "memoised-method"

# What flake8-bugbear and pylint call it.
_ACCEPTED = re.compile(r"#.*(noqa:.*\bB019\b|pylint:\s*disable=.*(method-cache-max-size-none|W1518))")


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    for memo in context.memos:
        if of_method(context, memo):
            if _is_accepted(context, memo.module, memo.place[0]):
                memo = memo._replace(level="low", reasons=(*memo.reasons, "another tool is told to accept it"))
            if context.shows(memo.level):
                yield _memo(context, memo)
    for retention in context.retentions:
        if context.shows(retention.level):
            for key in decorated_methods(context, retention):
                yield _home_made(context, retention, key)


def _memo(context: Context, memo: Memo) -> Case:
    points_to = context.heap.points_to
    function = points_to.functions[memo.function]
    module, owner = memo.retained.cls.partition(":")[0], qualname(memo.retained.cls)
    method = memo.name.rpartition(".")[2]
    name = f"{owner}.{method}"
    size = calls_kept(memo)
    symbol = f"{module}:{name}"
    doubts = f" ({'; '.join(memo.reasons)})" if memo.reasons else ""
    message = f"the cache of {name} keeps self, {size}: every {owner} on which it was called stays alive{doubts}"
    retention = (
        f"{symbol} (memoised function on the class, lives as long as the process)",
        f"its cache, {size}, keyed by the arguments",
        f"self, the first argument of {name}",
        f"{owner} (still alive after its last user let go)",
    )
    how = "property" if "property" in points_to.attributes.decoration(function) else "method"
    key = points_to.classes.method(memo.retained.cls, method) or memo.function
    probe = probe_at(context, "memo", key, name, memo.retained.cls, f"{how}:{method}")
    made = cache_made(context, memo)
    return context.case(
        memo, CODE, NAME, memo.module, memo.place, symbol, "memo", message, memo.level, retention, made, probe
    )


def _home_made(context: Context, retention: Retention, key: str) -> Case:
    """A decorator whose own container takes the object, used on a method."""
    points_to = context.heap.points_to
    function = points_to.functions[key]
    module, name = key.partition(":")[0], qualname(key)
    owner, holder = qualname(function.owner), short_name(retention.location)
    message = (
        f"the decorator of {name} keeps self in {holder}: every {owner} on which it was called stays alive, "
        f"{retention.release.why}"
    )
    lines = (
        f"{holder} (container of the decorator, lives as long as the process)",
        f"filled by {retention.first.effect.function.partition(':')[2]}",
        f"{owner} (still alive after its last user let go)",
    )
    decorator = next((one for one in function.decorators if _is_own(context, one.term)), function.decorators[0])
    how = "property" if "property" in points_to.attributes.decoration(function) else "method"
    probe = probe_at(context, "closure", key, "", function.owner, f"{how}:{function.name}")
    container = context.location(retention.location.module, retention.location.place)
    made = Related(container.path, container.line, container.column, "the decorator's container is made here")
    return context.case(
        retention, CODE, NAME, module, decorator.place, key, "closure", message, retention.level, lines,
        (*related(context, retention), made), probe,
    )  # fmt: skip


def _is_own(context: Context, term: Term) -> bool:
    return any(value[0] in {"func", "class", "method"} for value in context.heap.points_to.evaluate(term))


def _is_accepted(context: Context, module: str, line: int) -> bool:
    """Tell whether the author silenced the same finding of another tool on the decorator's line."""
    source = context.texts.of_module(module)
    lines = source.text.splitlines() if source is not None else []
    return line - 1 < len(lines) and _ACCEPTED.search(lines[line - 1]) is not None
