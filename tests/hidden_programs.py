"""Small programs whose leak the rules do not see, and what a profile says of each: what tests of discovered findings share."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from repairing import lines


class Hidden(NamedTuple):
    """A program: its file and text; the holder as a profile names it, and the line that stores, by a piece of its text."""

    file: str
    text: str
    holder: dict[str, Any]
    defined: str
    stored: str
    function: str
    code: str


BY_NAME = Hidden(
    "byname.py",
    lines("""
        class Session:
            def __init__(self, number):
                self.number = number
                self.body = bytearray(200)


        class Registry:
            def __init__(self):
                self.items = {}

            def count(self):
                return len(self.items)


        REGISTRY = Registry()
        KIND = "item"


        def work():
            session = Session(len(KIND))
            getattr(REGISTRY, f"{KIND}s")[id(session)] = session
            return session.number
    """),
    {"container": "REGISTRY.items", "scope": "object", "owner": "byname:Registry", "keeps": "byname:Session"},
    "self.items = {}",
    "getattr(REGISTRY",
    "work",
    "LK202",
)
TWO_DEEP = Hidden(
    "deep.py",
    lines("""
        import operator


        class Session:
            def __init__(self, name):
                self.name = name


        class State:
            def __init__(self):
                self.sessions = {}


        class Application:
            def __init__(self):
                self.state = State()


        APP = Application()


        def login(name):
            session = Session(name)
            operator.attrgetter("state.sessions")(APP)[id(session)] = session
            return session


        def work():
            session = login("ann")
            return session.name
    """),
    {"container": "APP.state.sessions", "scope": "object", "owner": "deep:State", "keeps": "deep:Session"},
    "self.sessions = {}",
    "operator.attrgetter(",
    "login",
    "LK202",
)
METACLASS = Hidden(
    "tables.py",
    lines("""
        import operator


        class Table(type):
            def __init__(cls, name, bases, space):
                super().__init__(name, bases, space)
                cls.rows = {}

            def __call__(cls, *args):
                made = super().__call__(*args)
                operator.attrgetter("rows")(cls)[id(made)] = made
                return made


        class Model(metaclass=Table):
            def __init__(self, number):
                self.number = number


        def work():
            model = Model(3)
            return model.number
    """),
    {"container": "Model.rows", "scope": "class", "owner": "tables:Model", "keeps": "tables:Model"},
    "cls.rows = {}",
    'operator.attrgetter("rows")(cls)[',
    "Table.__call__",
    "LK102",
)
CLOSURE = Hidden(
    "pages.py",
    lines("""
        import itertools
        import sys

        NUMBERS = itertools.count()


        def make_loader():
            seen = {}

            def load(number):
                if number not in seen:
                    seen[number] = [number] * 50
                return seen[number]

            return load


        def work():
            sys._getframe().f_globals.setdefault("LOAD", make_loader())
            return len(LOAD(next(NUMBERS)))
    """),
    {"symbol": "pages:LOAD.<locals>.seen", "container": "LOAD", "scope": "closure", "keeps": "list"},
    "seen = {}",
    "seen[number] =",
    "make_loader.<locals>.load",
    "LK204",
)
AT_EXIT = Hidden(
    "leaving.py",
    lines("""
        import atexit
        import operator


        class Client:
            def __init__(self, name):
                self.name = name
                self.buffer = bytearray(1000)

            def close(self):
                self.buffer.clear()


        def start(name):
            client = Client(name)
            operator.attrgetter("register")(atexit)(client.close)
            return client


        def work():
            return start("ann").name
    """),
    {"symbol": "atexit.register", "module": "", "container": "", "kind": "atexit", "scope": "interpreter", "owner": "",
     "keeps": "leaving:Client", "role": "reference"},
    "",
    'operator.attrgetter("register")',
    "start",
    "LK401",
)  # fmt: skip
PROGRAMS = (BY_NAME, TWO_DEEP, METACLASS, CLOSURE, AT_EXIT)


def line_of(program: Hidden, piece: str) -> int:
    """Return the line, from 1, in which a piece of the program's text stands."""
    return next(number for number, line in enumerate(program.text.split("\n"), start=1) if piece in line)


def holder(program: Hidden, folder: Path, **changes: Any) -> dict[str, Any]:
    """Return the holder of a program in ``folder`` as a profile has it; ``changes`` are other values of its fields."""
    given = {**program.holder, **changes}
    module = given.get("module", program.file.removesuffix(".py"))
    path = os.fspath(folder / program.file)
    entries = {"kind": "linear", "slope": 1.0, "low": 1.0, "high": 1.0, "first": 6.0, "last": 30.0, "warm": 6.0}
    kept = {"type": given["keeps"], "number": 30, "size": 9000, "share": 0.9}
    store = {"path": path, "line": line_of(program, program.stored), "function": program.function, "times": 12}
    return {
        "symbol": given.get("symbol", f"{module}:{given['container']}"),
        "module": module,
        "container": given["container"],
        "container_kind": given.get("kind", "dict"),
        "scope": given["scope"],
        "owner": given.get("owner", ""),
        "path": path if program.defined else "",
        "line": line_of(program, program.defined) if program.defined else 0,
        "kind": given.get("trend", "linear"),
        "entries": entries,
        "bytes_per_unit": 712.0,
        "bound": None,
        "keeps": [kept],
        "role": given.get("role", "value"),
        "keys": "int",
        "retained": 9000,
        "retention": [f"module {module}", f".{given['container']}", "dict", "[*]", given["keeps"]],
        "stores": given.get("stores", [{**store, "callers": []}]),
        "freed": {"objects": 30, "size": 21360, "of": 60},
        "certainty": given.get("certainty", "shown"),
        "reason": "",
        "pid": 1,
    }


def profile(program: Hidden, *holders: dict[str, Any], target: str = "") -> dict[str, Any]:
    """Return the JSON document of a profile of the program's ``work``."""
    samples = [{"x": float(x), "rss": 10_000_000, "uss": None, "alive": 712 * x, "blocks": None} for x in range(31)]
    return {
        "version": 1,
        "target": target or f"{program.file}:work",
        "unit": "call",
        "samples": samples,
        "lengths": [],
        "marks": [],
        "limit": None,
        "ledgers": [],
        "status": 0,
        "notes": [],
        "holders": list(holders),
    }


def written(folder: Path, program: Hidden, **changes: Any) -> Path:
    """Write a program and what a profile says of it into ``folder``; return the profile's file."""
    (folder / program.file).write_text(program.text)
    file = folder / "profile.json"
    file.write_text(json.dumps(profile(program, holder(program, folder, **changes))))
    return file
