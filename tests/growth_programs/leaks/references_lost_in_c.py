"""Passes buffers to C code, which takes a reference to each of them."""

# holder: C code|native|hidden|no holder|reference count
# alone: yes
# kind: references that only C code has
# what: Sound

from __future__ import annotations

import ctypes


class Sound:
    def __init__(self, length: int) -> None:
        self.samples = [0.0] * length


def play(sound: Sound) -> int:
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(sound))  # stores
    return len(sound.samples)


def work() -> None:
    assert play(Sound(50)) == 50
