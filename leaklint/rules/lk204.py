"""A module-level memo, a default argument used as one, or a decorator's cache only grows.

## What it does

Reports: a module-level memo, a default argument used as one, or a decorator's cache only grows. Quiet where a removal
can run while the entry is held, where the container is bounded or weak, and where only import-time code fills it.

## Why it leaks

Each new argument adds an entry, and no entry ever leaves.

## Example

    def parse(text, _cache={}):
        if text not in _cache:
            _cache[text] = compile(text)
        return _cache[text]

## Use instead

    @functools.lru_cache(maxsize=1024)
    def parse(text):
        return compile(text)

## Fix safety

Unsafe: a bounded memo computes again what it has forgotten.

## How it is proven

Call the function with varied arguments over rounds: the container's length must stop growing.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.flow.model import qualname
from leaklint.heap.external import HANDED_IN
from leaklint.heap.kinds import UNRESOLVED
from leaklint.heap.memoisation import Memo
from leaklint.heap.standard_tables import Table, tables
from leaklint.model import Related
from leaklint.rules.containers import told
from leaklint.rules.context import Case, Context
from leaklint.rules.experiments import probe_at, trigger_of

CODE = "LK204"
NAME = "unbounded-memo"


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    yield from told(context, CODE, NAME)
    for memo in context.memos:
        if not of_method(context, memo) and context.shows(memo.level):
            yield _memo(context, memo)
    for table in tables(context.heap) if context.shows("medium") else ():
        yield _table(context, table)


def of_method(context: Context, memo: Memo) -> bool:
    """Tell whether a memo keeps ``self`` of the method that it memoises, and not an argument that an annotation names."""
    points_to = context.heap.points_to
    if memo.retained.kind != "self" or memo.function not in points_to.functions:
        return False
    function = points_to.functions[memo.function]
    owner = function.owner or (function.parent if function.parent in points_to.names.classes else "")
    owner = owner or memo.function.rpartition(".")[0]  # of a lambda in a class body
    owner = owner if owner in points_to.names.classes else ""
    named = points_to.classes.method(memo.retained.cls, memo.name.rpartition(".")[2]) is not None
    return named or bool(owner and points_to.classes.related(memo.retained.cls, owner))


def _memo(context: Context, memo: Memo) -> Case:
    size = calls_kept(memo)
    name = qualname(memo.function) or memo.name
    symbol = f"{memo.module}:{name}"
    argument = f"'{memo.argument}'" if memo.argument else memo.retained.name or "object"
    retained = f"every {argument} that it is called with" if memo.retained.kind not in UNRESOLVED else "every result"
    doubts = f" ({'; '.join(memo.reasons)})" if memo.reasons else ""
    message = f"the cache of {name} keeps {retained}, {size}, for as long as the process lives{doubts}"
    retention = (
        f"{symbol} (memoised function, lives as long as the process)",
        f"its cache, {size}, keyed by the arguments",
        f"{memo.retained.name or memo.argument} (still alive after its last user let go)",
    )
    probe = None
    if memo.function and "<locals>" not in name:
        probe = probe_at(context, "memo", memo.function, name, "", f"call:{symbol}", "growth")
    made = cache_made(context, memo)
    return context.case(
        memo, CODE, NAME, memo.module, memo.place, symbol, "memo", message, memo.level, retention, made, probe
    )


def calls_kept(memo: Memo) -> str:
    """Return in words how many calls a memo keeps."""
    if memo.bound is None:
        return "without bound"
    return "up to the bound that is handed in" if memo.bound == HANDED_IN else f"up to {memo.bound} calls"


def cache_made(context: Context, memo: Memo) -> tuple[Related, ...]:
    """Return where the cache of a memoised function is made, if that is not its decorator."""
    module, *place = memo.cache
    if (module, place[0]) == (memo.module, memo.place[0]):
        return ()
    at = context.location(module, (place[0], place[1], place[2], place[3]))
    return (Related(at.path, at.line, at.column, "the cache is made here"),)


def _table(context: Context, table: Table) -> Case:
    """An entry put into a dictionary of the standard library under ever new keys, by a module that never takes one out."""
    name = qualname(table.function) or "the module"
    module = context.module_of(table.function)
    verb = f"with {table.contract.called} adds" if table.contract is not None else "adds"
    message = (
        f"{name} {verb} an entry to {table.name} (lives as long as the process) at each call, and nothing in this module "
        f"removes it"
    )
    retention = (
        f"{table.name} (dictionary of the standard library, lives as long as the process)",
        f"filled by {name} at {context.path(module)}:{table.event.place[0]}",
    )
    trigger, subject = trigger_of(context, table.function)
    symbol = f"{module}:{name}"
    probe = probe_at(context, "other", table.function, "", subject, trigger, "growth", place=table.event.place)
    return context.case(
        table, CODE, NAME, module, table.event.place, symbol, "standard", message, "medium", retention, (), probe
    )
