"""Packs files into an archive in memory and reads them back."""

# kind: zipfile

from __future__ import annotations

import io
import zipfile


def work() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", "sunny " * 100)
    with zipfile.ZipFile(buffer) as archive:
        assert archive.read("a.txt").startswith(b"sunny")
