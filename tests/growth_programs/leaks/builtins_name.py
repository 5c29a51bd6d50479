"""A registry that is put where everybody finds it."""

# holder: registry_of_everything
# kind: list in the builtins module

from __future__ import annotations

import builtins


class Plugin:
    pass


builtins.registry_of_everything = []  # holder here


def work() -> None:
    registry_of_everything.append(Plugin())  # noqa: F821  # stores
