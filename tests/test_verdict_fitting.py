"""Parameters of which nothing says the type: the program's classes that fit them, classes, and the subclass that users make."""

from __future__ import annotations

from pathlib import Path

import pytest
from programs_proven import proven

from leaklint.model import Verdict
from leaklint_runtime import documented, fitting

PROGRAMS = {
    "by_its_name": """
        _by_id = {}
        class State:
            def __init__(self, name):
                self.name = name
                self.label = name.upper()
        def register(state):
            _by_id[state.label.lower()] = state
        """,
    "by_its_attributes": """
        _parts = []
        class Workbook:
            path = "/book"
            def __init__(self):
                self.mime_type = "text/plain"
        class Part:
            def __init__(self, obj):
                self.name, self.kind = obj.path.strip("/"), obj.mime_type.partition("/")[0]
                _parts.append(self)
        """,
    "a_class": """
        _clones = {}
        def listen(receiver, owner):
            for base in owner.__bases__:
                _clones.setdefault(base, [])
            _clones.setdefault(owner, []).append(receiver)
        """,
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    return proven(tmp_path_factory.mktemp("programs"), PROGRAMS)


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_fits_is_passed(verdicts: dict[str, Verdict], name: str) -> None:
    assert (verdicts[name].status, verdicts[name].values != "") == ("confirmed", True), verdicts[name]


@pytest.mark.parametrize("name", ["by_its_name", "by_its_attributes"])
def test_who_says_that_it_fits_is_told(verdicts: dict[str, Verdict], name: str) -> None:
    assert "a class that fits" in verdicts[name].values


class Machine:
    def __init__(self) -> None:
        self.speed = 1


class Text:
    def upper(self) -> str:
        return ""

    def strip(self) -> str:
        return ""


def test_what_a_built_in_type_has_as_well_tells_nothing() -> None:
    def use(text, machine, other, made, called):  # type: ignore[no-untyped-def]
        made = called()
        return text.upper(), text.strip(), machine.speed, other.speed, made.speed

    home = __name__.partition(".")[0]
    found = {name: fitting.classes(use, name, home) for name in ("text", "machine", "other", "made", "called")}
    assert found == {"text": (), "machine": (Machine,), "other": (), "made": (), "called": ()}


def test_what_only_classes_have_is_asked_of_a_class() -> None:
    def use(kind, name):  # type: ignore[no-untyped-def]
        return issubclass(kind, name.thing)

    assert documented.types(use, ["kind", "name"]) == {"kind": type}


def test_the_subclass_that_the_package_offers_is_made(tmp_path: Path) -> None:
    package = tmp_path / "registry"
    package.mkdir()
    (package / "__init__.py").write_text("from .full import Registry\n")
    (package / "plain.py").write_text(PLAIN)
    (package / "full.py").write_text(FULL)
    (verdict,) = proven_in(tmp_path)
    assert (verdict.status, "of the subclass Registry" in verdict.made_by) == ("confirmed", True), verdict


PLAIN = """
_made = []


class Plain:
    def __init__(self):
        self.unit = self.unit_class()
        _made.append(self)
"""
FULL = """
from .plain import Plain


class Almost(Plain):
    pass


class Registry(Almost):
    unit_class = dict
"""


def proven_in(folder: Path) -> list[Verdict]:
    from probes import finding

    from leaklint.proof import VerifyOptions, verify

    found = verify([finding(folder, "registry.plain", "_made", "list", subject="Plain")], VerifyOptions())
    return [item.verdict for item in found if item.verdict is not None]


WAYS = {
    "as_an_example_does": '''
        _machines = []
        class Machine:
            """A machine that is declared by a class below it.

            >>> class Door(Machine):
            ...     states = ["open", "closed"]
            >>> door = Door()
            >>> door.state
            'open'
            """
            def __init__(self):
                self.state = self.states[0]
                _machines.append(self)
        ''',
    "after_another_method": """
        _types = []
        class Manifest:
            def __init__(self):
                self.parts = []
            def append(self, name: str) -> None:
                self.parts.append(name)
            @property
            def endings(self):
                return [part[-3:] for part in self.parts]
            def to_tree(self):
                for ending in self.endings:
                    _types.append(self)
        """,
}


@pytest.fixture(scope="module", name="ways")
def _ways(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    return proven(tmp_path_factory.mktemp("ways"), WAYS)


def test_an_object_is_made_as_an_example_does(ways: dict[str, Verdict]) -> None:
    verdict = ways["as_an_example_does"]
    assert (verdict.status, verdict.values) == ("confirmed", "the example: shown at as_an_example_does.py:3"), verdict


def test_another_method_is_called_before(ways: dict[str, Verdict]) -> None:
    verdict = ways["after_another_method"]
    assert (verdict.status, verdict.made_by) == ("confirmed", "no arguments, after append, then to_tree"), verdict
