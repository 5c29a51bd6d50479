"""The private pipes: file descriptors out of the target's usual reach, and lines that prove who wrote them.

A line is ``nonce JSON``. The nonce comes to the process that is going to write it through a pipe of its own, and is
read only after the target's code has run; before that it is nowhere in that process. Whatever else is written to the
pipe, without the nonce, is passed over.
"""

from __future__ import annotations

import os
import select
from typing import Any, Sequence

from . import early, wire

fcntl, resource = early.optional("fcntl"), early.optional("resource")
HIGHEST = 1 << 16
ROOM = 512
LONGEST = 1 << 24


def private(descriptor: int) -> int:
    """Move a descriptor to a high number, closed on exec, and return it.

    Code under test may be given small numbers, and may close or read what they stand for; the number taken here is far
    beyond the usual limit, which is raised for the moment of the move only.
    """
    if fcntl is None or resource is None:
        moved = os.dup(descriptor)
    else:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = HIGHEST if hard == resource.RLIM_INFINITY else min(HIGHEST, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(most, soft), hard))
        try:
            moved = int(fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, most - ROOM))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    early.close(descriptor)
    return moved


def ready(descriptors: Sequence[int], seconds: float) -> list[int]:
    """Wait until one of the descriptors can be read or is closed at its other end, and return those."""
    waiting = select.poll()
    for descriptor in descriptors:
        waiting.register(descriptor, select.POLLIN | select.POLLHUP)
    return [descriptor for descriptor, _ in waiting.poll(max(0, int(seconds * 1000) + 1))]


def pair() -> tuple[int, int]:
    """Return a private pipe's reading and writing end."""
    reading, writing = os.pipe()
    return private(reading), private(writing)


def take_over_standard_streams() -> tuple[int, int]:
    """Keep this process's stdin and stdout as private pipes and give the target the null device in their place."""
    incoming, outgoing = os.dup(0), os.dup(1)
    _as_bytes(incoming, outgoing)
    silence((0, 1))
    return private(incoming), private(outgoing)


def _as_bytes(*descriptors: int) -> None:
    """Keep Windows from translating line ends."""
    try:
        from msvcrt import setmode  # type: ignore[attr-defined, unused-ignore]
    except ImportError:
        return
    for descriptor in descriptors:
        setmode(descriptor, getattr(os, "O_BINARY", 0))


def silence(descriptors: tuple[int, ...]) -> None:
    """Point standard descriptors at the null device."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(nothing, descriptor)
    if nothing > 2:
        early.close(nothing)


def send(descriptor: int, value: Any, nonce: str = "") -> None:
    """Write one line; a newline goes before it, so that what a target may have written there does not stick to it."""
    line = "\n{}{}\n".format(nonce + " " if nonce else "", wire.dumps(value)).encode("ascii")
    while line:
        line = line[early.write(descriptor, line) :]


def read_line(descriptor: int) -> bytes | None:
    """Read one line, byte by byte so that nothing beyond it is taken; None at the end of the pipe."""
    found = bytearray()
    while len(found) < LONGEST:
        byte = early.read(descriptor, 1)
        if not byte:
            return bytes(found) if found else None
        if byte == b"\n":
            return bytes(found)
        found += byte
    return None


class Lines:
    """Splits what arrives on a pipe into lines and drops lines that are longer than any message."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes; return the lines they complete."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST:
            self._rest = b""
        return [line for line in lines if line]
