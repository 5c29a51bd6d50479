"""What the target's interpreter runs for ``leaklint contracts``: experiments, each in a process of its own, or a question."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import sys
from typing import Any, Iterator

from . import channel, contract_claims, early, lanes, sandbox
from .contract_claims import BrokenError, ClaimTrial, Entry, UnavailableError

HOLDS, FAILS, UNAVAILABLE = "holds", "fails", "unavailable"


def main(first: list[str]) -> None:
    """Serve one request from standard input, and tell each answer in one line; never runs anybody's exit handlers."""
    with os.fdopen(os.dup(0), "rb") as source:
        request = json.loads(source.read().decode("utf-8"))
    _, outgoing = channel.take_over_standard_streams()
    channel.silence((2,))
    sandbox.die_with_parent()
    sys.path[:0] = [*first, *request.get("path", ())]
    sys.argv[:] = ["experiment"]
    sys.dont_write_bytecode = True
    sandbox.guard(bool(request.get("allow_network")))
    sandbox.limit_memory(int(request.get("memory_limit", 0)))
    for answer in _answers(request):
        channel.send(outgoing, answer)
    early.leave(0)


def _answers(request: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "versions" in request:
        yield {"versions": [_version(*pair) for pair in request["versions"]], "python": sys.version.split()[0]}
    elif "learn" in request:
        from . import contract_learning

        yield contract_learning.learn(request["learn"], request["call"], float(request["seconds"]))
    else:
        early.freeze()  # a collection in a fork need not look at what is there before it
        for entry in request["entries"]:
            yield prove(entry) if early.fork is None else _forked(entry, float(request["seconds"]))


def _forked(entry: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Try an entry in a fork of this process, so that nothing of it is there for the next; it is ended after ``seconds``."""
    assert early.fork is not None and early.waitpid is not None
    reading, writing = channel.pair()
    pid = early.fork()
    if pid == 0:
        try:
            sandbox.die_with_parent()
            channel.send(writing, prove(entry))
        finally:
            early.leave(0)
    early.close(writing)
    late = not channel.ready([reading], seconds)
    lines = [] if late else channel.Lines().feed(_all_of(reading))
    sandbox.end(pid)
    early.close(reading)
    _, status = early.waitpid(pid, 0)
    if lines:
        answer: dict[str, Any] = json.loads(lines[0].decode("ascii"))
        return answer
    reason = f"not done within {seconds:g} s" if late else f"the experiment {lanes.ended(status)}"
    return {"status": FAILS, "reason": reason, "shown": []}


def _all_of(descriptor: int) -> bytes:
    """Read to the end of the answer; a process that the experiment has started may hold the pipe open after it."""
    data = b""
    while data.count(b"\n") < 2:
        more = early.read(descriptor, 1 << 16)
        if not more:
            break
        data += more
    return data


def _version(distribution: str, top: str) -> str:
    """Return the installed version of a distribution; of the standard library that of Python; nothing where it is missing."""
    if not distribution:
        return sys.version.split()[0] if _is_importable(top) else ""
    try:
        from importlib.metadata import PackageNotFoundError, version
    except ImportError:
        return ""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown" if _is_importable(top) else ""


def _is_importable(top: str) -> bool:
    try:
        return top in sys.builtin_module_names or importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return top in sys.modules


def prove(entry: Entry) -> dict[str, Any]:
    """Try all that an entry claims. Returns ``status``, ``reason`` (of what does not hold) and ``shown`` (what does)."""
    shown: list[str] = []
    try:
        _names(entry)
        if entry.get("class"):
            shown += _objects(entry)
        if entry.get("experiment"):
            trial = ClaimTrial(entry)
            lacking = contract_claims.missing(entry, trial)
            if lacking:
                raise BrokenError(lacking)
            for text, attempt in contract_claims.claims(entry, trial):
                try:
                    attempt()
                except BrokenError as error:
                    raise BrokenError(f"{text}: {error}") from None
                shown.append(text)
    except UnavailableError as error:
        return {"status": UNAVAILABLE, "reason": str(error), "shown": shown}
    except BrokenError as error:
        return {"status": FAILS, "reason": str(error), "shown": shown}
    except BaseException as error:
        return {"status": FAILS, "reason": f"{type(error).__name__}: {error}"[:300], "shown": shown}
    return {"status": HOLDS, "reason": "", "shown": shown}


def resolve(name: str) -> Any:
    """Return what a dotted name stands for, with the modules on its way imported. Raises ``BrokenError`` for nothing."""
    parts = name.split(".")
    found, used = importlib.import_module(parts[0]), 1
    for part in parts[1:]:
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                importlib.import_module(".".join(parts[: used + 1]))
                found = getattr(found, part)
            except (ImportError, AttributeError):
                found = _put_on(found, part, name)
        used += 1
    return found


def _put_on(decorator: Any, part: str, name: str) -> Any:
    """Return the attribute that a decorator gives the functions that it is put on. Raises ``BrokenError`` for none."""
    try:
        return getattr(decorator(lambda thing: None), part)
    except Exception:
        raise BrokenError(f"there is no {name}") from None


def _names(entry: Entry) -> None:
    """Look at the names of an entry: it and its undoing calls must exist, parameters must be where it says."""
    if entry.get("class"):
        return
    found = resolve(entry["name"][:-2] if entry["name"].endswith(".*") else entry["name"])
    for name in entry.get("undo", ()):
        if not name.startswith("."):
            resolve(name)
    rows = [row for row in entry.get("retains", ()) if row.get("parameter", "*") not in ("*", "self", "decorated")]
    if rows:
        _parameters(found, entry["name"], rows)


def _parameters(function: Any, name: str, rows: list[dict[str, Any]]) -> None:
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return  # written in C, and says nothing of its parameters
    owner = resolve(name.rpartition(".")[0])
    if inspect.isclass(owner) and (inspect.isfunction(function) or inspect.ismethoddescriptor(function)):
        parameters = parameters[0 if _is_static(owner, function.__name__) else 1 :]
    names = [item.name for item in parameters]
    if any(item.kind is item.VAR_KEYWORD for item in parameters) and any(
        item.kind is item.VAR_POSITIONAL for item in parameters
    ):
        return
    positional = [item for item in parameters if item.kind in (item.POSITIONAL_ONLY, item.POSITIONAL_OR_KEYWORD)]
    variadic = any(item.kind is item.VAR_POSITIONAL for item in parameters)
    for row in rows:
        word, place = row["parameter"], row.get("position")
        if word not in names and not any(item.kind is item.VAR_KEYWORD for item in parameters):
            raise BrokenError(f"{name} has no parameter {word}")
        if place is not None and not (variadic and place >= len(positional)):
            if place >= len(positional) or (positional[place].name != word and word in names):
                raise BrokenError(f"parameter {word} of {name} is not at position {place}")


def _is_static(owner: Any, name: str) -> bool:
    for kind in inspect.getmro(owner):
        if name in vars(kind):
            return isinstance(vars(kind)[name], staticmethod)
    return False


def _objects(entry: Entry) -> list[str]:
    """Look whether every object that an entry's name stands for is of the class that the entry names."""
    kind, name = resolve(entry["class"]), entry["name"]
    if inspect.isclass(resolve(name.rpartition(".")[0])):
        return []  # of attributes of objects a class says nothing
    found = list(_instances(name, kind))
    if not found:
        raise BrokenError(f"{name} names no instance of {entry['class']}")
    return [f"an instance of {entry['class']}"]


def _instances(name: str, kind: Any) -> Iterator[Any]:
    owner, _, last = name.rpartition(".")
    if last != "*":
        value = resolve(name)
        if not isinstance(value, kind):
            raise BrokenError(f"{name} is a {type(value).__name__}, no {kind.__name__}")
        yield value
        return
    space = vars(resolve(owner))
    yield from [value for word, value in space.items() if isinstance(value, kind) and not word.startswith("_")]
