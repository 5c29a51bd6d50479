"""Refuses a message that was delivered before."""

# holder: _SEEN
# kind: set
# what: str

from __future__ import annotations

import secrets

_SEEN = set()  # holder here


def deliver(identifier: str, body: bytes) -> bool:
    if identifier in _SEEN:
        return False
    _SEEN.add(identifier)  # stores
    return len(body) > 0


def work() -> None:
    identifier = secrets.token_hex(16)
    assert deliver(identifier, b"hello")
    assert not deliver(identifier, b"hello")
