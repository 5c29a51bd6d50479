"""A logger, a handler or a filter for each instance.

## What it does

Reports `logging.getLogger(f"..{id(self)}")` and like names made from something unique, and `addHandler` or
`addFilter` on a shared logger or handler each time an object is made, without a guard and without a removal. Quiet
where the name is a constant, where the logger's handlers are looked at first, and where the module removes the handler
or the filter again.

## Why it leaks

`logging` keeps every logger by name for the life of the process, and a logger keeps its handlers and filters. Each also
makes every message slower and doubles it.

## Example

    class Client:
        def __init__(self):
            logger = logging.getLogger("client")
            logger.addHandler(logging.StreamHandler())

## Use instead

    class Client:
        def __init__(self):
            logger = logging.getLogger("client")
            if not logger.handlers:
                logger.addHandler(logging.StreamHandler())

## Fix safety

Unsafe: a guard means that later objects share the first one's handler. None where the handler is made of what belongs to
one object, where two are added, or where each object has a logger of its own, which may have a level and filters of its own.

## How it is proven

Make objects over rounds: the logger's handlers, or the number of loggers, must stop growing.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.flow.model import qualname
from leaklint.heap.handlers import Handler
from leaklint.rules.context import Case, Context
from leaklint.rules.experiments import probe_at, trigger_of

CODE = "LK402"
NAME = "logger-per-instance"


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    return (_tell(context, one) for one in context.handlers if context.shows(one.level))


def _tell(context: Context, one: Handler) -> Case:
    module, name = context.module_of(one.function), qualname(one.function)
    doubts = f" ({'; '.join(one.reasons)})" if one.reasons else ""
    what = "makes a logger of its own" if one.kind == "logger" else f"adds a {one.kind}"
    message = f"{name} {what} each time it runs, which logging keeps until the process ends{doubts}"
    retention = (
        "logging's table of loggers (lives as long as the process)",
        f"a {one.kind} for each run of {name} at {context.path(module)}:{one.event.place[0]}",
    )
    trigger, subject = trigger_of(context, one.function)
    probe = probe_at(context, "logger", one.function, "", subject, trigger, "growth")
    return context.case(
        one, CODE, NAME, module, one.event.place, one.function, one.kind, message, one.level, retention, (), probe
    )
