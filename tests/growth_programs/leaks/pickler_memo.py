"""Writes values to a buffer with a pickler that is made once."""

# holder: PICKLER
# alone: yes
# kind: memo of a pickler
# what: dict|list

from __future__ import annotations

import io
import pickle

BUFFER = io.BytesIO()
PICKLER = pickle.Pickler(BUFFER)  # holder here


def pickled(value: object) -> bytes:
    BUFFER.seek(0)
    BUFFER.truncate()
    PICKLER.dump(value)  # stores
    return BUFFER.getvalue()


def work() -> None:
    assert pickled({"numbers": [1, 2, 3], "name": "row"})
