"""Loads a rule as a module, uses it, and takes it out of the table of modules."""

# kind: sys.modules, paired

from __future__ import annotations

import itertools
import sys
import types

_uploads = itertools.count()


def work() -> None:
    module = types.ModuleType(f"temporary_rule_{next(_uploads)}")
    sys.modules[module.__name__] = module
    try:
        exec("def rule(amount):\n    return amount > 10\n", module.__dict__)
        assert module.rule(11)
    finally:
        del sys.modules[module.__name__]
