"""The very words of the last run of the same command, where nothing that it looked at has changed.

Starting Python and importing what a check needs takes longer than asking all files for their times. So the command line asks
here first: an answer holds what was written, the exit status, and a hash of all that was looked at, which is every file with
its times, every folder with its names, and every place where a configuration or a package could have been.
"""

from __future__ import annotations

import os
import sys
import time

from leaklint.cache.keys import NAME, VARIABLE, digest_of, key_of, read_entry, trusts_times

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from leaklint.cache.folder import Folder

KIND = "answers"
_END = "\0"
_TIME = "\1"  # stands for the time that the run took
_CHANGES = frozenset({"_", "SHLVL", "OLDPWD", "LINES"})  # variables of the shell that mean nothing here
_OWN = ("--no-cache", "--diff-base", "--unused-noqa", "--output-file", "--stdin-filename", "-")
_GRAIN = 2_000_000_000  # nanoseconds; see ``leaklint.cache.stamps``


def answered(words: Sequence[str]) -> int | None:
    """Write what ``leaklint check WORDS`` wrote last and return its status; None if it has to be run."""
    if not may_answer(words):
        return None
    began = time.perf_counter()
    folder = _folder(words)
    content = read_entry(folder, KIND, key(words)) if folder else None
    if content is None:
        return None
    parts = content.decode("utf-8", "surrogatepass").split(_END)
    try:
        seen, status, files, folders = parts[0], int(parts[1]), int(parts[2]), int(parts[3])
        watched = parts[4 : 4 + files], parts[4 + files : 4 + files + folders]
        out, told = parts[4 + files + folders :]
    except (ValueError, IndexError):
        return None
    if seen != state(*watched):
        return None
    sys.stderr.write(told)
    sys.stdout.write(out.replace(_TIME, f"{time.perf_counter() - began:.1f} s"))
    return status


def may_answer(words: Sequence[str]) -> bool:
    """Tell whether a command's output depends on nothing but the files that it reads. JSON tells the time it took."""
    timed = any(word.endswith(("json", "html", "junit", "sarif", "jsonl", "gitlab")) for word in words)
    return trusts_times() and not timed and not any(word.partition("=")[0] in _OWN for word in words)


def key(words: Sequence[str]) -> str:
    """Return what tells commands apart: words, place, environment, and where the output goes."""
    environment = sorted(item for item in os.environ.items() if item[0] not in _CHANGES)
    streams = [(stream.isatty(), stream.encoding) for stream in (sys.stdout, sys.stderr)]
    return key_of(list(words), os.getcwd(), environment, streams)


def state(files: Iterable[str], folders: Iterable[str], taken: int | None = None) -> str:
    """Return a hash of files (or of their absence) and folders; empty if one has changed just before ``taken``."""
    found = []
    for file in files:
        try:
            one = os.stat(file)
        except (OSError, ValueError):
            found.append("")
            continue
        if taken is not None and max(one.st_mtime_ns, one.st_ctime_ns) >= taken - _GRAIN:
            return ""
        found.append(f"{one.st_mode} {one.st_size} {one.st_mtime_ns} {one.st_ctime_ns} {one.st_ino}")
    for folder in folders:
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name + "/" * entry.is_dir(follow_symlinks=False) for entry in entries)
        except OSError:
            names = [""]
        found.append(_END.join(names))
    return digest_of(repr(found).encode("utf-8", "surrogatepass"))


def keep(
    folder: Folder, words: Sequence[str], watched: tuple[Sequence[str], Sequence[str]], taken: int, status: int,
    written: tuple[str, str], seconds: float,
) -> None:  # fmt: skip
    """Remember what a command that began at ``taken`` (nanoseconds) has written to the two streams.

    ``seconds`` is what it says that it took; an answer says how long that took.
    """
    files, folders = watched
    out, told = written
    if _TIME in out:
        return
    before, found, after = out.rpartition(f"({seconds:.1f} s)")
    written = (f"{before}({_TIME}){after}" if found else out, told)
    seen = state(files, folders, taken)
    parts = [seen, str(status), str(len(files)), str(len(folders)), *files, *folders, *written]
    if seen and not any(_END in part for part in parts):
        folder.write(KIND, key(words), _END.join(parts).encode("utf-8", "surrogatepass"))


def above(folders: Iterable[str]) -> list[str]:
    """Return the files above ``folders`` that could change a run: a configuration, and what makes a package."""
    found = dict.fromkeys(os.path.abspath(folder) for folder in folders)
    waiting = list(found)
    while waiting:
        parent = os.path.dirname(waiting.pop())
        if parent not in found:
            found[parent] = None
            waiting.append(parent)
    return [os.path.join(folder, name) for folder in found for name in ("pyproject.toml", "__init__.py")]


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
