"""The value flow of a module under another name."""

from __future__ import annotations

from typing import Any, TypeVar

from leaklint.flow.model import Module

T = TypeVar("T")


def renamed(module: Module, name: str) -> Module:
    """Return a module with all its keys and sites under ``name``."""
    old = module.name

    def change(value: Any) -> Any:
        if isinstance(value, str):
            return name + value[len(old) :] if value == old or value.startswith(f"{old}:") else value
        if isinstance(value, dict):
            return {change(key): change(item) for key, item in value.items()}
        if isinstance(value, list):
            return [change(item) for item in value]
        if isinstance(value, tuple):
            parts = [change(item) for item in value]
            return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
        return value

    changed: Module = change(module)
    return changed._replace(path=module.path, imports=module.imports, stars=module.stars)
