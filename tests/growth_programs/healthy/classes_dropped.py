"""Makes a data class for each import of a table and lets it go."""

# kind: classes, let go

from __future__ import annotations

import dataclasses


def work() -> None:
    row = dataclasses.make_dataclass("ImportedRow", [("key", int), ("name", str)])
    assert row(1, "a").name == "a"
