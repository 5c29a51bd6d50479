"""The experiment that proves a holder's growth: what was run for the profile, run again, as the factory."""

from __future__ import annotations

import os

from leaklint.discovered.place import Definition
from leaklint.discovered.rule import kept_type
from leaklint.model import Probe
from leaklint.paths import module_name
from leaklint.source import Source, SourceError
from leaklint_runtime.discovery.model import GrowingHolder

_KINDS = {"deque": "list", "default": "closure", "chain": "other", "value": "other", "hidden": "other"}
_LOCAL = frozenset({"closure", "default"})  # scopes of containers that are measured through their function


def probe_of(holder: GrowingHolder, target: str, place: Definition) -> Probe:
    """Return the probe, without code and fingerprint; ``target`` is the profile's (empty for a command).

    The container is measured by its size. A command cannot be run again in a process of its own making, so what stored
    is called instead, as far as its name tells how.
    """
    module, container = _container(holder, place)
    root, file = _root_and_file(module, place.file)
    factory = _factory(target, root)
    trigger, subject = ("factory", kept_type(holder)) if factory else _storing(holder, module)
    return Probe(
        code="",
        symbol=place.symbol,
        fingerprint="",
        root=root,
        module=module,
        file=file,
        container=container,
        container_kind=_kind(holder),
        subject=subject if ":" in subject else "",
        trigger=trigger,
        track="growth",
        factory=factory,
        digest=_digest(file),
    )


def _kind(holder: GrowingHolder) -> str:
    return "closure" if holder.scope in _LOCAL else _KINDS.get(holder.container_kind, holder.container_kind)


def _container(holder: GrowingHolder, place: Definition) -> tuple[str, str]:
    """Return the module and the attribute path in it that lead to the container, or to the function that keeps it."""
    module = holder.module if holder.module not in {"", "__main__"} else module_name(place.file)[1]
    if holder.container:
        return module, holder.container
    parts = holder.symbol.partition(":")[2].split(".<locals>.")
    return module, parts[0] if len(parts) == 2 else ""


def _root_and_file(module: str, beside: str) -> tuple[str, str]:
    """Return import root and file of a module that is ``beside`` or below the same root; empty where it is not there."""
    root, name = module_name(beside)
    if name == module:
        return root, beside
    stem = os.path.join(root, *module.split("."))
    for file in (f"{stem}.py", os.path.join(stem, "__init__.py")):
        if os.path.isfile(file):
            return root, file
    return "", ""


def _factory(target: str, root: str) -> str:
    """Return what to call: by its module where that lies below the root, so that it is imported once, else by its file."""
    place, _, name = target.rpartition(":")
    if not place.endswith(".py"):
        return target
    own, module = module_name(place)
    return f"{module}:{name}" if own == root else f"{os.path.abspath(place)}:{name}"


def _storing(holder: GrowingHolder, module: str) -> tuple[str, str]:
    """Return trigger and subject for the function that stores."""
    if not holder.stores:
        return f"call:{module}:", ""
    store = holder.stores[0]
    home, (owner, _, name) = module_name(store.path)[1], store.function.rpartition(".")
    if not owner or "<locals>" in owner:
        return f"call:{home}:{store.function}", ""
    path = _on_the_way(holder, owner.rpartition(".")[2])
    if path:
        return f"call:{module}:{path}.{name}", ""
    return ("construct" if name in {"__init__", "__new__"} else f"method:{name}"), f"{home}:{owner}"


def _on_the_way(holder: GrowingHolder, owner: str) -> str:
    """Return the attribute path to the object of a class that leads to the container; empty if none does."""
    nodes, edges = holder.retention[::2], holder.retention[1::2]
    for place, node in enumerate(nodes):
        path = edges[:place]
        if node == owner and path and all(edge.startswith(".") for edge in path):
            return "".join(path).lstrip(".")
    return ""


def _digest(file: str) -> str:
    try:
        return Source.read(file).digest if file else ""
    except SourceError:
        return ""
