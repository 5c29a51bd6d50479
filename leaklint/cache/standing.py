"""Whether a run's result stands although files of it carry other times: it does if each holds what it held then.

Told without loading what a run loads.
"""

from __future__ import annotations

from leaklint.cache.keys import read_entry
from leaklint.cache.stamps import content_digest
from leaklint.digest import digest_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

KIND = "rests"


def content_of(digests: Sequence[str]) -> bytes:
    """Return what ``stands`` reads: the digest of each file of a run, in their order; nothing if one is not known."""
    return "\n".join(digests).encode("ascii") if digests and all(digests) else b""


def stands(folder: str, key: str, mark: str, edited: Sequence[tuple[int, bytes]]) -> bool:
    """Tell whether the files ``edited``, by number and path, hold what they held when the entry ``key`` was written.

    ``mark`` is the digest of that entry.
    """
    content = read_entry(folder, KIND, key)
    if content is None or digest_of(content) != mark:
        return False
    digests = content.decode("ascii").split("\n")
    return all(number < len(digests) and content_digest(path) == digests[number] for number, path in edited)
