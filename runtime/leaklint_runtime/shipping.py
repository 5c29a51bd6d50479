"""Take this package to another process as text: its sources, packed, and an expression that unpacks and calls them.

Text crosses versions of Python and of the serialiser alike, and the other side need not have anything installed, nor is
what it may have installed in another version touched: the copy has a name of its own, made from its contents.
"""

from __future__ import annotations

import base64
import hashlib
import os
import zlib
from functools import lru_cache
from typing import Any

from . import wire

_HERE = os.path.dirname(os.path.abspath(__file__))
_LEFT_OUT = ("pytest_plugin.py", "dask_plugin.py", "dask_cluster.py", "dask_tables.py", "charts.py", "plot.py")

#: Runs on the other side: writes the sources to a folder that goes away with the process, and imports them from there.
_UNPACK = """
def unpack(name, data):
    import atexit, base64, importlib, importlib.util, json, os, shutil, sys, tempfile, zlib
    if name in sys.modules:
        return sys.modules[name]
    top = tempfile.mkdtemp(prefix="leaklint-")
    atexit.register(shutil.rmtree, top, True)
    folder = os.path.join(top, "leaklint_runtime")
    os.mkdir(folder)
    os.mkdir(os.path.join(folder, "discovery"))
    for file, text in json.loads(zlib.decompress(base64.b64decode(data)).decode("utf-8")).items():
        with open(os.path.join(folder, file), "w", encoding="utf-8") as target:
            target.write(text)
    place = os.path.join(folder, "__init__.py")
    spec = importlib.util.spec_from_file_location(name, place, submodule_search_locations=[folder])
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def call(name, data, module, function, arguments):
    import importlib, json
    unpack(name, data)
    return getattr(importlib.import_module(name + "." + module), function)(**json.loads(arguments))
"""


@lru_cache(maxsize=1)
def _packed() -> tuple[str, str]:
    """Return the name of the copy and its sources, compressed."""
    sources = {}
    inner = [f"discovery/{file}" for file in os.listdir(os.path.join(_HERE, "discovery"))]
    for file in sorted([*os.listdir(_HERE), *inner]):
        if file.endswith(".py") and file not in _LEFT_OUT:
            with open(os.path.join(_HERE, file), encoding="utf-8") as source:
                sources[file] = source.read()
    data = wire.dumps(sources).encode("ascii")
    name = f"leaklint_runtime_{hashlib.sha256(data).hexdigest()[:12]}"
    return name, base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def expression(module: str, function: str, **arguments: Any) -> str:
    """Return the text of an expression whose value is what ``function`` of this package's ``module`` returns there.

    ``arguments`` are values that JSON has.
    """
    name, data = _packed()
    given = (name, data, module, function, wire.dumps(arguments))
    return "(lambda names: (exec({!r}, names), names['call']({}))[1])({{}})".format(
        _UNPACK, ", ".join(map(repr, given))
    )
