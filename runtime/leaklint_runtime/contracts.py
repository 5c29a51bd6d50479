"""What the target's interpreter runs for ``leaklint contracts``: one experiment, or a question, in a process of its own."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import os
import sys
from typing import Any, Iterator

from . import channel, contract_claims, early, sandbox
from .contract_claims import BrokenError, ClaimTrial, Entry, UnavailableError

HOLDS, FAILS, UNAVAILABLE = "holds", "fails", "unavailable"


def main(first: list[str]) -> None:
    """Serve one request from standard input and tell the answer in one line; never runs anybody's exit handlers."""
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
    channel.send(outgoing, _answer(request))
    early.leave(0)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    if "versions" in request:
        return {"versions": [_version(*pair) for pair in request["versions"]], "python": sys.version.split()[0]}
    if "learn" in request:
        from . import contract_learning

        return contract_learning.learn(request["learn"], request["call"], float(request["seconds"]))
    return prove(request["entry"])


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
