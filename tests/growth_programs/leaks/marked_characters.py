"""Writes text in a customer's encoding and marks what cannot be written."""

# holder: codec
# kind: codecs.register_error
# what: function

from __future__ import annotations

import codecs
import itertools

_customers = itertools.count()


def written(text: str, customer: str, mark: str) -> bytes:
    def replace(error: UnicodeError) -> tuple[str, int]:
        return mark, error.end

    codecs.register_error(f"mark.{customer}", replace)  # stores
    return text.encode("ascii", f"mark.{customer}")


def work() -> None:
    assert written("naïve", f"customer{next(_customers)}", "?") == b"na?ve"
