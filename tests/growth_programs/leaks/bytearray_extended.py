"""Records sound into a buffer."""

# holder: RECORDING
# kind: bytearray
# what: bytearray

from __future__ import annotations

RECORDING = bytearray()  # holder here


def record(samples: bytes) -> int:
    RECORDING.extend(samples)  # stores
    return len(RECORDING)


def work() -> None:
    record(bytes(range(256)) * 4)
