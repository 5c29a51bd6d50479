"""Bytes that go with a leaked object, and holders that are attributes of one long-lived object."""

from __future__ import annotations

from pathlib import Path

import pytest
from probes import finding

from leaklint import proof
from leaklint.model import Verdict

KEPT = """
class Shared:
    def __init__(self):
        self.data = bytes(60_000)


class Part:
    every = {}

    def __init__(self, shared):
        self.shared = shared
        Part.every[id(self)] = self


class Whole(Part):
    def __init__(self):
        super().__init__(Shared())
        self.parts = [Part(self.shared), Part(self.shared)]
"""
FIELD = """
from weakref import WeakKeyDictionary


class Field:
    def __init__(self):
        self.values = {}

    def __get__(self, owner, kind):
        return self.values[owner]

    def __set__(self, owner, value):
        self.values[owner] = value
"""
SEAT = """

class Model:
    name = Field()
"""
HUB = """
class Hub:
    def __init__(self):
        self.listeners = []


HUB = Hub()


class Widget:
    def __init__(self):
        HUB.listeners.append(self)
"""


def verdict(folder: Path, text: str, container: str, kind: str, **more: str) -> Verdict:
    """Return what is proven of a module that holds ``text``."""
    (folder / "kept.py").write_text(text)
    (proven,) = proof.verify([finding(folder, "kept", container, kind, **more)], proof.VerifyOptions(timeout=30))
    assert proven.verdict is not None
    return proven.verdict


def test_what_only_leaked_objects_share_goes_with_them(tmp_path: Path) -> None:
    found = verdict(tmp_path, KEPT, "Part.every", "dict", subject="Whole")
    assert (found.status, found.container_growth) == ("confirmed", 3.0)
    assert found.bytes_per_instance is not None
    assert 60_000 < found.bytes_per_instance < 64_000


def test_what_others_use_does_not_go_with_it(tmp_path: Path) -> None:
    text = KEPT.replace("__init__(Shared())", "__init__(SHARED)") + "\n\nSHARED = Shared()\n"
    found = verdict(tmp_path, text, "Part.every", "dict", subject="Whole")
    assert found.bytes_per_instance is not None
    assert 0 < found.bytes_per_instance < 4_000


@pytest.mark.parametrize("access", ["__set__", "__get__"])
@pytest.mark.parametrize(("seat", "owner"), [(SEAT, "Model"), ("", "LeaklintOwner")])
def test_a_descriptor_is_filled_through_the_class_it_sits_on(
    tmp_path: Path, seat: str, owner: str, access: str
) -> None:
    text = FIELD.replace("self.values[owner]\n", "self.values.setdefault(owner, [])\n", 1) + seat
    probe = {"subject": "Field", "trigger": f"method:{access}", "track": "growth"}
    found = verdict(tmp_path, text, "Field.values", "dict", **probe)
    assert (found.status, found.path[-1], found.container_growth) == ("confirmed", owner, 1.0)
    assert found.path[found.suspect] == ".values"
    assert found.cause.endswith("with a WeakKeyDictionary in its place 0 of 4 new ones stay")


@pytest.mark.parametrize("seat", [SEAT, ""])
def test_a_repaired_descriptor_is_refuted(tmp_path: Path, seat: str) -> None:
    text = FIELD.replace("= {}", "= WeakKeyDictionary()") + seat
    found = verdict(tmp_path, text, "Field.values", "dict", subject="Field", trigger="method:__set__", track="growth")
    assert (found.status, found.container_growth) == ("refuted", 0.0)


def test_a_holder_may_be_an_attribute_of_one_long_lived_object(tmp_path: Path) -> None:
    found = verdict(tmp_path, HUB, "Hub.listeners", "list", subject="Widget")
    assert (found.status, found.container_growth) == ("confirmed", 1.0)
    assert found.path[:5] == ("module kept", ".HUB", "Hub", ".listeners", "list")
    assert found.path[found.suspect] == ".listeners"
    assert found.cause
