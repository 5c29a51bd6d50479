"""``pytest --leaklint-harvest FILE``, and ``leaklint verify --harvest FILE`` on what it wrote."""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import pathlib
import re
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaklint.cli import main
from leaklint_runtime import replay
from leaklint_runtime.scenarios import ScenarioError
from leaklint_runtime.testing.recording import UnrecordableError, encode
from tests.in_tests import keep, probe, project, run

ENGINES = '''\
class Plan:
    def __init__(self, kind, *, parts=()):
        self.kind, self.parts = kind, parts


class Engine:
    """Cannot be made by guessing."""

    running = {}

    def __init__(self, plan, number):
        if plan.kind != "diesel-7" or plan.parts != ("valve",):
            raise ValueError("no such engine")
        self.number = number
        Engine.running[id(self)] = self


class Turbo(Engine):
    def __init__(self, number):
        if str(number)[::-1] not in ("12005", "32005"):
            raise ValueError(number)
        super().__init__(Plan("diesel-7", parts=("valve",)), number)


class Pool:
    def __init__(self, secret):
        if secret != "sesame":
            raise ValueError(secret)
        self.held = []

    def hold(self, thing, code):
        if code != 4711:
            raise ValueError(code)
        HELD.append(self)


HELD = []
NOTED = []


def note(thing, word):
    if word != "please":
        raise ValueError(word)
    NOTED.append(thing)
'''

TESTS = """\
@pytest.mark.parametrize("number", [1, 2, 3])
def test_engine(number):
    assert app.Engine(app.Plan("diesel-7", parts=("valve",)), number).number == number

@pytest.mark.parametrize("number", [50021, 50023])
def test_turbo(number):
    assert app.Turbo(number).number == number

def test_hold():
    app.Pool("sesame").hold([1], code=4711)

def test_hold_again():
    app.Pool("sesame").hold([2], 4711)

def test_note():
    app.note(app.Plan("x"), "please")

def test_note_again():
    app.note(app.Plan("y"), word="please")

def test_that_cannot_be_written_down():
    with pytest.raises(AttributeError):
        app.Engine(object(), 1)
"""


def made(folder: Path) -> Path:
    """Write the project and its findings."""
    project(folder, TESTS, ENGINES)
    found = [
        probe(folder, "Engine.running", "dict", "app:Engine", "construct"),
        probe(folder, "HELD", "list", "app:Pool", "method:hold"),
        probe(folder, "NOTED", "list", "", "call:app:note", "argument:0"),
    ]
    keep(folder, found)
    return folder


@pytest.fixture
def engines(tmp_path: Path) -> Path:
    return made(tmp_path)


Harvested = tuple[Path, "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module", params=[[], ["-n", "2", "--dist", "loadfile"]], ids=["alone", "xdist"])
def harvested(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Harvested:
    """Return the folder of a run that recorded, and the run."""
    folder = made(tmp_path_factory.mktemp("harvested"))
    return folder, run(folder, "--leaklint-harvest", "harvest.json", *request.param)


def statuses(folder: Path, *options: str) -> dict[str, str]:
    """Prove the project's findings and return the status of each."""
    words = ["verify", "--findings", str(folder / "findings.json"), "--output-format", "json", "--quiet"]
    main([*words, "--output-file", str(folder / "proven.json"), *options])
    report = json.loads((folder / "proven.json").read_text())
    return {one["symbol"]: one["verdict"]["status"] for one in report["findings"]}


def test_without_tests_and_calls_that_show_it_it_cannot_be_made(engines: Path) -> None:
    text = (engines / "app.py").read_text()
    (engines / "app.py").write_text(text.replace('Plan("diesel-7", parts=("valve",))', "self.plan()"))
    for tests in engines.glob("test_*.py"):
        tests.unlink()
    assert statuses(engines)["app:Engine.running"] == "unreached"


def test_what_the_tests_made_is_made_again(harvested: Harvested) -> None:
    engines, done = harvested
    assert done.returncode == 0, done.stdout
    assert "recordings of 3 names in" in done.stdout
    proven = statuses(engines, "--harvest", str(engines / "harvest.json"))
    assert proven == {"app:Engine.running": "confirmed", "app:HELD": "confirmed", "app:NOTED": "confirmed"}


def test_a_harvest_is_plain_data_and_says_where_it_comes_from(harvested: Harvested) -> None:
    engines, _ = harvested
    value = json.loads((engines / "harvest.json").read_text())
    plan = {"call": ["app:Plan", ["diesel-7"], {"parts": {"tuple": ["valve"]}}]}
    first = {"call": ["app:Engine", [plan, 2], {}]}
    assert [one["make"] for one in value["recorded"] if one["test"] == "test_app.py::test_engine[2]"] == [first]
    assert {"call": ["app:Turbo", [50023], {}]} in [one["make"] for one in value["recorded"]]


def test_recording_leaves_the_program_as_it_was(engines: Path) -> None:
    (engines / "conftest.py").write_text(
        "def pytest_unconfigure():\n    import app\n    print('wrapped', hasattr(app.Engine.__init__, '__wrapped__'))\n"
    )
    assert "wrapped False" in run(engines, "--leaklint-harvest", "harvest.json", "-s").stdout


def test_what_cannot_be_used_is_told(engines: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(engines, "--leaklint-harvest", "harvest.txt").returncode == 4
    assert main(["verify", "--harvest", str(engines / "none.json"), str(engines)]) == 2
    assert "no such file" in capsys.readouterr().err
    assert main(["verify", "--harvest", str(engines / "app.py"), str(engines)]) == 2
    assert "must end in .json" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", '{"version": 2, "recorded": []}', '{"version": 1, "recorded": [{}]}'])
def test_a_broken_harvest_is_an_error_of_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "h.json").write_text(text)
    with pytest.raises(ScenarioError, match=r"harvest .*h\.json: \w+"):
        replay.load(str(tmp_path / "h.json"))


class Colour(enum.Enum):
    RED = "red"


SCALARS = st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats(allow_nan=False)
KEYS = st.integers() | st.text() | st.tuples(st.integers(), st.text())
VALUES = st.recursive(
    SCALARS
    | st.dates()
    | st.datetimes()
    | st.timedeltas()
    | st.decimals(allow_nan=False)
    | st.uuids()
    | st.fractions(),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40)
@given(VALUES)
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    text = json.dumps(encode(value, lambda thing: None))
    found = replay.make(json.loads(text), lambda scalar: scalar)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    "value",
    [
        Colour.RED, Path("a/b"), pathlib.PurePath("c"), re.compile("a+", re.IGNORECASE), json, json.dumps, dict,
        decimal.Decimal("1.50"), datetime.date(2020, 1, 2), uuid.UUID(int=5), {1, 2}, frozenset("ab"),
    ],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_simple_things_come_back_as_they_were(value: Any) -> None:
    assert replay.make(json.loads(json.dumps(encode(value, lambda thing: None))), lambda scalar: scalar) == value


@pytest.mark.parametrize("value", [object(), lambda: 0, open, [[[[[[[[1]]]]]]]], "x" * 20_000])
def test_other_things_are_not_written_down(value: Any) -> None:
    with pytest.raises(UnrecordableError):
        encode(value, lambda thing: None)


WEATHER = """\
def ask(place):
    raise ConnectionError(place)

class Client:
    def get(self, place):
        raise ConnectionError(place)

class Report:
    sent = []
    def __init__(self, place):
        self.text = ask(place) + Client().get(place)
        Report.sent.append(self)
"""
PATCHING = """\
from unittest import mock

@mock.patch("app.ask", return_value="rain")
def test_report(ask):
    with mock.patch.object(app.Client, "get") as get:
        get.return_value = "and wind"
        assert app.Report("Graz").text == "rainand wind"
    with mock.patch("app.ask", object()):
        pass

def test_that_nothing_is_left():
    with pytest.raises(ConnectionError):
        app.Report("Linz")
"""


def test_what_a_test_has_replaced_is_replaced_again(tmp_path: Path) -> None:
    project(tmp_path, PATCHING, WEATHER)
    keep(tmp_path, [probe(tmp_path, "Report.sent", "list", "app:Report", "construct")])
    assert run(tmp_path, "--leaklint-harvest", "harvest.json").returncode == 0
    (first,) = json.loads((tmp_path / "harvest.json").read_text())["recorded"]
    replaced = [
        ["app:", "ask", {"mock": ["MagicMock", None, {"return_value": "rain"}]}],
        ["app:Client", "get", {"mock": ["MagicMock", None, {"return_value": "and wind"}]}],
    ]
    assert first["make"] == {"patched": [replaced, {"call": ["app:Report", ["Graz"], {}]}]}
    assert statuses(tmp_path, "--harvest", str(tmp_path / "harvest.json")) == {"app:Report.sent": "confirmed"}
