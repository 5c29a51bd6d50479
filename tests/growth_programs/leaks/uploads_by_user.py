"""Collects the uploads of each user under the user's name."""

# holder: UPLOADS
# kind: defaultdict
# what: list

from __future__ import annotations

import itertools
from collections import defaultdict

UPLOADS = defaultdict(list)  # holder here
_visitors = itertools.count(1)


def upload(user: str, name: str, size: int) -> int:
    UPLOADS[user].append((name, size))  # stores
    return sum(size for _, size in UPLOADS[user])


def work() -> None:
    visitor = f"guest-{next(_visitors)}"
    upload(visitor, "photo.jpg", 52_000)
    upload(visitor, "notes.txt", 700)
