"""Hashes of contents. Imported before anything else is decided, so it imports next to nothing itself."""

from __future__ import annotations

try:  # ``hashlib`` loads OpenSSL, which costs more than all the rest of an answered run
    from _blake2 import blake2b as blake2b
except ImportError:
    from hashlib import blake2b as blake2b


def digest_of(data: bytes) -> str:
    """Return 32 hex digits of a hash of a file's bytes."""
    return blake2b(data, digest_size=16).hexdigest()


def hash_of(data: bytes) -> bytes:
    """Return a hash of 16 bytes."""
    return blake2b(data, digest_size=16).digest()
