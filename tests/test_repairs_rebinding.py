"""Attributes that keep what is stored until they are given something else: what is read back later has no other owner then."""

from __future__ import annotations

import pytest
from repairing import executed, lines, repaired, weak

WALK = lines("""
    class Page:
        def __init__(self, name):
            self.name = name

    class Walk:
        trail = []

        def __init__(self, start):
            self.here = start

        def go(self, page):
            STORE

        def back(self):
            READ

    class Other:
        def go(self, page):
            self.there = page
    """)


@pytest.mark.parametrize(
    ("store", "read"),
    [
        ("self.trail.append(self.here)\n        self.here = page", "self.here = self.trail.pop()"),
        ("self.here = page\n        self.trail.append(self.here)", "return self.trail[-1].name"),
        ("self.here = page\n        self.trail.append(page)", "return [one.name for one in self.trail]"),
        ("one = self.here = Page(1)\n        self.trail.append(one)", "return self.trail[0]"),
        ("self.trail.append(self.here)", "self.here = self.trail.pop()"),
    ],
)
def test_what_was_there_before_is_kept_by_nothing_else(store: str, read: str) -> None:
    fix = weak(WALK.replace("STORE", store).replace("READ", read), "Walk.trail", "Page", side="element")
    assert (fix.safety, fix.edits) == ("none", ()), fix.reason
    assert "self.here keeps it only until it is set again at mod.py" in fix.reason


@pytest.mark.parametrize(
    ("store", "read", "safety"),
    [
        ("self.trail.append(self.here)", "return page in self.trail", "safe"),
        ("self.trail.append(self.here)", "self.here = None", "safe"),
        ("self.trail.append(self.here)", "return [one.name for one in self.trail]", "unsafe"),
        ("self.here = page\n        self.trail.append(self.here)", "return page in self.trail", "unsafe"),
        ("self.there = page\n        self.trail.append(self.here)", "del self.here", "safe"),
    ],
)
def test_what_the_attribute_keeps_for_good_may_be_weak(store: str, read: str, safety: str) -> None:
    text = WALK.replace("STORE", store).replace("READ", read).replace("def back(self)", "def back(self, page=None)")
    fix = weak(text, "Walk.trail", "Page", side="element")
    assert fix.safety == safety, fix.reason
    script = """
        page = Page("a")
        walk = Walk(page)
        walk.go(page)
        seen.append([one.name for one in walk.trail])
        """
    assert executed(repaired(text, fix)["mod.py"], script) == executed(text, script) == [["a"]]
    gone = "walk = Walk(Page('a'))\nwalk.go(walk.here)\ndel walk\nseen.append(len(Walk.trail))"
    assert executed(repaired(text, fix)["mod.py"], gone) == [0]
