"""Which names of modules and classes ``unittest.mock`` has replaced while an object is made."""

from __future__ import annotations

import functools
from typing import Any
from unittest import mock

from .recording import Find, UnrecordableError, Value, encode, name_of


class ActivePatches:
    """Notes each ``mock.patch`` as it begins and ends, from the first test to ``put_back``."""

    def __init__(self) -> None:
        self.active: list[Any] = []
        self._kind: Any = getattr(mock, "_patch", None)
        self._own: dict[str, Any] = {}
        for name in ("__enter__", "__exit__") if self._kind is not None else ():
            self._own[name] = getattr(self._kind, name)
            setattr(self._kind, name, self._noting(name, self._own[name]))

    def _noting(self, name: str, function: Any) -> Any:
        active = self.active

        @functools.wraps(function)
        def noted(patch: Any, *error: Any) -> Any:
            if name == "__exit__":
                active[:] = [one for one in active if one is not patch]
            result = function(patch, *error)
            if name == "__enter__":
                active.append(patch)
            return result

        return noted

    def put_back(self) -> None:
        """Leave ``unittest.mock`` as it was."""
        for name, function in self._own.items():
            setattr(self._kind, name, function)
        self._own.clear()
        self.active.clear()

    def around(self, value: Value, find: Find) -> Value:
        """Return what makes an object with the names replaced that are replaced now, as far as they can be written down."""
        found = [entry for patch in self.active for entry in _replaced(patch, find)]
        return {"patched": [found, value]} if found else value


def _replaced(patch: Any, find: Find) -> list[Value]:
    """Return what a patch has put where, in a list; nothing where that cannot be written down."""
    try:
        new = encode(getattr(patch.target, patch.attribute), find)
        return [[name_of(patch.target), patch.attribute, new]]
    except (UnrecordableError, AttributeError):
        return []
