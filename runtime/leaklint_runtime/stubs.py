"""Stand-ins for arguments that nothing is known of.

A stub answers every question with another stub and remembers nothing: mock objects keep each argument they were called
with, which would make a leak of every object that is handed to one.
"""

from __future__ import annotations

from typing import Any, Iterator


class Stub:
    """Answers attributes, calls, items, operators, ``with`` and ``for``; keeps neither arguments nor attributes."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take anything and keep nothing."""

    def _another(self) -> Any:
        return Stub()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self._another()

    def __setattr__(self, name: str, value: Any) -> None:
        """Forget the value."""

    def __delattr__(self, name: str) -> None:
        """Accept."""

    def __call__(self, *_: Any, **__: Any) -> Any:
        return self._another()

    def __getitem__(self, _: Any) -> Any:
        return self._another()

    def __setitem__(self, _: Any, __: Any) -> None:
        """Forget the value."""

    def __delitem__(self, _: Any) -> None:
        """Accept."""

    def __contains__(self, _: Any) -> bool:
        return False

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: Any) -> None:
        """Let exceptions pass."""

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *_: Any) -> None:
        """Let exceptions pass."""

    def __await__(self) -> Iterator[Any]:
        return iter(())

    async def __aiter__(self) -> Any:
        return
        yield

    def __int__(self) -> int:
        return 1

    def __index__(self) -> int:
        return 1

    def __float__(self) -> float:
        return 1.0

    def __str__(self) -> str:
        return "stub"

    def __fspath__(self) -> str:
        return "stub"

    def __hash__(self) -> int:
        return id(self) >> 4

    def __eq__(self, other: object) -> bool:
        return self is other

    def __lt__(self, _: Any) -> bool:
        return False

    __le__ = __gt__ = __ge__ = __lt__

    def _operate(self, *_: Any) -> Any:
        return self._another()

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _operate
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __matmul__ = __rmatmul__ = _operate
    __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __lshift__ = __rshift__ = _operate
    __neg__ = __pos__ = __abs__ = __invert__ = __round__ = _operate


class StandIn:
    """An object made only to be watched: plain attributes, weak references, a name that tells."""

    def __init__(self, number: int = 0) -> None:
        """``number`` tells things of several rounds apart."""
        self.number = number
