"""Puts a folder on the import path while it looks for a module there."""

# kind: sys.path, restored

from __future__ import annotations

import importlib.util
import sys
import tempfile


def work() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sys.path.append(folder)
        try:
            assert importlib.util.find_spec("no_such_plugin") is None
        finally:
            sys.path.remove(folder)
            sys.path_importer_cache.pop(folder, None)
