"""Factories that a user gives: ``module:callable`` on the command line, or functions registered in a scenario file."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from typing import Any, Callable, TypeVar

Maker = TypeVar("Maker", bound=Callable[..., Any])
LOADED = "leaklint_scenario_"  # begins the names of modules that were loaded from a file by its path
_registered: dict[str, Callable[..., Any]] = {}


class ScenarioError(Exception):
    """A factory or scenario file that cannot be used; the text says why."""


def scenario(symbol: str = "") -> Callable[[Maker], Maker]:
    """Register a function that makes the object of a finding.

    ``symbol`` is the finding's symbol (``pkg.mod:Processor.instance_map``), its code, the class that is kept
    (``pkg.mod:Processor``), or empty for every finding without a better one. The function takes no argument, or one:
    the number of the round, for cases where equal arguments would give the same object. What it returns must die.

    >>> @scenario("pkg.mod:Processor.instance_map")
    ... def make(number):
    ...     return "an object"
    """

    def register(function: Maker) -> Maker:
        _registered[symbol] = function
        return function

    return register


def find(probe_factory: str, factories: dict[str, str], *names: str) -> Callable[..., Any] | None:
    """Return the factory for a finding known by ``names`` (best first), or None. Raises ``ScenarioError``."""
    if probe_factory:
        return load(probe_factory)
    for name in (*names, ""):
        if name in factories:
            return load(factories[name])
        if name in _registered:
            return _registered[name]
    return None


def load(spec: str) -> Callable[..., Any]:
    """Return the callable of ``module:qualified.name`` or ``file.py:name``. Raises ``ScenarioError``."""
    place, _, path = spec.rpartition(":")
    if not place or not path:
        raise ScenarioError(f"factory {spec!r} is not of the form module:callable")
    try:
        found: Any = load_file(place) if place.endswith(".py") else importlib.import_module(place)
        for name in path.split("."):
            found = getattr(found, name)
    except ScenarioError:
        raise
    except Exception as error:
        raise ScenarioError(f"factory {spec!r}: {type(error).__name__}: {error}") from None
    if not callable(found):
        raise ScenarioError(f"factory {spec!r} is not callable")
    return found  # type: ignore[no-any-return]


def load_file(path: str) -> Any:
    """Run a scenario file once and return its module; a plain ``def make()`` in it counts as registered for all.

    A file that ends in ``.json`` is a harvest: what a test run has recorded is registered, and nothing returned.
    """
    if path.endswith(".json"):
        from . import replay

        return replay.register(path)
    name = f"{LOADED}{abs(hash(os.path.abspath(path))):x}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ScenarioError(f"scenario {path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    before = len(_registered)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ScenarioError(f"scenario {path}: {type(error).__name__}: {error}") from None
    if len(_registered) == before and callable(getattr(module, "make", None)):
        _registered[""] = module.make
    return module
