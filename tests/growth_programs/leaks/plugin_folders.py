"""Puts the folder of each customer's plug-ins on the import path."""

# holder: sys\.path
# kind: sys.path
# what: str

from __future__ import annotations

import os
import sys
import tempfile
import uuid


def plugins_of(customer: str) -> str:
    folder = os.path.join(tempfile.gettempdir(), "plugins", customer)
    if folder not in sys.path:
        sys.path.append(folder)  # stores
    return folder


def work() -> None:
    plugins_of(uuid.uuid4().hex)
