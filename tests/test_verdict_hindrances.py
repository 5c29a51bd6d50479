"""What stands in the way of an experiment and is no part of the finding: a crash, an exit, a fork, another name."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from programs_proven import proven

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import Verdict
from leaklint.proof import VerifyOptions, verify

PROGRAMS = {
    "typed_dictionary": """
        from typing import TypedDict
        _made = []
        class Options(TypedDict):
            name: str
            size: int
        class Pump:
            def __init__(self, options: Options):
                self.size = options["size"] + len(options["name"])
                _made.append(self)
        """,
    "protocol": """
        from typing import Protocol
        _made = []
        class Source(Protocol):
            def read(self) -> str: ...
        class Reader:
            def __init__(self, source: Source):
                self.read = source.read
                _made.append(self)
        """,
    "decorator_with_a_class": """
        import functools
        class memoized:
            def __init__(self, function):
                self.function = function
                self.cache = {}
            def __call__(self, *args):
                if args not in self.cache:
                    self.cache[args] = self.function(*args)
                return self.cache[args]
            def __get__(self, obj, owner):
                return functools.partial(self.__call__, obj)
        class Page:
            def __init__(self, text: str):
                self.text = text
            @memoized
            def shown(self, prefix: str):
                return prefix + self.text
        """,
    "daemon": """
        import os
        _made = []
        class Daemon:
            def __init__(self, pidfile: str):
                self.pidfile = pidfile
            def start(self):
                if os.fork():
                    os._exit(0)
                os.chdir("/")
                self._write()
            def _write(self):
                with open(self.pidfile, "w") as target:
                    target.write(str(os.getpid()))
                _made.append(self)
        """,
    "first_way_crashes": """
        import ctypes
        _made = []
        class Reader:
            def __init__(self, text=""):
                if not text:
                    ctypes.string_at(0)
                _made.append(self)
        """,
    "first_way_exits": """
        import sys
        _made = []
        class Command:
            def __init__(self, words: list = ()):
                if not words:
                    sys.exit("usage: command WORDS")
                _made.append(self)
        """,
    "memo_of_what_exists": """
        import functools, os
        class Classifier:
            def __init__(self, names: list):
                self.names = list(names)
            @functools.lru_cache(maxsize=None)
            def _kind(self, name: str):
                if not os.path.exists(name):
                    raise ValueError(name)
                return name.rpartition(".")[2]
            def kinds(self, names: list):
                return [self._kind(name) for name in names]
        """,
    "variable_set_by_a_function": """
        class Room:
            def __init__(self, name):
                self.name = name
        class Hub:
            def __init__(self):
                self.rooms = {}
            def join(self, name: str):
                if name not in self.rooms:
                    self.rooms[name] = Room(name)
                return self.rooms[name]
        _HUB = None
        def hub():
            global _HUB
            if _HUB is None:
                _HUB = Hub()
            return _HUB
        def join(name: str):
            return hub().join(name)
        """,
    "broken_pipes_end_the_process": """
        import os, signal
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        _made = []
        class Writer:
            def __init__(self):
                reading, writing = os.pipe()
                os.close(reading)
                try:
                    os.write(writing, b"a")
                except BrokenPipeError:
                    _made.append(self)
                finally:
                    os.close(writing)
        """,
    "class_of_what_is_missing": """
        from package_that_is_not_there_either import Picture
        EMPTY = Picture.from_file("empty")
        _made = []
        class Frame:
            def __init__(self):
                _made.append(self)
        """,
    "local_server": """
        import socket
        _made = []
        class Server:
            def __init__(self):
                place = socket.getaddrinfo("localhost", 0, socket.AF_INET, socket.SOCK_STREAM)[0][4]
                with socket.socket() as self.socket:
                    self.socket.bind(place)
                _made.append(self)
        """,
}
BOUNDED = {
    "text_that_is_looked_into": """
        _clean = {}
        def clean(code):
            try:
                return _clean[code]
            except KeyError:
                made = code[1:] + code[:1] if "-" in code else code
                _clean[code] = made
            return made
        """,
    "version_of_what_is_missing": """
        import functools
        import package_that_is_not_there as other
        NEW = tuple(int(part) for part in other.__version__.split(".")) >= (2, 0)
        class Page:
            pass
        @functools.lru_cache(maxsize=16)
        def kind_of(page: Page):
            return (NEW, page)
        """,
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Return the verdict on each program."""
    return proven(tmp_path_factory.mktemp("hindrances"), {**PROGRAMS, **BOUNDED})


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_what_hinders_is_overcome(verdicts: dict[str, Verdict], program: str) -> None:
    assert verdicts[program].status == "confirmed", verdicts[program]


@pytest.mark.parametrize("program", sorted(BOUNDED))
def test_what_has_a_bound_is_seen(verdicts: dict[str, Verdict], program: str) -> None:
    assert verdicts[program].status == "bounded", verdicts[program]


def test_a_verdict_says_that_a_child_process_was_stood_in_for(verdicts: dict[str, Verdict]) -> None:
    assert "with a stand-in for a child process" in verdicts["daemon"].made_by


def test_a_module_below_a_folder_without_init_is_imported_by_its_whole_name(tmp_path: Path) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/prices.py": "BASE = 2\n",
        "shop/ext/carts/__init__.py": "",
        "shop/ext/carts/core.py": """
            from ...prices import BASE
            class Cart:
                carts = []
                def __init__(self):
                    self.price = BASE
                    Cart.carts.append(self)
            """,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text))
    found = verify(check([str(tmp_path)], Settings()).findings, VerifyOptions(timeout=60))
    assert [item.verdict.status for item in found if item.verdict] == ["confirmed"]


def test_a_variable_that_nothing_sets_refutes_nothing(tmp_path: Path) -> None:
    text = PROGRAMS["variable_set_by_a_function"].replace("def hub():", "def hub(key):").replace("hub().", "hub(name).")
    (tmp_path / "hubs.py").write_text(textwrap.dedent(text))
    found = verify(check([str(tmp_path)], Settings(confidence="low")).findings, VerifyOptions(timeout=60))
    assert [item.verdict.status for item in found if item.verdict] == ["unreached"]


def test_a_statement_of_a_warning_has_to_run(tmp_path: Path) -> None:
    text = """
        import itertools
        import warnings
        warnings.simplefilter("once")
        numbers = itertools.count()
        _alive = []
        class Board:
            def __init__(self):
                self.number = next(numbers)
                self.closed = False
                _alive.append(self)
            def close(self):
                if self.closed:
                    warnings.warn("board {} was closed twice".format(self.number))
        """
    (tmp_path / "boards.py").write_text(textwrap.dedent(text))
    found = verify(check([str(tmp_path)], Settings(confidence="low")).findings, VerifyOptions(timeout=60))
    told = {item.symbol: item.verdict.status for item in found if item.verdict}
    assert told["boards:Board.close"] == "unreached"
