"""Resolves host names and looks earlier answers up first."""

# holder: known
# kind: default argument, by keyword
# what: str

from __future__ import annotations

import itertools

_hosts = itertools.count()


def resolve(host: str, *, known: dict[str, str] = {}) -> str:  # noqa: B006  # holder here
    if host not in known:
        known[host] = f"10.0.0.{len(host)}"  # stores
    return known[host]


def work() -> None:
    host = f"host{next(_hosts)}.example"
    assert resolve(host) == resolve(host)
