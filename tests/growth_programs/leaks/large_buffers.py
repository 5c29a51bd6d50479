"""Receives frames of a camera."""

# holder: FRAMES
# kind: list of large buffers
# what: bytearray

from __future__ import annotations

FRAMES = []  # holder here


def receive(width: int, height: int) -> int:
    frame = bytearray(width * height)
    FRAMES.append(frame)  # stores
    return len(frame)


def work() -> None:
    assert receive(320, 200) == 64_000
