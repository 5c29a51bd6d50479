"""Reads a file of contracts; every mistake is told with its file, its entry and its key.

msgspec would read the same tables and costs about 20 ms of import in every run; what is checked here by hand is a dozen kinds
of values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from leaklint.contracts import fields
from leaklint.contracts.model import ClassEntry, Contract, Object, Package

_E = TypeVar("_E")
_GIVEN = {"keys": fields.KEYS, "natures": fields.NATURES, "takes": fields.TAKES}
_TOP = ("distribution", "callable", "object", "class", "returns", "takes", "keys", "natures")


class ContractError(Exception):
    """Contracts that cannot be read. The text is one line: the file, the entry, the key, what is wrong."""


def parsed(text: str, path: str, top: str = "") -> Package:
    """Return what a file of contracts says. Raises ``ContractError``."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ContractError(f"{path}: not valid TOML: {error}") from error
    return package(data, path, top)


def package(data: Mapping[str, Any], path: str, top: str = "") -> Package:
    """Return what parsed tables say; ``path`` is what messages call them. Raises ``ContractError``."""
    for key in data:
        if key not in _TOP:
            from leaklint.nearest import closest

            raise ContractError(f"{path}: {key}: unknown{closest(key, _TOP)}")
    distribution = data.get("distribution", "")
    if not isinstance(distribution, str):
        raise ContractError(f"{path}: distribution: must be a string")
    return Package(
        top,
        distribution,
        tuple(_entries(data, "callable", fields.CALLABLE, lambda one: Contract(**one), path)),
        tuple(_entries(data, "object", fields.OBJECT, lambda one: Object(**_renamed(one)), path)),
        tuple(_entries(data, "class", fields.CLASS, lambda one: ClassEntry(**one), path)),
        tuple(_names(data, "returns", path)),
        tuple(_names(data, "keys", path)),
        tuple(_names(data, "natures", path)),
        tuple(_names(data, "takes", path)),
    )


def _renamed(values: dict[str, Any]) -> dict[str, Any]:
    return {("cls" if key == "class" else key): value for key, value in values.items()}


def _entries(
    data: Mapping[str, Any],
    kind: str,
    known: Mapping[str, fields.Field],
    make: Callable[[dict[str, Any]], _E],
    path: str,
) -> list[_E]:
    rows = data.get(kind, [])
    if not isinstance(rows, list):
        raise ContractError(f"{path}: {kind}: must be a list of tables; write [[{kind}]]")
    found = []
    for number, row in enumerate(rows, start=1):
        name = row.get("name") if isinstance(row, dict) else None
        told = f"{path}: {kind} {name if isinstance(name, str) and name else f'number {number}'}"
        try:
            values = fields.table(row, known, f"a {kind}")
        except ValueError as error:
            raise ContractError(f"{told}: {error}") from error
        if not values.get("name"):
            raise ContractError(f"{told}: name: is missing")
        found.append(make(values))
    return found


def _names(data: Mapping[str, Any], kind: str, path: str) -> list[tuple[str, str]]:
    """Return the pairs of a name and what it gives, of a table that lists names under what they give."""
    table = data.get(kind, {})
    if not isinstance(table, dict):
        raise ContractError(f"{path}: {kind}: must be a table of lists of names")
    found = []
    for given, names in table.items():
        try:
            if kind == "returns":
                fields.returned(given)
            elif given not in (known := _GIVEN[kind]):
                raise ValueError(f"must be one of {', '.join(known)}")
            for name in fields.TEXTS.read(names):
                found.append((name, given))
        except ValueError as error:
            raise ContractError(f"{path}: {kind}: {given}: {error}") from error
    return found
