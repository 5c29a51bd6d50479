"""Whether a run's result stands although files of it have been edited, told without loading what a run loads.

It does where every edited file parsed before and parses now, was not read in full, gives the same reasons to read files in full
as before, and answers to nothing that the rules asked. Whatever is less clear than that is left to ``leaklint.cache.runs``.
"""

from __future__ import annotations

import os
import stat

from leaklint.cache.keys import digest_of, read_entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Iterable, Iterator, Sequence

    from leaklint.analysis import Asked
    from leaklint.gate import Gate
    from leaklint.offers import Offer

    _Names = frozenset[str]
    _Asked = tuple[_Names, _Names, list[tuple[str, str]], list[tuple[_Names, _Names, _Names]]]

KIND = "rests"
PLAIN, READ, PROBLEM, TEST = range(4)
MARK = 16  # hex digits
_UNASKED = frozenset({"mentions", "drops"})  # of a gate, what ``leaklint.leaning`` does not look at
_MOST_FILES = 32  # more are read by several processes, which need all that a run needs
_MOST_BYTES = 1_000_000
_END = b"\0"


def mark_of(gate: Gate) -> str:
    """Return what stands for all in a gate that decides which files are read in full."""
    told = [
        (name, sorted(value) if isinstance(value, frozenset) else value)
        for name in gate.__match_args__
        if name not in _UNASKED
        for value in [getattr(gate, name)]
    ]
    return digest_of(repr(told).encode("utf-8", "surrogatepass"))[:MARK]


def content_of(files: Sequence[tuple[int, str]], asked: Asked) -> bytes:
    """Return what ``stands`` reads: for each file of a run what it is (``READ``, ..) and its mark, and what was asked.

    Empty if a name does not fit.
    """
    words = [*_counted(asked.used), *_counted(asked.defined)]
    words += _counted([word for pair in sorted(asked.changed) for word in pair])
    for offer in sorted(map(_ordered, asked.offers)):
        words += [word for names in offer for word in _counted(names)]
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    if any(_END in word for word in encoded):
        return b""
    kinds = bytes(kind for kind, _ in files)
    marks = "".join(mark.ljust(MARK) for _, mark in files).encode("ascii")
    return b"%d\n" % len(files) + kinds + marks + _END.join(encoded)


def stands(folder: str, key: str, digest: str, edited: Sequence[tuple[int, bytes]]) -> bool:
    """Tell whether a result stands although the ``edited`` files, by number and path, may not be as they were.

    ``key`` and ``digest`` are of the entry of ``folder`` with what the result rests on.
    """
    content = read_entry(folder, KIND, key) if len(edited) <= _MOST_FILES else None
    if content is None or digest_of(content) != digest:
        return False
    head, _, body = content.partition(b"\n")
    count = int(head)
    kinds = body[:count]
    if any(kinds[number] not in (PLAIN, TEST) for number, _ in edited):
        return False
    texts = [_text(path) for _, path in edited]
    if None in texts:
        return False
    marks = body[count : count + MARK * count]
    asked = _asked(body[count + MARK * count :])
    import gc

    enabled = gc.isenabled()
    gc.disable()  # a collection walks the whole tree, and finds nothing
    try:
        return all(
            _changes_nothing(text, kinds[number], marks[MARK * number : MARK * (number + 1)].decode("ascii"), asked)
            for (number, _), text in zip(edited, texts, strict=True)
            if text is not None
        )
    finally:
        if enabled:
            gc.enable()


def _changes_nothing(text: str, kind: int, mark: str, asked: _Asked) -> bool:
    tree = _tree(text)
    if tree is None or kind == TEST:
        return tree is not None  # no analysis looks at tests, as long as they parse
    from leaklint.gate import scan

    gate = scan(tree)
    return mark_of(gate) == mark and not _answers(gate, text, asked)


def _answers(gate: Gate, text: str, asked: _Asked) -> bool:
    """Tell at least where ``leaklint.analysis.answers`` does that a file matters for what was asked."""
    used, defined, changed, offers = asked
    if not used.isdisjoint(gate.mentions) or not used.isdisjoint(gate.imports) or not defined.isdisjoint(gate.classes):
        return True
    if any(_uses(gate, *offer) for offer in offers):
        return True
    spoken = [name for name, near in changed if name in text and near in text]
    if not spoken:
        return False
    import re

    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in spoken)


def _uses(gate: Gate, functions: frozenset[str], held: frozenset[str], ways: frozenset[str]) -> bool:
    """Tell for one offer what ``leaklint.offers.uses`` tells for many."""
    done = (functions & gate.mentions) | (held & gate.drops)
    return bool(done) and not (done | ways).isdisjoint(gate.imports & gate.mentions)


def _text(path: bytes) -> str | None:
    """Return the text of a file in UTF-8, as nearly all are, or None if it is for ``leaklint.source`` to read it."""
    try:
        with open(path, "rb", opener=_without_waiting) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return None
            raw = stream.read(_MOST_BYTES + 1)
        if len(raw) > _MOST_BYTES or raw.startswith(b"\xef\xbb\xbf") or not _is_utf8(raw.split(b"\n", 2)[:2]):
            return None
        return raw.decode("utf-8")
    except (OSError, ValueError):
        return None


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _is_utf8(first: Iterable[bytes]) -> bool:
    """Tell whether the first two lines declare no encoding, or UTF-8 in its usual form."""
    for line in first:
        _, found, name = line.partition(b"coding")
        if found and (b"\r" in line[:-1] or name[1:].split(None, 1)[:1] not in ([b"utf-8"], [b"utf8"], [b"UTF-8"])):
            return False
    return True


def _tree(text: str) -> ast.Module | None:
    """Return the ast of a text that Python takes as it is."""
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _counted(names: Iterable[str]) -> list[str]:
    ordered = sorted(names)
    return [str(len(ordered)), *ordered]


def _ordered(offer: Offer) -> tuple[list[str], ...]:
    return tuple(map(sorted, offer.names))


def _asked(data: bytes) -> _Asked:
    words = iter(data.decode("utf-8", "surrogatepass").split(_END.decode()))
    used, defined, changed = _taken(words), _taken(words), _taken(words)
    offers = []
    for count in words:
        functions = frozenset(next(words) for _ in range(int(count)))
        offers.append((functions, frozenset(_taken(words)), frozenset(_taken(words))))
    return frozenset(used), frozenset(defined), list(zip(changed[::2], changed[1::2], strict=True)), offers


def _taken(words: Iterator[str]) -> list[str]:
    return [next(words) for _ in range(int(next(words)))]
