"""Calls that have to come back: while ways are tried, what waits for an answer or never ends is interrupted."""

from __future__ import annotations

import threading
from typing import Any, Callable

from . import passing, sandbox
from .early import optional
from .passing import EndedError, LeftError
from .patience import Patience

SECONDS = 2.0  # of CPU time, or by the clock of waiting
_EVERY = 0.25

_signal = optional("signal")


class NoReturnError(Exception):
    """The call did not come back in time."""


class _Interrupt(BaseException):
    """Passes through the handlers of the code under test."""


def returns(function: Callable[..., Any], *args: Any) -> Any:
    """Call a function and return its result. Raises ``NoReturnError`` if it takes too long, where that can be noticed, and
    ``EndedError`` for what wants to end the process.

    Handlers of alarms that the function sets up itself are left alone, and then nothing interrupts it.
    """
    if not hasattr(_signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        return _going_on(function, *args)
    patience = Patience(SECONDS)

    def ring(*_: Any) -> None:
        if patience.over() or patience.is_idle():
            raise _Interrupt

    before = _signal.signal(_signal.SIGALRM, ring)
    _signal.setitimer(_signal.ITIMER_REAL, _EVERY, _EVERY)
    try:
        return _going_on(function, *args)
    except _Interrupt:
        raise NoReturnError(f"does not return within {SECONDS:g} s") from None
    finally:
        if _signal.getsignal(_signal.SIGALRM) is ring:
            _signal.setitimer(_signal.ITIMER_REAL, 0)
            _signal.signal(_signal.SIGALRM, before)


def _going_on(function: Callable[..., Any], *args: Any) -> Any:
    try:
        with passing.attempt():
            return function(*args)
    except LeftError as error:
        raise EndedError(f"ended the process with exit status {error.code}") from None
    except SystemExit as error:
        raise EndedError(f"the target called sys.exit({error.code})") from None
    finally:
        sandbox.come_back()
