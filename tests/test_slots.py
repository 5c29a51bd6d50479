"""What is noted of values that are replaced does not count among the objects that the collector lists."""

from __future__ import annotations

import gc
import sys
from types import ModuleType

import pytest

from leaklint_runtime.discovery import labelling, slots
from leaklint_runtime.discovery.candidates import item_key, item_step, slot_value


def test_the_collector_lists_little_of_it() -> None:
    gc.collect()
    before = sum(type(thing) is tuple for thing in gc.get_objects())
    noted = slots.SlotHistory()
    noted.take(0.0)
    gc.collect()
    gc.collect()
    assert len(noted._first) > 1000
    assert sum(type(thing) is tuple for thing in gc.get_objects()) - before < 100


@pytest.mark.parametrize("key", ["name", "[odd", "", "#3", 0, 17])
def test_a_step_to_an_entry_tells_its_key(key: object) -> None:
    assert item_key(item_step(key)) == key


def test_a_text_under_a_key_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("made_for_slots")
    module.state = {"parts": [{"log": ""}]}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(slots, "MOST", sys.maxsize)  # however much other tests have imported
    noted = slots.SlotHistory()
    for number in range(6):
        module.state["parts"][0]["log"] += "a line of the log" * 8
        noted.take(float(number))
    (found,) = [slot for slot in noted.grown() if slot.owner is module]
    assert slot_value(found.owner, found.path) == module.state["parts"][0]["log"]
    assert "".join(map(labelling._shown, found.path)) == ".state['parts'][0]['log']"
