"""Posts messages to the channels of a chat."""

# holder: CHANNELS
# kind: list in a dict
# what: Post

from __future__ import annotations

import itertools


class Post:
    def __init__(self, author: str, text: str) -> None:
        self.author = author
        self.text = text


CHANNELS: dict[str, list[Post]] = {"general": [], "random": []}  # holder here
_turn = itertools.cycle(["general", "general", "random"])


def post(channel: str, author: str, text: str) -> None:
    CHANNELS[channel].append(Post(author, text))  # stores


def work() -> None:
    post(next(_turn), "ann", "hello")
