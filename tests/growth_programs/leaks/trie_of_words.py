"""Completes words from a tree of the letters typed so far."""

# holder: WORDS
# alone: yes
# kind: tree of dicts
# what: dict

from __future__ import annotations

import secrets

WORDS = {}  # holder here


def learn(word: str) -> None:
    level = WORDS
    for letter in word:
        level = level.setdefault(letter, {})  # stores
    level["end"] = True  # stores


def work() -> None:
    learn(secrets.token_hex(4))
