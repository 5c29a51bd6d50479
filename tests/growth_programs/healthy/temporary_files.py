"""Writes to a temporary file and reads it back."""

# kind: tempfile

from __future__ import annotations

import os
import tempfile


def work() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "notes.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("text")
        with open(path, encoding="utf-8") as file:
            assert file.read() == "text"
