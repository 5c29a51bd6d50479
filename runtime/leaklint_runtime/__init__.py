"""leaklint_runtime: prove a leak by experiment, inside the target's own interpreter (Python 3.8+, no dependencies)."""

from __future__ import annotations

from .scenarios import scenario

__all__ = ["assert_collected", "scenario"]


def assert_collected(kind: type, allow: int = 0) -> None:
    """Demand that at most ``allow`` instances of a class are alive after a full collection.

    Raises ``AssertionError`` with the chain of holders that keeps one alive.
    """
    __tracebackhide__ = True
    # imported here because a probe, which imports this package, needs nothing of it
    from .asserts import assert_collected as check

    check(kind, allow)
