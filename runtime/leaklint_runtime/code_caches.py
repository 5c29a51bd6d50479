"""What the interpreter adds to code that it has run often: memory that nothing of the program holds.

Python 3.8 to 3.10 give a code object caches of its own when it has run 1,024 times. In a large program that goes on for
thousands of calls and looks like a slow leak. Later versions have them inside the code object from the beginning.
"""

from __future__ import annotations

import sys
from types import CodeType, FunctionType
from typing import Any, Iterator

from .early import get_objects, getsizeof, is_a

SEPARATE = sys.version_info < (3, 11)


class CodeCaches:
    """The code objects that were there when it looked; none where their caches are part of them."""

    def __init__(self) -> None:
        self.codes: dict[int, Any] = {}
        self._last = 0

    def look(self) -> None:
        """Take up the code of all functions that the collector lists, beside what is known."""
        if SEPARATE:
            self.codes.update((id(code), code) for code in _codes())
        self.growth()

    def growth(self) -> int:
        """Return by how many bytes all of them have grown since this was called last."""
        before, self._last = self._last, sum(map(getsizeof, self.codes.values()))
        return self._last - before


def _codes() -> Iterator[Any]:
    """Yield the code of every function and the code that is nested in it, each once."""
    seen: set[int] = set()
    pending = [obj.__code__ for obj in get_objects() if is_a(obj, FunctionType)]
    while pending:
        code = pending.pop()
        if id(code) not in seen:
            seen.add(id(code))
            yield code
            pending += [constant for constant in code.co_consts if type(constant) is CodeType]
