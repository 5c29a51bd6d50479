"""Evaluates templates in scopes, each of which sees the scope around it."""

# holder: SCOPES
# kind: ChainMap, rebound
# what: dict

from __future__ import annotations

from collections import ChainMap

SCOPES = ChainMap({"site": "example"})  # holder here


def render(name: str) -> str:
    global SCOPES
    SCOPES = SCOPES.new_child({"name": name})  # stores
    return "{site}/{name}".format(**{key: SCOPES[key] for key in ("site", "name")})


def work() -> None:
    assert render("ann") == "example/ann"
