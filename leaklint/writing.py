"""Putting changed files on the disk: each is the old one or the new one at every moment, with mode and owner kept."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from leaklint.fixing import Change
from leaklint.model import Problem
from leaklint.source import Source, SourceError, read_bytes


@dataclass(frozen=True, slots=True)
class _Ready:
    """A change whose new content lies in a temporary file beside its target."""

    change: Change
    target: str
    temporary: str


def obstacle(path: str, roots: Sequence[str]) -> str:
    """Return why ``path`` cannot be rewritten, or nothing. ``roots`` are the files and folders that were named.

    A symbolic link is followed once, and not out of the roots.
    """
    try:
        target = _target(path, roots)
        mode = os.stat(target).st_mode
    except _RefusedError as refused:
        return str(refused)
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    if not stat.S_ISREG(mode):
        return f"{path} is not a regular file"
    if not mode & 0o222 or not os.access(target, os.W_OK):
        return f"{path} is read-only"
    if not os.access(os.path.dirname(target), os.W_OK):
        return f"the folder of {path} is read-only"
    return ""


class _RefusedError(Exception):
    pass


def _target(path: str, roots: Sequence[str]) -> str:
    """Return the file that ``path`` names. Raises ``_RefusedError`` for a link to a link or out of the roots."""
    target = os.path.abspath(path)
    if os.path.islink(target):
        target = os.path.join(os.path.dirname(target), os.readlink(target))
        if os.path.islink(target):
            raise _RefusedError(f"{path} is a link to another link")
    real = os.path.realpath(target)
    for root in roots:
        inside = os.path.realpath(root)
        if real == inside or os.path.commonpath([real, inside]) == inside:
            return real
    raise _RefusedError(f"{path} is a link to a file outside of what was named")


def write(changes: Sequence[Change], roots: Sequence[str]) -> tuple[Problem, ...]:
    """Write all changes, or none if one of them cannot be written; return what stood in the way.

    Every new content is first written and synced beside its target, then all targets are compared with what was read,
    and only then replaced. A process that is killed leaves each file old or new (and perhaps a temporary file).
    """
    ready: list[_Ready] = []
    with contextlib.ExitStack() as stack:
        for change in changes:
            try:
                one = _prepare(change, roots)
            except (_RefusedError, OSError, UnicodeError) as error:
                return (Problem(change.path, 0, f"was left alone: {_message(error)}"),)
            stack.callback(_remove, one.temporary)
            ready.append(one)
        changed = [(one, text) for one in ready if (text := _changed(one))]
        if changed:
            return tuple(Problem(one.change.path, 0, f"was left alone: {text}") for one, text in changed)
        return tuple(_replaced(ready))


def _replaced(ready: Sequence[_Ready]) -> Iterator[Problem]:
    for one in ready:
        try:
            os.replace(one.temporary, one.target)
            _sync_folder(os.path.dirname(one.target))
        except OSError as error:
            yield Problem(one.change.path, 0, f"was left alone: {_message(error)}")


def _message(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def _prepare(change: Change, roots: Sequence[str]) -> _Ready:
    text = obstacle(change.path, roots)
    if text:
        raise _RefusedError(text)
    target = _target(change.path, roots)
    content = change.source.encode(change.after)
    folder, name = os.path.split(target)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".leaklint", dir=folder)
    try:
        with open(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            _keep_identity(stream.fileno(), target)
            os.fsync(stream.fileno())
    except BaseException:
        _remove(temporary)
        raise
    return _Ready(change, target, temporary)


def _keep_identity(descriptor: int, target: str) -> None:
    """Give the new file the owner, group and mode of the old one. Raises ``_RefusedError`` where that is not allowed."""
    old, new = os.stat(target), os.fstat(descriptor)
    if hasattr(os, "fchown") and (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        try:
            os.fchown(descriptor, old.st_uid, old.st_gid)
        except PermissionError as error:
            raise _RefusedError("its owner could not be kept") from error
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode)) if hasattr(os, "fchmod") else None


def _changed(ready: _Ready) -> str:
    """Return why the file is not what the change starts from, or nothing."""
    before = ready.change.source
    try:
        raw = read_bytes(ready.target)
        if raw == before.encode(before.text):
            return ""
        now = Source.decode(raw, ready.change.path)
    except (SourceError, UnicodeError):
        return "it changed meanwhile"
    same = (now.text, now.encoding, now.bom) == (before.text, before.encoding, before.bom)
    return f"the encoding {now.encoding} does not give the same bytes back" if same else "it changed meanwhile"


def _sync_folder(folder: str) -> None:
    """Make the new name last through a crash, where folders can be synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
