"""leaklint_runtime: prove a leak by experiment, inside the target's own interpreter (Python 3.8+, no dependencies)."""

from __future__ import annotations

from typing import Any

from .scenarios import scenario

__all__ = ["assert_collected", "scenario", "watch"]


def assert_collected(kind: type, allow: int = 0) -> None:
    """Demand that at most ``allow`` instances of a class are alive after a full collection.

    Raises ``AssertionError`` with the chain of holders that keeps one alive.
    """
    __tracebackhide__ = True
    # imported here because a probe, which imports this package, needs nothing of it
    from .asserts import assert_collected as check

    check(kind, allow)


def watch(every: float = 60.0, **options: Any) -> Any:
    """Watch this service from now on, in a thread: which holders grow, how fast, and until when the memory lasts.

    See ``leaklint_runtime.watching.watch`` for the options (``callback``, ``log``, ``file``, ``trace``, ``listen``,
    ``share``) and for what is returned. Raises ``ValueError`` for an interval or share that is not above 0, and
    ``OSError`` where it cannot listen.
    """
    from .watching import watch as start

    return start(every, **options)
