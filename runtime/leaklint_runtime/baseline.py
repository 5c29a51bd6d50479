"""What the interpreter and the libraries take by themselves: measured in a fresh process that imports the same ones.

Only libraries are imported there (the standard library and installed packages), never the program's own modules; it has
no network, writes no file and starts no process.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from contextlib import suppress
from types import ModuleType
from typing import Any, NamedTuple

from . import allocated, census, channel, clone, early, libc, measuring, sandbox, wire
from .labels import LIBRARY
from .run import BOOT

FOLDER = os.path.dirname(os.path.abspath(__file__))


class Baseline(NamedTuple):
    """Bytes of ``python`` objects and of ``native`` memory; ``failure`` says why there are none."""

    python: int = 0
    native: int = 0
    failure: str = ""


_known: dict[frozenset[str], Baseline] = {}
_marked: list[Baseline] = []


def mark() -> Baseline:
    """Declare what this process holds now to be its baseline, from which a ledger then counts; returns it.

    Measured in a clone where there is one; else this process is collected and trimmed.
    """
    outcome = clone.run(_own)
    _marked[:] = [Baseline(**(outcome.value or _own()))]
    return _marked[0]


def _own() -> dict[str, Any]:
    """Collect and trim, so that nothing is left of what came before, and measure this process."""
    allocated.collected()
    libc.trim()
    found = _measured()
    return {"python": found.python, "native": found.native}


def marked() -> Baseline | None:
    """Return what ``mark`` found, if it was called."""
    return _marked[0] if _marked else None


def _measured() -> Baseline:
    now = measuring.state()
    found = census.take(0)
    split = measuring.live(found.large if now["pymalloc"] else found.size, now)
    return Baseline(split["python"], split["native"])


def fresh(seconds: float = 30.0) -> Baseline:
    """Start an interpreter that imports this process's libraries, and return what it takes; known ones are kept."""
    names = libraries()
    key = frozenset(names)
    if key not in _known:
        found = _asked(names, seconds)
        if found.failure:
            return found
        _known.clear()
        _known[key] = found
    return _known[key]


def libraries() -> list[str]:
    """Return the names of the imported modules that are no part of the program, in the order of their import."""
    return [name for name, module in list(sys.modules.items()) if name != "__main__" and _is_library(module)]


def _is_library(module: Any) -> bool:
    if not early.is_a(module, ModuleType):
        return False
    inside = early.contents(module)
    file: Any = inside.get("__file__")
    if early.is_a(file, str):
        return bool(os.path.realpath(file).startswith((*LIBRARY, FOLDER + os.sep)))
    return inside.get("__spec__") is not None and inside.get("__name__") in sys.builtin_module_names


def _asked(names: list[str], seconds: float) -> Baseline:
    request = wire.dumps({"modules": names, "path": list(map(str, sys.path))})
    flags: list[str] = []
    with suppress(Exception):
        flags = list(subprocess._args_from_interpreter_flags())  # type: ignore[attr-defined]
    boot = BOOT.replace(
        "from leaklint_runtime.run import main; main(", "from leaklint_runtime.baseline import main; main("
    )
    try:
        done = subprocess.run(
            [sys.executable, *flags, "-c", boot, FOLDER],
            input=request.encode("ascii"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name != "LEAKLINT_AGENT"},
            timeout=seconds,
            check=False,
        )
        line = done.stdout.decode("ascii", "replace").strip().splitlines()[-1]
        found = json.loads(line)
        return Baseline(int(found["python"]), int(found["native"]))
    except subprocess.TimeoutExpired:
        return Baseline(failure=f"importing the libraries anew took more than {seconds:g} s")
    except (OSError, ValueError, KeyError, IndexError):
        return Baseline(
            failure=f"{sys.executable or 'the interpreter'} could not be started to import the libraries anew"
        )


def main(first: list[str]) -> None:
    """Import the modules that standard input names, measure, answer on standard output, and leave."""
    with os.fdopen(os.dup(0), "rb") as source:
        request = json.loads(source.read().decode("ascii"))
    _, outgoing = channel.take_over_standard_streams()
    sandbox.die_with_parent()
    sandbox.touch_nothing()
    sys.path[:] = [*first, *request["path"]]
    sys.dont_write_bytecode = True
    for name in request["modules"]:
        with suppress(BaseException):
            importlib.import_module(name)
    channel.send(outgoing, _own())
    early.leave(0)
