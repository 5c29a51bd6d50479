"""The very words of the last run of the same command, where nothing that it looked at has changed.

Starting Python and importing what a check needs takes longer than asking all files for their times. So the command line asks
here first: an answer holds what was written, the exit status, and the state of all that was looked at, which is every file
with its times, every folder with its names, and every place where a configuration or a package could have been. Where files
have changed that were not read in full, ``leaklint.cache.standing`` tells whether it stands nevertheless.
"""

from __future__ import annotations

import os
import sys
import time

from leaklint.cache.keys import NAME, VARIABLE, file_of, key_of, read_entry, trusts_times, write_entry
from leaklint.cache.states import SIZE, UNSURE, changed_at, differing, kind_of, names_of, showing, states_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leaklint.cache.folder import Folder

KIND = "answers"
_HASH = 16  # bytes of what stands for the names in a folder
_END = b"\0"
_TIME = "\1"  # stands for the time that the run took
_CHANGES = frozenset({"_", "SHLVL", "OLDPWD", "LINES"})  # variables of the shell that mean nothing here
_OWN = ("--no-cache", "--diff-base", "--unused-noqa", "--output-file", "--stdin-filename", "-")
_GRAIN = 2_000_000_000  # nanoseconds; see ``leaklint.cache.stamps``


def answered(words: Sequence[str]) -> int | None:
    """Write what ``leaklint check WORDS`` wrote last and return its status; None if it has to be run."""
    if not may_answer(words):
        return None
    began, taken = time.perf_counter(), time.time_ns()
    folder = _folder(words)
    name = key(words) if folder else ""
    content = read_entry(folder, KIND, name) if folder else None
    if content is None:
        return None
    try:
        answer = Answer(content)
        renewed = answer.renewed(folder, name, taken)
    except (ValueError, IndexError):
        return None
    if renewed is None:
        return None
    if renewed != content:
        from contextlib import suppress

        with suppress(OSError):  # or the next run does this again
            write_entry(folder, KIND, name, renewed)
    sys.stderr.write(answer.err)
    sys.stdout.write(answer.out.replace(_TIME, f"{time.perf_counter() - began:.1f} s"))
    return answer.status


def may_answer(words: Sequence[str]) -> bool:
    """Tell whether a command's output depends on nothing but the files that it reads. JSON tells the time it took."""
    timed = any(word.endswith(("json", "html", "junit", "sarif", "jsonl", "gitlab")) for word in words)
    return trusts_times() and not timed and not any(word.partition("=")[0] in _OWN for word in words)


def key(words: Sequence[str]) -> str:
    """Return what tells commands apart: words, place, environment, and where the output goes."""
    environment = sorted(item for item in os.environ.items() if item[0] not in _CHANGES)
    streams = [(stream.isatty(), stream.encoding) for stream in (sys.stdout, sys.stderr)]
    return key_of(list(words), os.getcwd(), environment, streams)


class Answer:
    """What a command wrote, and on what it rests; see ``keep``. Raises ``ValueError`` for what ``keep`` has not written.

    ``states`` are those of the ``files`` files that were read and of what else was looked at; ``shapes`` and ``names`` are the
    states of folders and hashes of the names in them. ``rests`` tells where what the result rests on lies, and its hash.
    """

    __slots__ = (
        "_head",
        "_tail",
        "err",
        "files",
        "folders",
        "names",
        "out",
        "paths",
        "rests",
        "shapes",
        "states",
        "status",
    )

    def __init__(self, content: bytes) -> None:
        head, _, body = content.partition(b"\n")
        self._head = head + b"\n"
        status, files, others, folders, paths, places, out, *rests = head.split()
        self.status, self.files, self.rests = int(status), int(files), [word.decode("ascii") for word in rests]
        lengths = [SIZE * (self.files + int(others)), SIZE * int(folders), _HASH * int(folders)]
        lengths += [int(paths), int(places), int(out)]
        parts, start = [], 0
        for length in lengths:
            parts.append(body[start : start + length])
            start += length
        self.states, self.shapes, self.names = parts[:3]
        self._tail = body[sum(lengths[:2]) :]
        self.paths, self.folders = _split(parts[3]), _split(parts[4])
        self.out, self.err = parts[5].decode("utf-8", "surrogatepass"), body[start:].decode("utf-8", "surrogatepass")

    def renewed(self, folder: str, name: str, taken: int) -> bytes | None:
        """Return this answer as it is to be kept from now on, if it stands; None if not.

        It lies in ``folder`` under ``name``; ``taken`` is when the run began, in nanoseconds.
        """
        changed = differing(self.paths, self.states)
        if any(number >= self.files and self._matters(number, state) for number, state in changed.items()):
            return None
        moved = differing(self.folders, self.shapes)
        for number in moved:
            if names_of(self.folders[number]) != self.names[_HASH * number : _HASH * (number + 1)]:
                return None
        edited = [(number, self.paths[number]) for number in changed if number < self.files]
        if edited and not self._stands(folder, edited):
            return None
        if not changed and not moved:
            return self._head + self.states + self.shapes + self._tail
        states, shapes = bytearray(self.states), bytearray(self.shapes)
        for number, state in changed.items():
            settled = _trusted(state, taken) if number < self.files else state
            states[SIZE * number : SIZE * (number + 1)] = settled
        device = showing(os.path.dirname(file_of(folder, KIND, name))) if moved else None
        for number, state in moved.items():
            shapes[SIZE * number : SIZE * (number + 1)] = _shape(self.folders[number], state, device, taken)
        return b"".join((self._head, states, shapes, self._tail))

    def _matters(self, number: int, state: bytes) -> bool:
        """Tell whether the new state of what is no file of the run may change it: of a package, that it is one is enough."""
        before = self.states[SIZE * number : SIZE * (number + 1)]
        return os.path.basename(self.paths[number]) != b"__init__.py" or kind_of(before) != kind_of(state)

    def _stands(self, folder: str, edited: Sequence[tuple[int, bytes]]) -> bool:
        """Tell whether the run would find the same although files have been ``edited``."""
        if len(self.rests) != 2:
            return False
        from leaklint.cache.standing import stands

        return stands(folder, self.rests[0], self.rests[1], edited)


class Looked:
    """What a run has looked at, noted when it had just looked.

    ``files`` counts what it reads, ``folders`` are those that it searched, with their states and their names, and ``also`` are
    places where nothing was that could be read. ``rests``: see ``Answer``.
    """

    __slots__ = ("also", "files", "folders", "names", "rests", "shapes")

    def __init__(self, files: int, folders: list[str], also: Iterable[str]) -> None:
        self.files, self.folders, self.also = files, folders, list(also)
        self.rests = ""
        places = list(map(os.fsencode, folders))
        self.shapes = bytes(states_of(places))  # before the names: what comes between is noticed
        self.names = b"".join(map(names_of, places))

    def is_young(self, began: int) -> bool:
        """Tell whether a folder may have changed since ``began`` (nanoseconds)."""
        return any(changed_at(shape) >= began - _GRAIN for shape in _cut(self.shapes))


_looked: list[Looked] = []  # of the last run, until its answer is kept: only who prints it knows what it says


def look(looked: Looked | None) -> None:
    """Let ``keep`` know what the run has looked at whose answer it is to keep next; None if that is not certain."""
    _looked[:] = [looked] if looked is not None else []


def keep(
    folder: Folder, words: Sequence[str], watched: tuple[Sequence[str], Sequence[str]], taken: int, status: int,
    written: tuple[str, str], seconds: float,
) -> None:  # fmt: skip
    """Remember what a command that began at ``taken`` (nanoseconds) has written to the two streams.

    ``watched`` are the files of its run with whatever else it has looked at, and the very list of folders that the run has
    searched. ``seconds`` is what it says that it took; an answer says how long that took.
    """
    looked = _looked.pop() if _looked else None
    out, err = written
    if looked is None or looked.folders is not watched[1] or _TIME in out:
        return
    places = _places(watched[0], looked)
    states = _states(places, looked, taken)
    if states is None or any(_END in place for place in places):
        return
    before, found, after = out.rpartition(f"({seconds:.1f} s)")
    texts = [text.encode("utf-8", "surrogatepass") for text in (f"{before}({_TIME}){after}" if found else out, err)]
    name = key(words)
    device = folder.showing(KIND, name)
    folders = list(map(os.fsencode, looked.folders))
    shapes = (_shape(*one, device, taken) for one in zip(folders, _cut(looked.shapes), strict=True))
    parts = [_END.join(places), _END.join(folders), *texts]
    numbers = [status, looked.files, len(places) - looked.files, len(folders), *map(len, parts[:3])]
    head = f"{' '.join(map(str, numbers))} {looked.rests}\n".encode("ascii")
    folder.write(KIND, name, b"".join((head, *states, *shapes, looked.names, *parts)))


def _places(watched: Sequence[str], looked: Looked) -> list[bytes]:
    """Return the run's files, and then all else that could change it, each once."""
    files = watched[: looked.files]
    known = set(files)
    others = dict.fromkeys((*watched[looked.files :], *looked.also))
    return [os.fsencode(path) for path in (*files, *(path for path in others if os.path.normpath(path) not in known))]


def _states(places: Sequence[bytes], looked: Looked, taken: int) -> list[bytes] | None:
    """Return the states of ``places`` as far as they can be trusted; None if that is not enough for an answer."""
    states = [_trusted(state, taken) for state in _cut(states_of(places))]
    for number in range(0 if not looked.rests else looked.files, len(places)):
        if states[number] == UNSURE:
            return None
    return states


def _trusted(state: bytes, taken: int) -> bytes:
    """Return a state, or what is none if a file may have changed since ``taken`` without showing it."""
    return UNSURE if changed_at(state) >= taken - _GRAIN else bytes(state)


def _shape(folder: bytes, state: bytes, device: int | None, taken: int) -> bytes:
    """Return the state of a folder, if it can be trusted: on ``device`` alone folders have shown that their times tell."""
    try:
        tells = device is not None and os.stat(folder).st_dev == device
    except OSError:
        tells = False
    return _trusted(state, taken) if tells else UNSURE


def _cut(states: bytes | bytearray) -> list[bytes]:
    return [bytes(states[place : place + SIZE]) for place in range(0, len(states), SIZE)]


def _split(paths: bytes) -> list[bytes]:
    return paths.split(_END) if paths else []


def above(folders: Iterable[str]) -> list[str]:
    """Return what above ``folders`` could change a run: a configuration, what makes a package, what Git ignores."""
    found = dict.fromkeys(os.path.abspath(folder) for folder in folders)
    waiting = list(found)
    while waiting:
        parent = os.path.dirname(waiting.pop())
        if parent not in found:
            found[parent] = None
            waiting.append(parent)
    return [
        os.path.join(folder, name)
        for folder in found
        for name in ("pyproject.toml", "__init__.py", ".gitignore", ".git")
    ]


def _folder(words: Sequence[str]) -> str:
    """Return the cache folder that the command uses: the named one, or the nearest."""
    for place, word in enumerate(words):
        if word.startswith("--cache-dir="):
            return word.partition("=")[2]
        if word == "--cache-dir":
            return words[place + 1] if place + 1 < len(words) else ""
    named = os.environ.get(VARIABLE)
    if named:
        return named
    folder = os.getcwd()
    while not os.path.isdir(os.path.join(folder, NAME)):
        above_it = os.path.dirname(folder)
        if above_it == folder:
            return ""
        folder = above_it
    return os.path.join(folder, NAME)
