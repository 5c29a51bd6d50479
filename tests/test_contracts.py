"""Contracts: read and checked, found by name, and what a check makes of programs that use libraries."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from leaklint.cli import main
from leaklint.config import ConfigError, Settings, load, read
from leaklint.contracts import fields, reader
from leaklint.contracts.library import FOLDER, Contracts, shipped, tops
from leaklint.contracts.model import Key, Retains, WeakForm
from leaklint.contracts.reader import ContractError, parsed
from leaklint.engine import check
from leaklint.model import Finding

PROGRAMS = Path(__file__).parent / "data" / "contracts.txt"
SHOWN = ("medium", "high")
ENTRY = """
[[callable]]
name = "lib.Bus.on"
parameters = ["event", "callback", "weak"]
retains = [{ parameter = "callback", when = { weak = false } }, { parameter = "callback", hold = "weak" }]
lifetime = "receiver"
undo = [".off"]
key = { parameter = "event", position = 0 }
weak_form = { keyword = "weak", value = true }
"""


def programs() -> Iterator[tuple[str, str, str]]:
    for part in re.split(r"^==== ", PROGRAMS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        head, _, text = part.partition("\n")
        name, _, expected = head.partition(" -> ")
        yield name, expected, text


@pytest.mark.parametrize(("expected", "text"), [one[1:] for one in programs()], ids=[one[0] for one in programs()])
def test_a_program_that_uses_a_library(
    expected: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = found_in(tmp_path, text)
    shown = [one for one in found if one.confidence in SHOWN]
    if expected != "leak":
        assert shown == []
        assert bool(found) or expected == "silent"
    else:
        lines = [number for number, line in enumerate(text.splitlines(), start=1) if line.endswith("# leak")]
        assert lines == [one.line for one in shown]


def found_in(folder: Path, text: str, settings: Settings | None = None) -> tuple[Finding, ...]:
    (folder / "program.py").write_text(text, encoding="utf-8")
    report = check(["program.py"], settings or Settings(confidence="low"))
    assert report.problems == ()
    return report.findings


@pytest.fixture(scope="module")
def validator() -> jsonschema.protocols.Validator:
    """Return what validates a file of contracts, made once: the schema itself is looked at first, which takes longest."""
    kind = jsonschema.validators.validator_for(fields.schema())
    kind.check_schema(fields.schema())
    return kind(fields.schema())


@pytest.mark.parametrize("top", sorted(tops()))
def test_every_file_is_read_speaks_of_its_package_and_fits_the_schema(
    top: str, validator: jsonschema.protocols.Validator
) -> None:
    package = shipped(top)
    names = [one.name for one in (*package.callables, *package.classes)] + [one.name for one in package.objects]
    names += [
        name for name, _ in (*package.returns, *package.takes, *package.keys)
    ]  # natures stand where every program finds them
    assert {name.partition(".")[0] for name in names} == {top}
    data = tomllib.loads(Path(FOLDER, f"{top}.toml").read_text(encoding="utf-8"))
    validator.validate(data)
    assert reader.package(data, top).distribution == package.distribution == data.get("distribution", "")


def test_the_schema_is_json() -> None:
    assert json.loads(json.dumps(fields.schema()))["title"] == "Retention contracts of leaklint"


def test_an_entry_is_read() -> None:
    (one,) = parsed(ENTRY, "lib.toml", "lib").callables
    assert one.retains == (
        Retains("callback", -1, "strong", (("weak", "False"),)),
        Retains("callback", -1, "weak"),
    )
    assert (one.key, one.weak_form) == (Key("event", 0), WeakForm("weak", "True"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[[callable]]\nname = 'a.b'\nretain = []",
            "callable a.b: retain: no key of a callable (did you mean retains?)",
        ),
        ("[[callable]]\nundo = ['.c']", "callable number 1: name: is missing"),
        ("[[callable]]\nname = 'a.b'\nlifetime = 'ever'", "callable a.b: lifetime: must be one of process, receiver"),
        (
            "[[callable]]\nname = 'a.b'\nretains = [{ hold = 'weakly' }]",
            "callable a.b: retains: hold: must be one of strong",
        ),
        ("[[object]]\nname = 'a.b'\ncontainer = 'lits'", "object a.b: container: must be one of dict, list"),
        ("[[class]]\nname = 'a.b'\nsingleton = 1", "class a.b: singleton: must be true or false"),
        ("[returns]\nplane = ['a.b']", "returns: plane: must be one of plain"),
        ("[keys]\nfresh = 'a.b'", "keys: fresh: must be a list of strings"),
        ("callables = []", "callables: unknown (did you mean callable?)"),
        ("[callable]\nname = 'a.b'", "callable: must be a list of tables; write [[callable]]"),
        ("[[callable]", "not valid TOML"),
    ],
)
def test_a_mistake_is_told_with_its_file_entry_and_key(text: str, told: str) -> None:
    with pytest.raises(ContractError, match=re.escape(f"lib.toml: {told}")):
        parsed(text, "lib.toml")


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("django.db.models.signals.post_save.connect", "django.dispatch.Signal.connect"),
        ("django.dispatch.dispatcher.Signal.connect", "django.dispatch.Signal.connect"),
        ("blinker.NamedSignal.connect", "blinker.Signal.connect"),
        ("gc.callbacks.insert", "gc.callbacks.insert"),
        ("schedule.Job.seconds.do", "schedule.Job.do"),
        ("elsewhere.connect", ""),
    ],
)
def test_a_callable_is_found_by_its_aliases_its_object_and_its_bases(asked: str, name: str) -> None:
    found = Contracts().callable(asked)
    assert (found.name if found is not None else "") == name


def test_a_method_of_a_class_that_no_entry_names_is_an_assumption() -> None:
    contracts = Contracts([parsed(ENTRY, "lib.toml", "lib")])
    found, assumed = contracts.of_call("lib.buses.FastBus.on")
    assert found is not None and found.name == "lib.Bus.on"
    assert assumed == "assumes that on() of lib.buses.FastBus is that of lib.Bus"


OWN = """\
[tool.leaklint]
confidence = "low"

[[tool.leaklint.contracts.callable]]
name = "events.Bus.on"
retains = [{ parameter = "callback", position = 1 }]
lifetime = "receiver"
undo = [".off"]

[[tool.leaklint.contracts.class]]
name = "program.Part"
singleton = true
"""
USES = """\
import events

bus = events.Bus()


class Part:
    def __init__(self):
        bus.on("moved", self.moved)

    def moved(self):
        return self


class Other:
    def __init__(self):
        bus.on("moved", self.moved)

    def moved(self):
        return self
"""


def test_a_project_declares_contracts_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text(OWN)
    settings = read(tmp_path / "pyproject.toml")
    assert settings is not None
    found = found_in(tmp_path, USES, settings)
    assert [(one.code, one.line, one.symbol) for one in found] == [("LK601", 16, "program:Other.__init__")]
    assert "take it back with off()" in found[0].message
    assert found_in(tmp_path, USES) == ()


def test_a_mistake_in_a_declared_contract_names_the_file_and_the_line(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(OWN.replace("retains", "retain"))
    with pytest.raises(ConfigError, match=r"pyproject.toml:\d+: contracts: callable events.Bus.on: retain: no key"):
        read(tmp_path / "pyproject.toml")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of packages of an environment beside the project in which the test runs."""
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "program.py").write_text(USES)
    found = tmp_path / ".venv" / "lib" / "python3.11" / "site-packages"
    (found / "events").mkdir(parents=True)
    return found


SHIPPED = """\
[[callable]]
name = "events.Bus.on"
retains = [{ parameter = "callback", position = 1 }]
lifetime = "receiver"
"""


def test_an_installed_package_brings_its_contracts(site: Path, tmp_path: Path) -> None:
    assert check(["program.py"], load(tmp_path)).findings == ()
    (site / "events" / "leaklint.toml").write_text(SHIPPED)
    found = check(["program.py"], load(tmp_path))
    assert [one.code for one in found.findings] == ["LK601", "LK601"]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            SHIPPED.replace("retains", "retain"),
            "callable events.Bus.on: retain: no key of a callable (did you mean retains?)",
        ),
        (SHIPPED.replace("events.", "other."), "other.Bus.on: speaks of another package"),
    ],
)
def test_a_mistake_of_an_installed_package_is_a_problem_and_no_more(
    site: Path, tmp_path: Path, text: str, told: str
) -> None:
    (site / "events" / "leaklint.toml").write_text(text)
    found = check(["program.py"], load(tmp_path))
    assert found.findings == ()
    assert [(one.path, one.message) for one in found.problems] == [(str(site / "events" / "leaklint.toml"), told)]


def test_what_is_remembered_does_not_outlive_the_contracts_of_a_package(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told() -> str:
        main(["check", "program.py"])
        return capsys.readouterr().out

    assert "LK601" not in told()
    (site / "events" / "leaklint.toml").write_text(SHIPPED)
    assert told().count("LK601") == 2
    (site / "events" / "leaklint.toml").unlink()
    assert "LK601" not in told()


@pytest.mark.parametrize("top", sorted(tops()))
def test_what_a_check_reads_is_the_file_without_its_experiments(top: str) -> None:
    whole = parsed(Path(FOLDER, f"{top}.toml").read_text(encoding="utf-8"), top, top)
    read = shipped(top)
    for kind in ("callables", "objects", "classes"):
        assert [one._replace(experiment="") for one in getattr(whole, kind)] == list(getattr(read, kind))
    assert whole._replace(callables=(), objects=(), classes=()) == read._replace(callables=(), objects=(), classes=())
