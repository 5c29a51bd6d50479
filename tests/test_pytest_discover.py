"""``pytest --leaklint-discover``: which tests leave objects behind, and in which holder, without any finding."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.in_tests import run

APP = """\
import functools
import threading
import weakref


class Session:
    def __init__(self, name="x"):
        self.name = name

    def close(self):
        pass


class Registry:
    def __init__(self):
        self.items = []

    def add(self, item):
        self.items.append(item)


REGISTRY = Registry()
CACHE = {}


def login(count=1):
    for number in range(count):
        REGISTRY.add(Session(number))


def lookup(name):
    if name not in CACHE:
        CACHE[name] = Session(name)
    return CACHE[name]
"""


#: Every test is looked at, however long that takes on a busy machine: by itself a run looks as often as it can afford.
PATIENT = "from leaklint_runtime.testing import discover\n\ndiscover.CREDIT = 1e9\n"


def project(folder: Path, tests: str, app: str = APP, **files: str) -> Path:
    """Write a program and its tests."""
    (folder / "conftest.py").write_text(PATIENT)
    (folder / "app.py").write_text(app)
    (folder / "test_app.py").write_text(f"import pytest\n\nimport app\n\n\n{tests}")
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def holders(folder: Path, *options: str) -> dict[str, Any]:
    """Run the tests and return the holders of the JSON report by symbol; the exit status must fit."""
    done = run(folder, "--leaklint-discover", "--leaklint-json", "out.json", *options)
    report = json.loads((folder / "out.json").read_text())
    assert done.returncode == (1 if report["holders"] else 0), done.stdout + done.stderr
    return {item["symbol"]: item for item in report["holders"]}


LOGIN = """\
@pytest.mark.parametrize("count", [1, 2, 3, 1, 1, 1, 1, 1])
def test_login(count):
    app.login(count)

def test_nothing():
    assert app.Session().name == "x"
"""


def test_the_summary_says_which_test_left_what_where(tmp_path: Path) -> None:
    done = run(project(tmp_path, LOGIN), "--leaklint-discover")
    assert done.returncode == 1
    assert "9 passed" in done.stdout
    told = "test_app.py::test_login[3] left 3 Session in app:REGISTRY.items (stored at app.py:19)"
    assert f"{told}; so did test_app.py::test_login[2] (2), " in done.stdout
    assert "and 4 more" in done.stdout
    assert "stored at app.py:19 in " in done.stdout
    assert "kept by module app .REGISTRY -> Registry .items [*] -> Session" in done.stdout
    assert "1 holder in which tests leave objects again and again" in done.stdout
    assert run(tmp_path, "--leaklint-discover", "--leaklint-exit-zero").returncode == 0


def test_the_report_has_the_holder_and_its_tests(tmp_path: Path) -> None:
    (found,) = holders(project(tmp_path, LOGIN)).values()
    assert (found["symbol"], found["container_kind"], found["kind"]) == ("app:REGISTRY.items", "list", "linear")
    assert (found["path"], found["line"]) == (str(tmp_path / "app.py"), 16)
    assert [item["left"] for item in found["tests"]] == [3, 2, 1, 1, 1, 1, 1, 1]
    assert found["tests"][0] == {"test": "test_app.py::test_login[3]", "left": 3, "classes": {"app:Session": 3}}
    assert [(kept["type"], kept["number"]) for kept in found["keeps"]] == [("app:Session", 11)]


def test_workers_of_xdist_are_joined(tmp_path: Path) -> None:
    tests = '@pytest.mark.parametrize("number", range(4))\ndef test_login(number):\n    app.login()\n'
    (found,) = holders(project(tmp_path, tests), "-n", "2").values()
    assert found["symbol"] == "app:REGISTRY.items"
    assert sorted(item["test"] for item in found["tests"]) == [f"test_app.py::test_login[{n}]" for n in range(4)]


def test_the_ini_file_asks_and_the_command_line_wins(tmp_path: Path) -> None:
    project(tmp_path, LOGIN)
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\nleaklint_discover = true\n")
    assert "left 3 Session in app:REGISTRY.items" in run(tmp_path).stdout
    assert "left behind" not in run(tmp_path, "--no-leaklint-discover").stdout


def test_a_holder_can_be_left_out(tmp_path: Path) -> None:
    assert holders(project(tmp_path, LOGIN), "--leaklint-discover-ignore", "app:REGISTRY*") == {}


KINDS = {
    "list": ("KEPT = []\ndef leave():\n    KEPT.append(Session())\n", "app:KEPT"),
    "set": ("KEPT = set()\ndef leave():\n    KEPT.add(Session())\n", "app:KEPT"),
    "by identity": ("KEPT = {}\ndef leave():\n    one = Session()\n    KEPT[id(one)] = one\n", "app:KEPT"),
    "callback": ("KEPT = []\ndef leave():\n    KEPT.append(Session().close)\n", "app:KEPT"),
    "nested": (
        "KEPT = {'a': {'b': []}}\ndef leave():\n    KEPT['a']['b'].append((1, Session()))\n",
        "app:KEPT['a']['b']",
    ),
    "default": ("def leave(kept=[]):\n    kept.append(Session())\n", "app:leave.<locals>.kept"),
    "closure": (
        "def make():\n    kept = []\n    def leave():\n        kept.append(Session())\n    return leave\nleave = make()\n",
        "app:leave.<locals>.kept",
    ),
    "memo": (
        (
            "class Calc:\n    @functools.lru_cache(None)\n    def twice(self, n):\n        return n\n"
            "def leave():\n    Calc().twice(1)\n"
        ),
        "app:Calc.twice",
    ),
    "weak keys": (
        (
            "KEPT = weakref.WeakKeyDictionary()\ndef leave():\n    one, two = Session(), Session()\n    two.one = one\n"
            "    KEPT[one] = two\n"
        ),
        "app:KEPT",
    ),
    "rebound": ("KEPT = []\ndef leave():\n    global KEPT\n    KEPT = [*KEPT, Session()]\n", "app:KEPT"),
    "linked": (
        "HEAD = None\ndef leave():\n    global HEAD\n    new = Session()\n    new.next = HEAD\n    HEAD = new\n",
        "app:HEAD",
    ),
    "exception": (
        (
            "KEPT = []\ndef leave():\n    try:\n        raise ValueError\n    except ValueError as error:\n"
            "        KEPT.append(error)\n"
        ),
        "app:KEPT",
    ),
    "thread": (
        "STOP = threading.Event()\ndef leave():\n    threading.Thread(target=STOP.wait, daemon=True).start()\n",
        "threading:_active",
    ),
}
LEAVE = '@pytest.mark.parametrize("number", range(8))\ndef test_leave(number):\n    app.leave()\n'


def together(folder: Path, programs: dict[str, tuple[str, str]]) -> dict[str, list[str]]:
    """Run the tests of many programs at once, each with modules of its own: the holders of each, as of a program ``app``."""
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n# hypothesis is there as well\n")
    for number, (app, tests) in enumerate(programs.values()):
        (folder / f"app_{number}.py").write_text(app)
        (folder / f"test_{number}.py").write_text(f"import pytest\n\nimport app_{number} as app\n\n\n{tests}")
        for plugin in range(6):
            (folder / f"plugin_{number}_{plugin}.py").write_text(f"import app_{number}\n\napp_{number}.login()\n")
    found: dict[str, list[str]] = {kind: [] for kind in programs}
    for symbol, item in holders(folder).items():
        (number,) = {int(re.match(r"test_(\d+)\.py", each["test"])[1]) for each in item["tests"]}  # type: ignore[index]
        found[list(programs)[number]].append(symbol.replace(f"app_{number}:", "app:"))
    return found


@pytest.fixture(scope="module")
def leaving(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("kinds")
    (folder / "conftest.py").write_text(PATIENT)
    return together(folder, {kind: (APP + text, LEAVE) for kind, (text, _) in KINDS.items()})


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_holders(leaving: dict[str, list[str]], kind: str) -> None:
    assert leaving[kind] == [KINDS[kind][1]]


QUIET = {
    "a cache that is filled once": """\
@pytest.mark.parametrize("name", "abcdefghabcdefgh")
def test_lookup(name):
    assert app.lookup(name)
""",
    "a fixture of the module": """\
@pytest.fixture(scope="module")
def sessions():
    app.login(5)
    return app.REGISTRY.items

@pytest.mark.parametrize("number", range(5))
def test_sessions(sessions, number):
    assert sessions
""",
    "a fixture of the session that is filled": """\
@pytest.fixture(scope="session")
def store():
    return app.Registry()

@pytest.mark.parametrize("number", range(6))
def test_store(store, number):
    store.add(app.Session())
""",
    "a fixture of the module that the program knows as long as it is needed": """\
@pytest.fixture(scope="module")
def store():
    app.STORE = app.Registry()
    yield app.STORE
    del app.STORE

@pytest.mark.parametrize("number", range(6))
def test_store(store, number):
    store.add(app.Session())
""",
    "a fixture that cleans up": """\
@pytest.fixture
def clean():
    yield
    app.REGISTRY.items.clear()

@pytest.mark.parametrize("number", range(6))
def test_login(clean, number):
    app.login(2)
""",
    "failed tests": """\
@pytest.mark.parametrize("number", range(6))
@pytest.mark.xfail(strict=True)
def test_login(number):
    app.login(2)
    assert False

@pytest.mark.parametrize("number", range(6))
def test_that_is_skipped(number):
    app.login(2)
    pytest.skip("too early")
""",
    "modules that tests import": """\
@pytest.mark.parametrize("number", range(6))
def test_plugin(number):
    __import__(f"plugin_{number}")
""",
    "the test's own module and class": """\
CALLS = []

@pytest.mark.parametrize("number", range(6))
def test_calls(number):
    CALLS.append(app.Session())

class TestSelf:
    kept = []

    @pytest.mark.parametrize("number", range(6))
    def test_self(self, number):
        self.session = app.Session()
        self.kept.append(app.Session())
""",
    "captured logs": """\
import logging

@pytest.mark.parametrize("number", range(6))
def test_log(caplog, number):
    logging.getLogger("app").warning("%s", app.Session())
    assert caplog.records
""",
    "records of a mock": """\
from unittest import mock

app.send = mock.MagicMock()

@pytest.mark.parametrize("number", range(6))
def test_send(number):
    app.send(app.Session())
""",
    "warnings": """\
import warnings

@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("number", range(6))
def test_warn(number):
    warnings.warn(f"number {number}", UserWarning)
""",
    "a bound": """\
import collections

app.LAST = collections.deque(maxlen=10)

@pytest.mark.parametrize("number", range(8))
def test_last(number):
    app.LAST.append(app.Session())
""",
    "garbage cycles": """\
@pytest.mark.parametrize("number", range(8))
def test_cycle(number):
    one = app.Session()
    one.itself = one
""",
    "a weak container": """\
import weakref

app.WEAK = weakref.WeakSet()
app.KEEP = app.Session()

@pytest.mark.parametrize("number", range(8))
def test_weak(number):
    app.WEAK.add(app.Session())
""",
    "classes that tests define": """\
@pytest.mark.parametrize("number", range(8))
def test_class(number):
    class Own(app.Session):
        pass
    app.CACHE[Own] = Own
""",
}


PLUGINS = {f"plugin_{n}": "import app\n\napp.login()\n" for n in range(6)}


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    programs = {
        kind: (APP, tests.replace("plugin_{number}", f"plugin_{place}_{{number}}"))
        for place, (kind, tests) in enumerate(QUIET.items())
    }
    return together(tmp_path_factory.mktemp("quiet"), programs)


@pytest.mark.parametrize("kind", QUIET)
def test_no_false_alarms(quiet: dict[str, list[str]], kind: str) -> None:
    assert quiet[kind] == []


def test_no_false_alarms_of_many_tests_in_workers(tmp_path: Path) -> None:
    head = "import pytest\n\nimport app\n\n\n"
    files = {f"test_{number}": head + text for number, text in enumerate(QUIET.values())}
    assert holders(project(tmp_path, "", **PLUGINS, **files), "-n", "2") == {}


LATER = """\
@pytest.mark.parametrize("number", range(6))
def test_login(number):
    app.login()

def test_that_cleans_up():
    app.REGISTRY.items.clear()
"""


def test_what_goes_later_is_no_leak(tmp_path: Path) -> None:
    assert holders(project(tmp_path, LATER)) == {}


ONCE = "def test_login():\n    app.login(3)\n\ndef test_lookup():\n    assert app.lookup('only')\n"


def test_repetition_tells_a_leak_of_one_test_from_a_cache(tmp_path: Path) -> None:
    project(tmp_path, ONCE)
    assert holders(tmp_path) == {}
    (found,) = holders(tmp_path, "--leaklint-discover-repeat").values()
    assert found["symbol"] == "app:REGISTRY.items"
    assert [(item["test"], item["left"]) for item in found["tests"]] == [("test_app.py::test_login", 3)]
    assert [(store["path"], store["line"]) for store in found["stores"]] == [(str(tmp_path / "app.py"), 19)]


def test_a_test_that_cannot_be_repeated_passes_and_shows_nothing(tmp_path: Path) -> None:
    tests = "CALLS = []\n\ndef test_once():\n    assert not CALLS\n    CALLS.append(1)\n    app.login()\n"
    assert holders(project(tmp_path, tests), "--leaklint-discover-repeat") == {}


MARKED = """\
@pytest.mark.leaklint_discover
def test_login():
    app.login(3)

@pytest.mark.leaklint_discover(rounds=5)
def test_lookup(caplog):
    assert app.lookup("only")
"""


def test_a_marked_test_fails_with_the_holder_that_grows(tmp_path: Path) -> None:
    done = run(project(tmp_path, MARKED))
    assert "1 failed, 1 passed" in done.stdout
    assert "each round leaves objects behind: app:REGISTRY.items grows by 3.0 entries a round" in done.stdout
    assert "stored at app.py:19 in " in done.stdout


def test_wrong_arguments_are_errors_of_the_collection(tmp_path: Path) -> None:
    wrong = {
        "rounds=2": "rounds must be a whole number of at least 4, not 2",
        "5": "leaklint_discover takes one argument, by its name: rounds",
        "often=5": "leaklint_discover takes one argument, by its name: rounds",
    }
    project(tmp_path, "")
    for place, given in enumerate(wrong):
        text = f"import pytest\n\n@pytest.mark.leaklint_discover({given})\ndef test_{place}():\n    pass\n"
        (tmp_path / f"test_{place}.py").write_text(text)
    done = run(tmp_path)
    assert done.returncode == 2
    for place, told in enumerate(wrong.values()):
        assert f"test_{place}: {told}" in done.stdout


def test_methods_of_unittest_are_watched(tmp_path: Path) -> None:
    tests = "import unittest\n\nclass TestLogin(unittest.TestCase):\n"
    tests += "".join(f"    def test_{number}(self):\n        app.login()\n" for number in range(4))
    assert list(holders(project(tmp_path, tests))) == ["app:REGISTRY.items"]


def test_findings_and_holders_stand_in_one_report(tmp_path: Path) -> None:
    project(tmp_path, LOGIN)
    (tmp_path / "findings.json").write_text('{"version": 1, "findings": [], "problems": []}')
    options = ["--leaklint", "--leaklint-findings", "findings.json"]
    assert list(holders(tmp_path, *options)) == ["app:REGISTRY.items"]
    assert json.loads((tmp_path / "out.json").read_text())["findings"] == []
