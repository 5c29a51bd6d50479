"""Drivers that a release ships: the examples in the docstrings of its modules, and scripts in its folders of examples."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

FOLDERS = {"demo", "demos", "example", "examples", "samples"}
MOST = 12  # drivers a release, those with the most examples first

DOCSTRINGS = '''\
"""The examples in the docstrings of {module}, all of them once a call."""

import doctest
import importlib
import sys

sys.path.insert(0, {root})
MODULE = importlib.import_module({module})
TESTS = [test for test in doctest.DocTestFinder().find(MODULE) if test.examples]
NAMES = [dict(test.globs) for test in TESTS]


def work():
    for test, names in zip(TESTS, NAMES):
        test.globs = dict(names)
        doctest.DocTestRunner(verbose=False).run(test, out=lambda text: None)
'''
SCRIPT = '''\
"""The script {script}, run as a program once a call."""

import runpy
import sys

sys.path.insert(0, {root})
sys.argv[:] = [{script}]


def work():
    try:
        runpy.run_path({script}, run_name="__main__")
    except SystemExit:
        pass
'''


def written(sources: Path, place: Path) -> list[Path]:
    """Write the drivers of the release that is unpacked in ``sources`` into ``place``, and return them."""
    place.mkdir(parents=True, exist_ok=True)
    made = []
    for number, text in enumerate([*_docstrings(sources), *_scripts(sources)][:MOST]):
        made.append(place / f"driver_{number}.py")
        made[-1].write_text(text, encoding="utf-8")
    return made


def _docstrings(sources: Path) -> Iterator[str]:
    counted = []
    for path in sources.rglob("*.py"):
        root = _root(path, sources)
        parts = path.relative_to(root).with_suffix("").parts
        if not _aside(parts) and all(part.isidentifier() for part in parts):
            number = path.read_bytes().count(b"\n    >>> ")
            module = ".".join(parts).removesuffix(".__init__")
            counted.append((-number, module, str(root)))
    for number, module, root in sorted(counted):
        if number:
            yield DOCSTRINGS.format(module=json.dumps(module), root=json.dumps(root))


def _scripts(sources: Path) -> Iterator[str]:
    for path in sorted(sources.rglob("*.py")):
        if FOLDERS & set(path.relative_to(sources).parts) and "__main__" in path.read_text("utf-8", "replace"):
            yield SCRIPT.format(script=json.dumps(str(path)), root=json.dumps(str(path.parent)))


def _aside(parts: tuple[str, ...]) -> bool:
    """Return whether a module is a test or an example, by the names of its folders and its own."""
    return any(
        re.fullmatch(r"tests?|testing|test_.*|.*_tests?|conftest|setup|docs?", part) or part in FOLDERS
        for part in parts
    )


def _root(path: Path, sources: Path) -> Path:
    """Return the folder from which a module is imported: where a wheel was unpacked, or above the outermost package."""
    if any(sources.glob("*.dist-info")):
        return sources
    folder = path.parent
    while (folder / "__init__.py").exists():
        folder = folder.parent
    return folder
