"""A library keeps an object that it has made, until it is told to let go.

## What it does

Reports calls whose result the library itself keeps, and objects that keep themselves once they are started, in functions
that run many times and never close them: a figure of pyplot, an observer with its thread, a patch that is started. Quiet where
the object is closed there, or by whoever it is handed to, and where the function returns it.

## Why it leaks

The library has a table of what is open, or a thread that refers to it. Dropping the last reference of one's own does not
take it out.

## Example

    def report(values, path):
        figure, axes = plt.subplots()
        axes.plot(values)
        figure.savefig(path)

## Use instead

    def report(values, path):
        figure, axes = plt.subplots()
        axes.plot(values)
        figure.savefig(path)
        plt.close(figure)

## Fix safety

Unsafe: the object is closed after the last statement of its function that uses it; whoever it was handed to must be done
with it. Left where it leaves the function, or goes by another name.

## How it is proven

Run the function over rounds: the library's table must stop growing, and what the function makes must die.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.contracts.model import Contract
from leaklint.flow.model import qualname
from leaklint.heap.registration import Registration
from leaklint.rules.context import Case, Context
from leaklint.rules.experiments import probe_at, trigger_of
from leaklint.rules.lk601 import library_of

CODE = "LK602"
NAME = "object-kept-until-closed"


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    for one in context.registrations:
        if one.contract is not None and one.kind == "object" and context.shows(one.level):
            yield _tell(context, one, one.contract)


def _tell(context: Context, one: Registration, contract: Contract) -> Case:
    module, name, place = context.module_of(one.function), qualname(one.function), one.event.place
    holder = library_of(context, contract)
    doubts = f" ({'; '.join(one.reasons)})" if one.reasons else ""
    made = "what it has made" if contract.registers else "itself once it is started"
    message = f"{holder} keeps {made}: each run of {name} leaves one more{doubts}"
    retention = (
        f"{holder}{f': {contract.why}' if contract.why else ''}",
        f"made by {name} at {context.path(module)}:{place[0]}",
    )
    trigger, subject = trigger_of(context, one.function)
    track = "growth" if contract.where else "subject"
    probe = probe_at(context, "other", one.function, contract.where, subject, trigger, track, place=place)
    return context.case(
        one, CODE, NAME, module, place, one.function, contract.name, message, one.level, retention, (), probe
    )
