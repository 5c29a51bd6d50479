"""Takes addresses of web pages apart."""

# rounds: 150
# kind: cache of urllib.parse

from __future__ import annotations

import itertools
from urllib.parse import parse_qs, quote, urlsplit

_pages = itertools.count()


def work() -> None:
    page = next(_pages) % 60
    parts = urlsplit(f"https://example.org/page/{page}?q={quote('a b')}")
    assert parse_qs(parts.query) == {"q": ["a b"]}
