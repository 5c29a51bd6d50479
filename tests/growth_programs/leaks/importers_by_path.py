"""Asks which importer serves the folders of uploaded packages."""

# holder: path_importer_cache
# kind: sys.path_importer_cache
# what: FileFinder

from __future__ import annotations

import pkgutil
import tempfile


def has_setup(folder: str) -> bool:
    importer = pkgutil.get_importer(folder)  # stores
    return importer.find_spec("setup") is not None


def work() -> None:
    with tempfile.TemporaryDirectory() as folder:
        assert not has_setup(folder)
