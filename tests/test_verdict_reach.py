"""Objects that are hard to make: what their constructors accept is read off the code, found by trial, or stood in for."""

from __future__ import annotations

import re

import pytest
from programs_proven import proven

from leaklint.model import Verdict
from leaklint_runtime import patterns, samples

PROGRAMS = {
    "pattern_of_the_module": """
        import re
        _made = []
        _FORM = re.compile(r"^[A-Z]{3}-[0-9]{2,5}$")
        class Ticket:
            def __init__(self, code):
                if not _FORM.match(code):
                    raise ValueError("not a code: %r" % code)
                _made.append(self)
        """,
    "pattern_written_out": """
        import re
        _by_colour = {}
        class Colour:
            def __init__(self, text):
                found = re.fullmatch(r"#([0-9a-f]{2})([0-9a-f]{4})", text)
                if found is None:
                    raise ValueError(text)
                _by_colour[text] = self
        """,
    "usual_form": """
        import datetime
        _made = []
        class Day:
            def __init__(self, iso):
                self.date = datetime.date.fromisoformat(iso)
                _made.append(self)
        """,
    "parts_of_a_text": """
        _made = {}
        class Address:
            def __init__(self, text):
                host, port = text.split(":")
                self.port = int(port)
                _made[text] = self
        """,
    "shown_in_an_example": """
        _made = {}
        class Rule:
            '''A rule.

            >>> Rule("GET /users/1").method
            'GET'
            '''
            def __init__(self, text):
                method, path = text.split(" /u")
                self.method = {"GET": 1, "PUT": 2}[method]
                _made[text] = self
        """,
    "key_of_a_table": """
        _made = []
        MODES = {"slow": 1, "fast": 2}
        class Pump:
            def __init__(self, mode):
                if mode not in MODES:
                    raise ValueError("no such mode")
                _made.append(self)
        """,
    "one_for_each_end_of_an_attribute": """
        _made = {}
        class Writer:
            def __init__(self, codec):
                self.write = getattr(self, "_write_" + codec)
                _made[codec] = self
            def _write_json(self, value):
                return repr(value)
        """,
    "end_of_an_attribute": """
        _made = []
        class Writer:
            def __init__(self, codec):
                self.write = getattr(self, "_write_" + codec)
                _made.append(self)
            def _write_json(self, value):
                return repr(value)
        """,
    "missing_variable": """
        import os
        _made = []
        class Client:
            def __init__(self):
                self.token = os.environ["CLIENT_TOKEN_FOR_THIS_TEST"]
                _made.append(self)
        """,
    "home": """
        import pathlib
        _made = []
        class Store:
            def __init__(self):
                folder = pathlib.Path.home() / ".notes"
                folder.mkdir()
                folder.rmdir()
                _made.append(self)
        """,
    "child_process": """
        import subprocess
        from subprocess import Popen
        _made = []
        class Tool:
            def __init__(self):
                done = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True)
                self.version = done.stdout.split()[-1]
                with Popen(["git"], stdout=subprocess.PIPE) as child:
                    self.lines = child.stdout.readlines()
                    self.status = child.wait()
                _made.append(self)
        """,
    "file_that_exists": """
        import os
        _made = []
        class Reader:
            def __init__(self, path):
                if not os.path.isfile(path):
                    raise FileNotFoundError(path)
                _made.append(self)
        """,
    "folder_that_exists": """
        import os
        _made = []
        class Walker:
            def __init__(self, root):
                self.names = os.listdir(root)
                if not os.path.isdir(root):
                    raise NotADirectoryError(root)
                _made.append(self)
        """,
    "concrete_subclass": """
        import abc
        _made = []
        class Source(abc.ABC):
            @abc.abstractmethod
            def read(self): ...
        class Fixed(Source):
            def read(self):
                return ["a"]
        class Line:
            def __init__(self, source: Source):
                if not isinstance(source, Source):
                    raise TypeError("no source")
                self.parts = list(source.read())
                assert self.parts
                _made.append(self)
        """,
    "made_by_a_function": """
        _made = []
        class _Task:
            def __init__(self, kind, size):
                if kind.kind != "copy" or size % 8:
                    raise ValueError(kind)
                _made.append(self)
        class _Kind:
            kind = "copy"
        def copy(count=2):
            return _Task(_Kind(), count * 8)
        """,
    "each_name_once": """
        _made = []
        class Language:
            names = ()
        def register(name):
            if name in Language.names:
                raise ValueError("already registered")
            Language.names += (name,)
            made = Language()
            _made.append(made)
            return made
        """,
    "only_below": """
        _made = []
        class Registry:
            units = None
            def __init__(self):
                self.units = list(self.units)
                _made.append(self)
        class Metric(Registry):
            units = ("m", "kg")
        """,
    "arguments_of_a_method": """
        _made = []
        class Field:
            pass
        class Parser:
            def field(self, line):
                name, value = line.split(":", 1)
                made = Field()
                made.value = int(value)
                _made.append(made)
                return made
        """,
    "class_is_asked_for": """
        import inspect
        _made = {}
        def register(kind, use):
            if kind is type or not inspect.isclass(kind):
                raise ValueError("classes only")
            _made[kind] = use
        """,
    "equal_by_value": """
        _made = {}
        class Node:
            def __init__(self, space: int = 0, name: str = ""):
                self.space, self.name = space, name
            def __eq__(self, other):
                return (self.space, self.name) == (other.space, other.name)
            def __hash__(self):
                return hash((self.space, self.name))
        class Use:
            pass
        def register(node: Node) -> None:
            if type(node) is not Node:
                raise TypeError(node)
            _made[node] = Use()
        """,
    "methods_of_texts": """
        _made = []
        class Topic:
            pass
        def topic(path):
            if not path.startswith("/"):
                path = path[1:]
            made = Topic()
            made.parts = [part.title() for part in path.split("/") if part]
            made.parts[0]
            _made.append(made)
            return made
        """,
    "other_text_of_a_form": """
        _made = {}
        KNOWN = ("object", "object.item")
        class Kind:
            pass
        def kind_of(name):
            if not (name == "object" or name.startswith("object.")):
                raise ValueError(name)
            if name not in _made and name != "object":
                _made[name] = Kind()
            return _made.get(name)
        """,
    "waits_before": """
        import threading
        _made = []
        class Answer:
            pass
        def ask(wait=True):
            if wait:
                threading.Event().wait()
            made = Answer()
            _made.append(made)
            return made
        """,
    "waits_in_a_loop_of_events": """
        import asyncio
        _made = []
        class Answer:
            pass
        async def ask(wait=True):
            while wait:
                await asyncio.sleep(0.05)
            made = Answer()
            _made.append(made)
            return made
        """,
    "arguments_of_a_function": """
        _made = []
        SPEEDS = (9600, 19200)
        class Port:
            pass
        def open_port(name, speed):
            if speed not in SPEEDS:
                raise ValueError("no such speed")
            port = Port()
            _made.append(port)
            return port
        """,
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Return the verdict on each program."""
    return proven(tmp_path_factory.mktemp("reach"), PROGRAMS)


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_the_object_is_made(verdicts: dict[str, Verdict], program: str) -> None:
    expected = "bounded" if program == "one_for_each_end_of_an_attribute" else "confirmed"
    assert verdicts[program].status == expected, verdicts[program]


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("pattern_of_the_module", "code: a regular expression of the code"),
        ("usual_form", "iso: a text of a usual form"),
        ("shown_in_an_example", "text: shown at shown_in_an_example.py:4"),
        ("key_of_a_table", "mode: code"),
        ("file_that_exists", "path: a file that exists"),
    ],
)
def test_a_verdict_says_where_a_value_found_by_trial_is_from(
    verdicts: dict[str, Verdict], program: str, told: str
) -> None:
    assert told in verdicts[program].values


def test_a_verdict_says_what_was_stood_in_for(verdicts: dict[str, Verdict]) -> None:
    assert "with a stand-in for a child process" in verdicts["child_process"].made_by
    assert "with CLIENT_TOKEN_FOR_THIS_TEST in the environment" in verdicts["missing_variable"].made_by
    assert "os.environ.update(CLIENT_TOKEN_FOR_THIS_TEST='leaklint')" in verdicts["missing_variable"].recipe
    assert "stand-in" not in verdicts["home"].made_by


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{3}-\d{2,5}$", r"(?P<a>\w+)=(?P=a)", r"[^@\s]+@[^@\s]+\.\w{2,}", r"v?(\d+)\.(\d+)(?:\.(\d+))?",
        r"\d{4}-\d\d-\d\d", rb"\x00+[a-z]*", r"(?i)key:[a-f]+?", r"[^\d]x.",
    ],
)  # fmt: skip
def test_texts_that_match(pattern: str | bytes) -> None:
    compiled = re.compile(pattern)
    made = [patterns.matching(compiled, number) for number in range(5)]
    assert all(compiled.search(text) for text in made)
    assert len(set(made)) > 1


@pytest.mark.parametrize("pattern", [r"(?!.*)a", r"a(?<=b)", r"$a"])
def test_patterns_without_a_text(pattern: str) -> None:
    assert patterns.matching(re.compile(pattern), 1) is None


def test_other_texts_of_a_form() -> None:
    made = [form(3) for form in samples.variations("GET /users/17")]
    assert made == ["GET /users/4", "GET /users/174", "GET /aaaad/17", "AAD /users/17"]
