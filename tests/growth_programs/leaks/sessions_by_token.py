"""Logs users in and answers with a token, as the front end of a shop does."""

# holder: SESSIONS
# kind: dict
# what: ShopSession

from __future__ import annotations

import uuid

SESSIONS: dict[str, ShopSession] = {}  # holder here


class ShopSession:
    def __init__(self, user: str) -> None:
        self.user = user
        self.basket: list[str] = []


def login(user: str) -> str:
    token = uuid.uuid4().hex
    SESSIONS[token] = ShopSession(user)  # stores
    return token


def work() -> None:
    token = login("ann")
    SESSIONS[token].basket.append("apples")
