"""Findings whose own act does not lead to the flagged statement: the function that has it does, or an object that is kept."""

from __future__ import annotations

import hashlib
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from probes import finding

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import Finding, Verdict
from leaklint.proof import VerifyOptions, verify

REGISTER = """
    _mapping = {}

    def add_mapping(face: str, bold: bool) -> None:
        _mapping[face.lower(), bold] = Mapping(face)  # stored

    class Mapping:
        def __init__(self, face: str) -> None:
            self.face = face

    class Chart:
        pass
    """
OPENER = """
    class Connection:
        def __init__(self, name: str = "") -> None:
            self.name = name

    class Opener:
        def __init__(self) -> None:
            self.known = {}

        def open(self, uri: str):
            return self._opened(uri.strip())

        def _opened(self, uri):
            if uri not in self.known:
                self.known[uri] = Connection(uri)  # stored
            return self.known[uri]

    the_opener = Opener()
    """
SPACE = """
    class Handler:
        pass

    class Space:
        def __init__(self) -> None:
            self._handlers = {}

        def on_collision(self, first: int | None = None, second: int | None = None) -> None:
            if first is not None:
                self._handlers[first, second] = Handler()  # stored

        def on_start(self) -> None:
            self._handlers["start"] = Handler()

    class World:
        def __init__(self) -> None:
            self.space = Space()
    """
RUNNER = """
    class Command:
        pass

    class Runner:
        def __init__(self):
            self.commands = {}

        def register(self, command):
            self.commands[command.label(3), command.alias.first] = command  # stored

    runner = Runner()
    """


def _proven(
    folder: Path, text: str, container: str, symbol: str = "", path: tuple[str, ...] = (), **more: str
) -> Verdict:
    file = folder / "program.py"
    file.write_text(textwrap.dedent(text))
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if "# stored" in text)
    found: Finding = finding(folder, "program", container, **more)
    assert found.probe is not None
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    probe = replace(
        found.probe, stores=(f"{file}:{line}",), digest=digest, symbol=symbol or found.probe.symbol, path=path
    )
    return verify([replace(found, probe=probe)], VerifyOptions())[0].verdict or pytest.fail("no verdict")


def test_the_function_that_stores_is_called_where_making_the_object_does_not_lead_there(tmp_path: Path) -> None:
    verdict = _proven(tmp_path, REGISTER, "_mapping", subject="Chart")
    assert (verdict.status, verdict.reason) == (
        "confirmed",
        "_mapping grows with every call of program:add_mapping and never shrinks",
    )
    assert verdict.values == "face: annotation; bold: annotation"


def test_a_private_method_that_stores_is_reached_by_its_callers_on_the_programs_object(tmp_path: Path) -> None:
    verdict = _proven(tmp_path, OPENER, "the_opener.known", subject="Connection")
    assert (verdict.status, verdict.survivors > 8) == ("confirmed", True)
    assert "Connection" in verdict.path[-1]
    assert verdict.made_by.endswith("then open")


WORLDS = (
    textwrap.dedent(SPACE)
    + """

worlds = {"first": [World()]}


def collide(number: int) -> None:
    worlds["first"][0].space.on_collision(number, number)
"""
)


def test_the_container_of_each_object_is_watched_on_one_that_the_program_has(tmp_path: Path) -> None:
    more = {"symbol": "program:Space._handlers", "subject": "Space", "track": "growth"}
    verdict = _proven(tmp_path, WORLDS, "", trigger="method:on_collision", **more)
    assert (verdict.status, verdict.fit) == ("confirmed", "linear")
    assert verdict.reason == "Space._handlers grows with every call of program:collide and never shrinks"


def test_methods_of_what_lies_deeper_are_not_what_users_call(tmp_path: Path) -> None:
    more = {"symbol": "program:Space._handlers", "subject": "Space", "track": "growth"}
    text = WORLDS.partition("def collide")[0]
    assert _proven(tmp_path, text, "", trigger="method:on_collision", **more).status == "unreached"


def test_an_object_that_leads_to_the_one_with_the_container_is_used_for_its_methods(tmp_path: Path) -> None:
    more = {"symbol": "program:Space._handlers", "subject": "World", "track": "subject"}
    text = textwrap.dedent(SPACE) + "\n    def collide(self, number: int) -> None:\n"
    text += "        self.space.on_collision(number, 1)\n\n\nclass Game:\n    world = World()\n"
    verdict = _proven(tmp_path, text, "", trigger="method:collide", **more)
    assert (verdict.status, verdict.fit) == ("confirmed", "linear")


def test_an_object_that_is_made_for_the_purpose_shows_nothing_of_one_that_stays(tmp_path: Path) -> None:
    more = {"symbol": "program:Space._handlers", "subject": "Space", "track": "growth"}
    verdict = _proven(tmp_path, SPACE, "", trigger="method:on_collision", **more)
    assert verdict.status == "unreached"


def test_that_a_container_does_not_grow_on_another_way_shows_nothing(tmp_path: Path) -> None:
    text = SPACE.replace("  # stored", "").replace('"start"] = Handler()', '"start"] = Handler()  # stored')
    more = {"symbol": "program:Space._handlers", "subject": "Space", "track": "growth"}
    verdict = _proven(tmp_path, text, "", trigger="method:on_start", **more)
    assert verdict.status == "unreached"


def test_a_stand_in_that_is_stored_shows_nothing(tmp_path: Path) -> None:
    assert _proven(tmp_path, RUNNER, "runner.commands", subject="Command").status == "unreached"


@pytest.mark.parametrize("track", ["growth", "subject"])
def test_a_container_that_only_an_example_leads_to_goes_with_its_object(tmp_path: Path, track: str) -> None:
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "colours.py").write_text("from program import Space\n\nspace = Space()\n")
    more = {"symbol": "program:Space._handlers", "subject": "Space", "track": track}
    path = ("program.examples.colours.space", "_handlers")
    verdict = _proven(tmp_path, SPACE, "", trigger="method:on_collision", path=path, **more)
    assert verdict.status == "refuted"
    assert verdict.reason.endswith("only an example keeps such a one (program.examples.colours.space)")


def test_the_probe_tells_by_which_way_the_object_is_reached(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(WORLDS)
    found = check([str(tmp_path)], Settings(confidence="low")).findings
    paths = {item.symbol: item.probe.path for item in found if item.probe is not None}
    assert paths["program:Space._handlers"][0] == "program.worlds"


SCOPES = """
    from contextlib import contextmanager

    _scopes = {}

    @contextmanager
    def scope(key):
        _scopes[key] = object()  # stored
        yield
        del _scopes[key]

    class Node:
        def __init__(self, name: str) -> None:
            self.name = name

        def run(self) -> None:
            with scope(self.name):
                pass
    """


def test_what_a_with_block_leaves_in_an_error_is_seen_where_the_findings_act_ends_it(tmp_path: Path) -> None:
    verdict = _proven(tmp_path, SCOPES, "_scopes", subject="Node", trigger="method:run", track="growth")
    assert (verdict.status, "when the with block ends in an error" in verdict.reason) == ("confirmed", True), verdict


RESOURCES = """
    _resources = {}

    def resource(requirement: str, place: str) -> None:
        _resources.setdefault(requirement, []).append(place)  # stored
    """


def test_equal_values_are_said_to_add_entries_only_where_nothing_else_is_another_one(tmp_path: Path) -> None:
    more = {"trigger": "call:program:resource", "track": "argument:1"}
    verdict = _proven(tmp_path, RESOURCES, "_resources", **more)
    assert (verdict.status, "equal" in verdict.reason) == ("confirmed", False)
    alone = RESOURCES.replace("requirement: str, place", "place").replace("setdefault(requirement", "setdefault(1")
    verdict = _proven(tmp_path, alone, "_resources", trigger="call:program:resource", track="argument:0")
    assert (verdict.status, "even if given what is equal" in verdict.reason) == ("confirmed", True)


def test_the_heap_tells_nothing_of_a_container_that_is_made_anew_with_its_object(tmp_path: Path) -> None:
    text = SPACE.replace("self._handlers = {}", "self._handlers = []").replace(
        "self._handlers[first, second] =", "self._handlers +="
    )
    text = text.replace("Handler()  # stored", "[Handler()]  # stored").replace("if first is not None:", "if True:")
    more = {"symbol": "program:Space._handlers", "subject": "Space", "track": "growth", "kind": "list"}
    verdict = _proven(tmp_path, text, "", trigger="method:on_collision", **more)
    assert (verdict.status, verdict.reason) == ("unreached", "no container whose entries could be counted was found")
