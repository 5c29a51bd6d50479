"""Arguments found by trial: one value exchanged at a time for as long as the call gets further."""

from __future__ import annotations

import itertools
import os
import re
from contextlib import suppress
from functools import partial
from typing import Any, Callable, Iterator, NamedTuple

from . import samples, shown, values
from .build import Choices
from .patience import Patience
from .returning import returns
from .samples import Option
from .values import BuiltValue, Varied

SECONDS = 1.5  # of CPU time
VARIABLES = 4  # of the environment that one act may need
_TRIED = (1, 2, 77)  # steps between the numbers for which another text of a form has to be accepted
_VALUE = "leaklint"
_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")
_QUOTED = re.compile(r"['\"`]([^'\"`]{1,40})['\"`]")
_NUMBER = re.compile(r"(?<![\w.])\d{1,4}(?![\w.])")
Make = Callable[[int], Any]


class Failure(NamedTuple):
    """Why an attempt failed and how far it got: the line reached in what was called, and the depth of the trace.

    ``variable`` is the environment variable that was missing.
    """

    error: BaseException
    reached: tuple[int, int]
    variable: str = ""


def attempt(act: Make, number: int) -> Failure | None:
    """Try an act; return None if it worked. ``MemoryError`` and what is no ``Exception`` is passed on."""
    try:
        returns(act, number)
    except MemoryError:
        raise
    except Exception as error:
        trace, lines, last = error.__traceback__, [], None
        while trace is not None:
            lines.append(trace.tb_lineno)
            last, trace = trace.tb_frame, trace.tb_next
        variable = _missing(error, last)
        del last
        # The first frames are this function's, two of the alarm, and the recipe's; the next is the constructor's.
        reached = (lines[4] if len(lines) > 4 else 0, len(lines))
        return Failure(error.with_traceback(None), reached, variable)
    return None


def _missing(error: BaseException, last: Any) -> str:
    """Return the environment variable that an error tells of: its own look-up failed, or its text names one."""
    if isinstance(error, KeyError) and error.args and last is not None:
        if last.f_code is type(os.environ).__getitem__.__code__:
            return str(error.args[0])
    return next((name for name in _VARIABLE.findall(_text(error)) if name not in os.environ), "")


def _text(error: BaseException) -> str:
    with suppress(Exception):
        return str(error)
    return ""


def surrounded(work: Callable[[], Failure | None]) -> tuple[str, ...]:
    """Do some work; as long as it fails for want of an environment variable, set that and do it again.

    Returns the variables that were set, if the work succeeded in the end; else none is left set.
    """
    added: list[str] = []
    failure = work()
    while failure is not None and failure.variable and len(added) < VARIABLES and failure.variable not in os.environ:
        os.environ[failure.variable] = _VALUE
        added.append(failure.variable)
        failure = work()
    if failure is not None:
        for name in added:
            os.environ.pop(name, None)
        return ()
    return tuple(added)


def next_number(step: int = 1) -> int:
    """Return a number that no attempt had before: what registers itself by name may not come twice by the same one."""
    return list(itertools.islice(_numbers, step))[-1]


_numbers = itertools.count()


def searched(make: Make, names: list[str], chosen: Choices, function: Any, seconds: float = SECONDS) -> bool:
    """Fill ``chosen``, which ``make`` uses, until the act works; False if no exchange gets it further.

    Texts that were found so are varied with the round's number if their like are accepted, too.
    """
    failure = attempt(make, next_number())
    patience = Patience(seconds)
    while failure is not None:
        message = _text(failure.error)
        order = sorted(names, key=lambda name: name not in message)
        following = _exchanged(make, order, chosen, failure, function, patience)
        if following is failure:
            return False
        failure = following
    vary(make, chosen, function, patience)
    return True


def _exchanged(
    make: Make, names: list[str], chosen: Choices, failure: Failure, function: Any, patience: Patience
) -> Failure | None:
    """Choose another value for one of ``names`` and return how far that gets: None if the act works.

    Without an improvement ``chosen`` is left as it was and ``failure`` itself is returned.
    """
    message, before = _text(failure.error), dict(chosen)
    named = [*_named_in(message), *samples.of_classes(message, function)]
    told = ((name, option) for name in names for option in named)  # of all parameters first what the error says itself
    others = (
        (name, option) for name in names for option in itertools.chain(samples.options(function, name), anything())
    )
    for name, option in itertools.chain(told, others):
        if patience.over():
            break
        chosen.clear()
        chosen.update(before)
        chosen[name] = option
        following = attempt(make, next_number())
        if following is None or following.reached > failure.reached:
            return following
    chosen.clear()
    chosen.update(before)
    return failure


def vary(make: Make, chosen: Choices, function: Any, patience: Patience | None = None) -> None:
    """Exchange texts that are always the same for others of their form, or of the form of another one that is accepted.

    What the program itself passes is left as it is: nothing says that there are others.
    """
    patience = patience or Patience(SECONDS)
    for name, option in list(chosen.items()):
        if isinstance(option, Varied) or type(option.value) is not str or not option.value:
            continue
        if option.origin.startswith(shown.PASSED):
            continue
        for other in [option, *samples.options(function, name)]:
            if patience.over() or isinstance(other, Varied):
                break
            if type(other.value) is str and other.value and _varied(make, chosen, name, other):
                break
            chosen[name] = option


def _varied(make: Make, chosen: Choices, name: str, option: BuiltValue) -> bool:
    """Choose texts of the form of one, another for each number; False if none of them is accepted."""
    for form in samples.variations(option.value):
        chosen[name] = Varied(partial(_formed, form, option.origin))
        if all(attempt(make, next_number(step)) is None for step in _TRIED):
            return True
    return False


def _formed(form: Callable[[int], str], origin: str, number: int) -> BuiltValue:
    return values.literal(form(number), sure=False)._replace(origin=origin)


def _named_in(message: str) -> Iterator[BuiltValue]:
    """Yield the values that an error message puts in quotes or lists: often those that are allowed."""
    for text in dict.fromkeys(_QUOTED.findall(message)):
        if text:
            yield values.literal(text, sure=False)._replace(origin="error message")
    for number in dict.fromkeys(_NUMBER.findall(message)):
        yield values.literal(int(number), sure=False)._replace(origin="error message")


def anything() -> Iterator[Option]:
    """Yield values of different kinds, each a guess."""
    for value in (
        1,
        "a",
        [],
        {},
        (),
        b"a",
        None,
        1.0,
        True,
        ["a", "b"],
        {"a": "b"},
        ("a", "b"),
        [1, 2],
        (1, 2),
        8,
        100,
    ):
        yield values.literal(value, sure=False)
    yield values.stub()
    yield BuiltValue(values.nothing, values.NOTHING, False)
    yield BuiltValue(object, "object", False)
    yield BuiltValue(ValueError("leaklint"), "ValueError('leaklint')", False)
