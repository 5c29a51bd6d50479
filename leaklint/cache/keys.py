"""Keys and checks of cache entries. Imported before anything else is decided, so it imports next to nothing itself."""

from __future__ import annotations

import os
import sys

from leaklint import __version__
from leaklint.digest import blake2b, digest_of

CHECK = 16  # bytes of an entry's hash
NAME = ".leaklint_cache"
VARIABLE = "LEAKLINT_CACHE_DIR"
_version_folder: list[str] = []


def key_of(*parts: object) -> str:
    """Return 32 hex digits that stand for ``parts``, which tell themselves apart by their ``repr``."""
    return digest_of(repr(parts).encode("utf-8", "surrogatepass"))


def check_of(kind: str, key: str, content: bytes) -> bytes:
    """Return what stands before the content of an entry: an entry under another name does not fit."""
    return blake2b(content, digest_size=CHECK, person=kind.encode()[:16], key=key.encode()[:64]).digest()


def file_of(folder: str, kind: str, key: str) -> str:
    """Return the file of an entry."""
    return os.path.join(folder, tool_key(), kind, key[:2], key[2:])


def read_entry(folder: str, kind: str, key: str) -> bytes | None:
    """Return the content of an entry, or None if there is none or it is damaged."""
    try:
        with open(file_of(folder, kind, key), "rb") as stream:
            data = stream.read()
    except OSError:
        return None
    content = data[CHECK:]
    return content if data[:CHECK] == check_of(kind, key, content) else None


def write_entry(folder: str, kind: str, key: str, content: bytes) -> None:
    """Write an entry beside its place, in a folder that is there, and rename it. Raises ``OSError``."""
    file = file_of(folder, kind, key)
    part = f"{file}.{os.getpid()}.part"
    try:
        with open(part, "wb") as stream:
            stream.write(check_of(kind, key, content))
            stream.write(content)
        os.replace(part, file)
    except OSError:
        if os.path.exists(part):
            os.unlink(part)
        raise


def trusts_times() -> bool:
    """Tell whether the times of files say anything here; build services, where they do not, set ``CI``."""
    return os.environ.get("CI", "").lower() in {"", "0", "false"}


def tool_key() -> str:
    """Return what stands for this very leaklint under this very Python: entries of any other are not looked at."""
    if not _version_folder:
        here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        state: list[object] = [__version__, sys.version, sys.implementation.name]
        folders = [here]
        for folder in folders:  # an edit of leaklint itself, in a checkout, makes another leaklint
            with os.scandir(folder) as entries:
                for entry in sorted(entries, key=lambda one: one.name):
                    if entry.name.endswith((".py", ".toml")):
                        found = entry.stat()
                        state.append((entry.path, found.st_size, found.st_mtime_ns))
                    elif entry.name not in {"__pycache__", "demo"} and entry.is_dir():
                        folders.append(entry.path)
        _version_folder.append(f"v-{key_of(state)[:16]}")
    return _version_folder[0]
