"""An exception, with its traceback and every frame, is kept for as long as the process lives.

## What it does

Reports a class-level or module-level container that stores the exception of an `except` clause or an instance of an
exception class. Quiet where the traceback is cleared, where entries are removed, and where the text is stored
instead.

Reports also an exception that is made once and raised again and again: `raise NOT_READY`. Each raise puts its frames in
front of the traceback that the exception has already.

## Why it leaks

An exception refers to its traceback, the traceback to its frames, and a frame to all its locals: one stored exception
can keep a whole request alive.

## Example

    ERRORS = []

    def run(job):
        try:
            job()
        except ValueError as error:
            ERRORS.append(error)

## Use instead

    ERRORS = collections.deque(maxlen=100)

    def run(job):
        try:
            job()
        except ValueError as error:
            ERRORS.append(repr(error))

An exception that many places raise is made where it is raised, `raise NotReady()`, or begins anew each time:
`raise NOT_READY.with_traceback(None)`.

## Fix safety

No edit is offered: what readers of the container do with the exception decides.

## How it is proven

Run the function with something that fails, drop the result, collect: the container must not have grown.
"""

from __future__ import annotations

from collections.abc import Iterator

from leaklint.rules.containers import told
from leaklint.rules.context import Case, Context

CODE = "LK403"
NAME = "kept-exception"


def find(context: Context) -> Iterator[Case]:
    """Yield the findings of this rule."""
    return told(context, CODE, NAME)
