"""A container on a class that holds the state of one instance: each makes it for itself, in its ``__init__``."""

from __future__ import annotations

import pytest
from repairing import executed, holder_of, lines, program_of, repaired

from leaklint.model import Fix
from leaklint.repairs import for_each

WALK = lines("""
    class Base:
        def __init__(self, here, *, name="base"):
            self.here = here
            self.name = name

    class Mixin:
        pass

    class Walk(Base, Mixin):
        '''Goes and comes back.'''
        trail = []

        def go(self, page):
            self.trail.append(self.here)
            self.here = page
            return self

        def back(self):
            if self.trail:
                self.here = self.trail.pop()
            return self.here

    class Fast(Walk):
        step = 2
    """)
SCRIPT = """
    one, two = Walk("a", name="one"), Fast("x")
    one.go("b").go("c")
    seen += [one.back(), one.back(), one.back(), one.name, two.go("y").back(), two.name]
    try:
        Walk()
    except TypeError:
        seen.append("needs a start")
    """


def own(text: str) -> Fix:
    """Ask for the repair of ``Walk.trail``."""
    program = program_of(text)
    return for_each(program, holder_of(program, "Walk.trail"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("    trail = []\n", ""),
        ("    trail = []  # newest last\n", ""),
        ("    trail = []; size = 3  # newest last\n", "    size = 3  # newest last\n"),
        ("    size = 3; trail = []\n", "    size = 3\n"),
        ("    trail: list[str] = []\n", "    trail: list[str]\n"),
        ("    trail = list()\n", ""),
    ],
)
def test_each_instance_makes_its_own(before: str, after: str) -> None:
    text = WALK.replace("    trail = []\n", before)
    fix = own(text)
    changed = repaired(text, fix)["mod.py"]
    assert fix.safety == "unsafe" and "no Walk counts on what another one has put into trail" in fix.reason
    assert f"'''Goes and comes back.'''\n{after}" in changed and changed.count("trail = ") == 1
    assert executed(changed, SCRIPT) == executed(text, SCRIPT)
    shared = "one, two = Walk('a'), Walk('x')\none.go('b')\nseen.append(two.back())"
    assert (executed(changed, shared), executed(text, shared)) == (["x"], ["a"])


@pytest.mark.parametrize("doc", ["", "'''Start.'''\n        "])
def test_an_initialiser_that_is_there_makes_it_first(doc: str) -> None:
    given = f"def __init__(self, here, name='w'):\n        {doc}super().__init__(here, name=name)\n\n    def go"
    text = WALK.replace("def go", given)
    changed = repaired(text, own(text))["mod.py"]
    assert f"{doc}self.trail = []\n        super()" in changed
    assert executed(changed, SCRIPT) == executed(text, SCRIPT)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("step = 2", "step = len(Walk.trail)"),
        ("step = 2", "def all(self): return type(self).trail"),
        ("step = 2", "trail = ['start']"),
        ("step = 2", "def __init__(self, here): self.here = here"),
        ("class Fast(Walk)", "class Other:\n    def __init__(self, here): self.here = here\n\nclass Fast(Other, Walk)"),
        ("class Fast(Walk)", "class Fast(Mixin, Walk)"),
        ("step = 2", "def __init__(self, walk): self.trail = walk.trail"),
        ("class Walk(Base, Mixin)", "@decorated\nclass Walk(Base, Mixin)"),
        ("class Walk(Base, Mixin)", "class Walk(Base, metaclass=Meta)"),
        ("trail = []", "__slots__ = ()\n    trail = []"),
        ("trail = []", "trail = ['start']"),
        ("self.trail.append(self.here)", "self.trail.append(page)"),
        ("self.trail.append(self.here)", "self.trail.append(self)"),
        ("self.here = self.trail.pop()", "return self.trail.pop()"),
        ("self.here = self.trail.pop()", "print(self.trail)"),
        ("self.here = self.trail.pop()", "self.here = self.trail.pop()\n            keep(self.trail)"),
        ("step = 2", "step = 2\n\ndef look(walk):\n    return walk.trail"),
        ("step = 2", "step = 2\n\ndef went(page):\n    Walk(page).go(page)"),
        ("step = 2", "step = 2\n\ndef made():\n    return Walk.__new__(Walk)"),
    ],
)
def test_what_may_be_shared_on_purpose_is_left(before: str, after: str) -> None:
    fix = own(WALK.replace(before, after, 1))
    assert (fix.safety, fix.edits) == ("none", ()), fix.reason


def test_what_another_file_puts_in_is_looked_at_there() -> None:
    other = "def note(walk, page):\n    walk.trail.append(page.name)\n"
    program = program_of({"mod.py": WALK, "other.py": other})
    fix = for_each(program, holder_of(program, "Walk.trail"))
    assert fix.safety == "none" and "walk.trail at other.py:2 is asked of the class, or of another object" in fix.reason
