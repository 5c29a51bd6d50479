"""What is worked out once for a whole program, however many findings ask for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from leaklint.drafts.program import Program

T = TypeVar("T")


def once(function: Callable[[Program], T]) -> Callable[[Program], T]:
    """Remember what a function returns for a program, for as long as that lives.

    What it returns must not lead back to the program, which would then never be let go of.
    """
    known: WeakKeyDictionary[Program, T] = WeakKeyDictionary()

    @wraps(function)
    def remembered(program: Program) -> T:
        if program not in known:
            known[program] = function(program)
        return known[program]

    return remembered
