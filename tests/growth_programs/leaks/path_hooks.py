"""Opens archives so that modules can be imported from them."""

# holder: sys\.path_hooks
# kind: sys.path_hooks
# what: function

from __future__ import annotations

import sys
from collections.abc import Callable


def hook_of(archive: str) -> Callable[[str], object]:
    def hook(path: str) -> object:
        raise ImportError(f"{path} is not in {archive}")

    return hook


def open_archive(archive: str) -> None:
    sys.path_hooks.append(hook_of(archive))  # stores


def work() -> None:
    open_archive("library.bundle")
