"""A way to do what a probe says, and what a trial of it showed."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple

Make = Callable[[int], Any]


class Strategy(NamedTuple):
    """``make`` does the act; ``made_by`` names the way, ``recipe`` is Python text, ``given`` if it is the user's.

    ``ran``, ``fresh`` and ``entered`` are what a trial showed (see ``trial.Tried``). ``plain`` tells that a value is stored,
    of which equal ones count as one, ``wrong`` what a stand-in could not stand for. ``origins`` say of each argument why users
    pass such a value. ``others`` do the same act and return an argument of it instead of its result. ``early`` is the plan that
    leaves the with block or the generator early, where the act has one; ``ending`` says so in that plan. ``track`` is what is
    watched, if that is another thing than the probe says; ``aside`` tells that the act is another one than the probe's, or
    is done on one object that is kept, which shows what grows, and never that nothing does;
    ``kept`` is that object (see ``kept_objects``). ``copies`` tells that the act fills the container of another object, which
    it returns, and that is what is watched.
    """

    make: Make
    made_by: str
    recipe: str
    given: bool
    ran: bool | None = None
    fresh: bool = True
    plain: bool = False
    wrong: str = ""
    origins: tuple[tuple[str, str], ...] = ()
    others: tuple[tuple[str, Make], ...] = ()
    early: Any = None
    ending: str = ""
    entered: bool = False
    track: str = ""
    aside: str = ""
    kept: Any = None
    copies: bool = False
