"""Turns uploaded rules into modules and applies them."""

# holder: sys\.modules
# kind: sys.modules
# what: module

from __future__ import annotations

import itertools
import sys
import types

_uploads = itertools.count(1)


def load(source: str) -> types.ModuleType:
    module = types.ModuleType(f"uploaded_rule_{next(_uploads)}")
    exec(source, module.__dict__)
    sys.modules[module.__name__] = module  # stores
    return module


def work() -> None:
    assert load("def rule(amount):\n    return amount > 10\n").rule(11)
