"""Opens resources on a stack that closes them when the program ends."""

# holder: RESOURCES|_exit_callbacks
# kind: contextlib.ExitStack
# what: tuple|method|Resource

from __future__ import annotations

import contextlib
from types import TracebackType


class Resource:
    def __enter__(self) -> Resource:
        self.open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open = False


RESOURCES = contextlib.ExitStack()  # holder here


def work() -> None:
    assert RESOURCES.enter_context(Resource()).open  # stores
