"""Starts leaklint's agent in every Python that ``leaklint memory`` or ``leaklint profile`` runs; then the usual start.

This folder is first on ``PYTHONPATH``, so that the interpreter imports this module as it starts. A ``sitecustomize`` of
the program's own, farther back on the path, is run afterwards. Nothing here may fail: the program goes on in any case.
"""

import os
import sys


def _start() -> None:
    folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    from importlib.util import module_from_spec, spec_from_file_location

    if "leaklint_runtime" not in sys.modules:
        place = os.path.join(folder, "__init__.py")
        spec = spec_from_file_location("leaklint_runtime", place, submodule_search_locations=[folder])
        if spec is None or spec.loader is None:
            raise ImportError(place)
        module = module_from_spec(spec)
        sys.modules["leaklint_runtime"] = module
        spec.loader.exec_module(module)
    from leaklint_runtime.agent import start

    start(os.environ["LEAKLINT_AGENT"])


def _chain() -> None:
    """Run the ``sitecustomize`` that would have been imported without this one."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    own = os.path.dirname(os.path.abspath(__file__))
    path = [item for item in sys.path if os.path.abspath(item or ".") != own]
    spec = PathFinder.find_spec("sitecustomize", path)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if os.environ.get("LEAKLINT_AGENT"):
    try:
        _start()
    except Exception as error:
        sys.stderr.write(f"leaklint: not measured from inside: {type(error).__name__}: {error}\n")
_chain()
