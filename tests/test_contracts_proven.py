"""Contracts are proven: what an entry claims is tried on the library, and what a callable keeps is learnt from it."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from leaklint.cli import main
from leaklint.contracts import fields, proving, reader
from leaklint.contracts.proving import Entry, Limits, Outcome

KEPT = """\
import atexit
def retain(thing):
    return atexit.register(thing.on)
"""
UNDONE = KEPT + "def undo(token):\n    atexit.unregister(token)\n"


def tried(
    data: dict[str, Any], limits: Limits | None = None, distribution: str = "", table: str = "callable"
) -> Outcome:
    """Return what becomes of one entry in this interpreter."""
    entry = Entry(str(data["name"]).partition(".")[0], distribution, table, data)
    return proving.verify([entry], sys.executable, limits or Limits())[0]


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(["contracts", *words])
    return status, capsys.readouterr().out


def test_every_entry_of_the_standard_library_holds_here(capsys: pytest.CaptureFixture[str]) -> None:
    status, text = asked(capsys, "verify", "--package", "Python", "--output-format", "json", "-j", "2")
    (run,) = json.loads(text)
    broken = [(one["name"], one["reason"]) for one in run["entries"] if one["status"] == proving.FAILS]
    assert (status, broken) == (0, [])
    assert sum(one["status"] == proving.HOLDS for one in run["entries"]) > 150


def test_every_callable_has_an_experiment() -> None:
    without = [one.name for one in proving.entries() if one.table == "callable" and not one.data.get("experiment")]
    assert without == []


def test_what_an_entry_claims_holds() -> None:
    entry = {
        "name": "atexit.register",
        "retains": [{"parameter": "*"}],
        "undo": ["atexit.unregister"],
        "experiment": UNDONE,
    }
    outcome = tried(entry)
    assert (outcome.status, outcome.reason) == (proving.HOLDS, "")
    assert outcome.shown == (
        "kept although the caller let go",
        "given back by the undoing call",
        "alive although nothing of the caller is left",
    )
    assert outcome.version == sys.version.split()[0]


WRONG = {
    "no such name": ({"name": "atexit.registers"}, "there is no atexit.registers"),
    "no such undoing call": ({"undo": ["atexit.forget"], "experiment": UNDONE}, "there is no atexit.forget"),
    "not retained": ({"experiment": "def retain(thing):\n    pass\n"}, "it is not retained"),
    "held weakly": ({"retains": [{"parameter": "*", "hold": "weak"}]}, "said to be held weakly"),
    "ends with the receiver": ({"lifetime": "receiver"}, "still alive after the receiver was gone"),
    "ends with the process": (
        {"experiment": "kept = []\ndef retain(thing):\n    kept.append(thing)\n"},
        "not kept as long as the process runs",
    ),
    "ends with the call": ({"lifetime": "call"}, "has no end()"),
    "one place": ({"slot": True}, "still alive after the next took its place"),
    "a bound": ({"memoises": {"bound": 5}}, "still alive after 5 more"),
    "does not undo": ({"experiment": KEPT + "def undo(token):\n    pass\n"}, "still alive after the undoing call"),
    "undoing is not tried": ({"undo": ["atexit.unregister"]}, "has no undo()"),
    "the weak form is not tried": ({"weak_form": {"keyword": "weak", "value": True}}, "has no weak()"),
    "keeping is not tried": (
        {"retains": [{"parameter": "*"}], "experiment": "def weak(thing):\n    pass\n"},
        "no retain()",
    ),
    "nothing is tried": ({"experiment": "pass\n"}, "defines none of"),
    "the experiment fails": ({"experiment": "raise ValueError('no')\n"}, "ValueError: no"),
    "plain": ({"returns": "plain", "experiment": "def call(thing):\n    return [thing]\n"}, "keeps the argument"),
    "fresh": ({"returns": "fresh", "experiment": "def call(thing):\n    return 1\n"}, "two calls gave equal results"),
    "argument": ({"returns": "argument 0", "experiment": "def call(thing):\n    return 1\n"}, "is not the argument"),
    "copy": ({"returns": "copy 0", "experiment": "def call(thing):\n    return 1\n"}, "does not keep the argument"),
    "element": (
        {
            "returns": "element 0",
            "experiment": "kept = []\ndef call(thing):\n    kept.append(thing)\n    return thing\n",
        },
        "still alive after the result was dropped",
    ),
    "no such parameter": (
        {"name": "sched.scheduler.enter", "retains": [{"parameter": "function", "position": 2}]},
        "has no parameter function",
    ),
    "another place": (
        {"name": "sched.scheduler.enter", "retains": [{"parameter": "action", "position": 1}]},
        "is not at position 1",
    ),
}


@pytest.fixture(scope="module")
def refuted() -> dict[str, Outcome]:
    """Try all wrong claims in one run."""
    data = [{"name": "atexit.register", "experiment": KEPT, **change} for change, _ in WRONG.values()]
    found = [Entry(one["name"].partition(".")[0], "", "callable", one) for one in data]
    return dict(zip(WRONG, proving.verify(found, sys.executable, Limits()), strict=True))


@pytest.mark.parametrize("claim", WRONG)
def test_a_wrong_claim_fails(claim: str, refuted: dict[str, Outcome]) -> None:
    assert refuted[claim].status == proving.FAILS
    assert WRONG[claim][1] in refuted[claim].reason


def test_an_object_is_of_the_class_that_its_entry_names() -> None:
    right = {"name": "logging.root", "class": "logging.Logger"}
    wrong = {"name": "logging.root", "class": "logging.Handler"}
    none = {"name": "json.*", "class": "logging.Logger"}
    assert tried(right, table="object").status == proving.HOLDS
    assert tried(wrong, table="object").reason == "logging.root is a RootLogger, no Handler"
    assert "names no instance" in tried(none, table="object").reason


@pytest.mark.parametrize(
    ("experiment", "limits", "reason"),
    [
        ("while True:\n    pass\n", Limits(timeout=1.0), "not done within 1 s"),
        ("import os\nos._exit(3)\n", Limits(), "status 3"),
        ("import os\nos.kill(os.getpid(), 9)\n", Limits(), "SIGKILL"),
        ("bytearray(1 << 30)\n", Limits(memory_limit=64), "MemoryError"),
        ("import socket\nsocket.create_connection(('192.0.2.1', 9), 1)\n", Limits(), "the network is off"),
    ],
    ids=["endless", "leaves", "killed", "large", "network"],
)
def test_an_experiment_has_limits(experiment: str, limits: Limits, reason: str) -> None:
    outcome = tried({"name": "atexit.register", "experiment": experiment}, limits)
    assert outcome.status == proving.FAILS
    assert reason in outcome.reason


def test_what_cannot_be_tried_is_told_apart() -> None:
    lacking = "unavailable('no display')\n"
    assert tried({"name": "atexit.register", "experiment": lacking}).status == proving.UNAVAILABLE
    assert (
        tried({"name": "nosuchpackage.f", "experiment": KEPT}, distribution="nosuchpackage").status == proving.MISSING
    )
    assert tried({"name": "atexit.register", "versions": "<3", "experiment": KEPT}).status == proving.OTHER_VERSION


VERSIONS = st.lists(st.integers(0, 12), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
SIGNS = st.sampled_from(["==", "!=", ">=", "<=", ">", "<"])


@given(VERSIONS, st.lists(st.tuples(SIGNS, VERSIONS), max_size=3))
@settings(max_examples=100)
def test_versions_are_compared_as_pip_compares_them(version: str, parts: list[tuple[str, str]]) -> None:
    specifier = ",".join(sign + other for sign, other in parts)
    assert proving.applies(specifier, version) == SpecifierSet(specifier).contains(version)


def test_the_table_has_a_row_for_each_package(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "table.md"
    words = ["--package", "blinker", "--package", "atexit", "--python", sys.executable, "--python", sys.prefix]
    status, _ = asked(capsys, "verify", *words, "--output-format", "markdown", "--output-file", str(target))
    rows = [line.strip("|").split("|") for line in target.read_text().splitlines()]
    assert status == 0
    assert {len(row) for row in rows} == {5}
    assert [row[0].strip() for row in rows[2:]] == ["blinker", "Python", "**all**"]
    assert rows[3][1] == rows[3][3] == f" {sys.version.split()[0]} "


def test_the_text_counts_and_tells_what_does_not_hold(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [
        Entry("atexit", "", "callable", {"name": "atexit.register", "experiment": KEPT}),
        Entry("atexit", "", "callable", {"name": "atexit.register", "slot": True, "experiment": KEPT}),
        Entry("nosuchpackage", "nosuchpackage", "callable", {"name": "nosuchpackage.f", "experiment": KEPT}),
    ]
    monkeypatch.setattr(proving, "entries", lambda: made)
    status, text = asked(capsys, "verify")
    lines = text.splitlines()
    assert status == 1
    assert lines[0] == "nosuchpackage: package missing (1 entry)"
    assert lines[1].endswith(": 1 of 2 entries hold")
    assert lines[2].startswith("  fails atexit.register: replaced by the next: still alive")
    assert lines[3] == "3 entries: 1 fails, 1 holds, 1 missing"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["verify", "--package", "djang"], "there are no entries of it (did you mean"),
        (["learn"], "learn needs module:function"),
        (["list", "atexit:register"], "list takes no target"),
        (["learn", "atexit.register"], "must be module:function"),
        (["verify", "--python", "tests"], "there is no interpreter in this folder"),
        (["verify", "--python", "/nowhere/python"], "cannot start /nowhere/python"),
        (["verfy"], "did you mean verify?"),
    ],
)
def test_a_wrong_command_line_is_told(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["contracts", *words]) == 2
    assert told in capsys.readouterr().err


def test_entries_and_schema_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    status, text = asked(capsys, "list", "--package", "gc", "--output-format", "json")
    assert (status, [one["name"] for one in json.loads(text)]) == (0, ["gc.callbacks"])
    assert "gc.callbacks" in asked(capsys, "list", "-p", "gc")[1]
    assert json.loads(asked(capsys, "schema")[1]) == fields.schema()


LIBRARY = """
import weakref
KEPT, BY_NAME = [], {}
class Handle:
    def __init__(self, thing):
        KEPT.append(thing)
        self.thing = thing
    def dispose(self):
        pass
    def cancel(self):
        KEPT.remove(self.thing)
def on(name, callback):
    KEPT.append(callback)
def off(callback):
    KEPT.remove(callback)
def later(callback):
    return Handle(callback)
def notify(callback, weak=True):
    KEPT.append(weakref.WeakMethod(callback) if weak else callback)
def methods(callback):
    KEPT.append(weakref.WeakMethod(callback) if hasattr(callback, "__self__") else callback)
def pass_by(callback):
    callback()
def slot(callback):
    BY_NAME["slot"] = callback
class Bus:
    def __init__(self):
        self.inner = []
    def subscribe(self, callback):
        self.inner.append(callback)
    def unsubscribe(self, callback):
        self.inner.remove(callback)
def opened():
    KEPT.append(Handle(None))
    return KEPT[-1]
def attach(owner, callback):
    weakref.finalize(owner, callback)
"""
LEARNT = {
    "on": {
        "retains": [{"parameter": "callback", "position": 1}],
        "undo": ["kept.off"],
    },
    "later": {"retains": [{"parameter": "callback", "position": 0}], "undo": [".cancel"], "handle": True},
    "notify": {
        "retains": [
            {"parameter": "callback", "position": 0, "when": {"weak": False}},
            {"parameter": "callback", "position": 0, "hold": "weak"},
        ],
        "weak_form": {"keyword": "weak", "value": True},
    },
    "methods": {"retains": [{"parameter": "callback", "position": 0, "hold": "weak-methods"}]},
    "slot": {"retains": [{"parameter": "callback", "position": 0}], "slot": True},
    "Bus.subscribe": {
        "retains": [{"parameter": "callback", "position": 0}],
        "lifetime": "receiver",
        "undo": [".unsubscribe"],
    },
    "attach": {"lifetime": "argument owner"},
}


@pytest.fixture
def learning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, dict[str, Any], str]]:
    (tmp_path / "kept.py").write_text(LIBRARY)
    monkeypatch.chdir(tmp_path)

    def learn(*words: str) -> tuple[int, dict[str, Any], str]:
        target = tmp_path / "learnt.toml"
        status = main(["contracts", "learn", *words, "--output-file", str(target)])
        text = target.read_text() if target.exists() else ""
        return status, tomllib.loads(text).get("callable", [{}])[0], text

    return learn


@pytest.mark.parametrize("name", LEARNT)
def test_what_a_callable_keeps_is_learnt_and_then_holds(
    name: str, learning: Callable[..., tuple[int, dict[str, Any], str]], tmp_path: Path
) -> None:
    status, entry, text = learning(f"kept:{name}")
    assert status == 0, text
    assert {key: entry.get(key) for key in LEARNT[name]} == LEARNT[name]
    reader.parsed(text, "learnt.toml")
    outcome = tried(entry, Limits(path=(str(tmp_path),)))
    assert (outcome.status, outcome.reason) == (proving.HOLDS, "")


def test_what_keeps_nothing_is_learnt(learning: Callable[..., tuple[int, dict[str, Any], str]]) -> None:
    status, _, text = learning("kept:pass_by")
    assert (status, text) == (1, "# kept.pass_by keeps none of its arguments\n")


def test_what_is_kept_of_a_result_is_learnt(learning: Callable[..., tuple[int, dict[str, Any], str]]) -> None:
    status, entry, _ = learning("kept:opened")
    assert entry["returns"] == "registered"
    assert status == 0


def test_the_user_says_how_to_call(learning: Callable[..., tuple[int, dict[str, Any], str]]) -> None:
    status, entry, _ = learning("kept:notify", "--call", "notify(thing.on, weak=False)")
    assert status == 0
    assert "kept.notify(handed, weak=False)" in entry["experiment"]
    assert learning("kept:notify", "--call", "notify(thing.on)")[0] == 1


@pytest.mark.parametrize(
    ("target", "told"),
    [("kept:nothing", "has no nothing"), ("nosuch:f", "importing nosuch failed"), ("kept:KEPT", "no callable")],
)
def test_what_cannot_be_learnt_is_told(
    target: str, told: str, learning: Callable[..., tuple[int, dict[str, Any], str]]
) -> None:
    status, _, text = learning(target)
    assert status == 1
    assert told in text
