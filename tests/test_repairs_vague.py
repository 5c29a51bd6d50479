"""Which files are looked at in full for the uses of an attribute: none is left out that has one."""

from __future__ import annotations

from pathlib import Path

import pytest
from repairing import holder_of, lines, program_of, weak

from leaklint.config import Settings
from leaklint.deep import deep_recursion
from leaklint.engine import check
from leaklint.repairs import uses
from leaklint.repairs.files import Files
from leaklint.repairs.program import Program, ReportedHolder
from leaklint.repairs.references import reaching

HOME = """
class Base:
    pass


class Owner(Base):
    reg = {}
    __own = {}

    def add(self, key):
        self.reg[key] = self
        self.__own[key] = self


class Heir(Owner):
    pass


class Other:
    def __init__(self):
        self.reg = []


KNOWN = Owner()
"""
OTHERS = {
    "its own class": "from home import Owner\n\ndef f(k):\n    Owner.reg.pop(k)\n",
    "an heir": "from home import Heir\n\nclass Third(Heir):\n    def f(self, k):\n        return self.reg[k]\n",
    "a class beside": "from home import Base\n\nclass Mixin(Base):\n    def f(self):\n        return self.reg\n",
    "a class above": "import home\n\nclass M:\n    def f(self):\n        return self.reg\n\nclass T(home.Owner, M): ...\n",
    "an object": "from home import KNOWN\n\ndef f():\n    return len(KNOWN.reg)\n",
    "a new object": "from home import Owner\n\ndef f():\n    return Owner().reg\n",
    "a parameter": "def f(x):\n    x.reg.clear()\n",
    "a parameter of its class": "from home import Owner\n\ndef f(x: Owner):\n    for one in x.reg:\n        print(one)\n",
    "a parameter of another class": "from home import Other\n\ndef f(x: Other):\n    return x.reg\n",
    "a result": "def f(x):\n    return x().reg\n",
    "an element": "def f(xs):\n    for x in xs:\n        x.reg['a'] = 1\n",
    "getattr": "def f(x):\n    return getattr(x, 'reg')\n",
    "getattr of another": "def f(x):\n    return getattr(x, 'rag'), x.reg_\n",
    "self of a foreign class": "class Foreign:\n    def f(self):\n        return self.reg\n",
    "an attribute of self": "class Foreign:\n    def f(self):\n        return self.x.reg\n",
    "self in a closure": "from home import Heir\n\nclass T(Heir):\n    def f(self):\n        return lambda: self.reg\n",
    "two of one name": "from home import Owner\n\ndef f(x: str):\n    return x.reg\n\ndef f(x: Owner):\n    return x.reg\n",
    "a name bound to it": "from home import Owner\n\ndef f():\n    reg = Owner.reg\n    return json(reg)\n",
    "a default": "from home import Owner\n\ndef f(x=Owner.reg):\n    return x\n",
    "a decorator": "from home import Owner\n\n@Owner.reg.get\ndef f():\n    pass\n",
    "a class body": "from home import Owner\n\nclass A:\n    reg = Owner.reg\n    more = reg\n",
    "something else": "import os\n\ndef f():\n    return os.reg, 'reg'\n",
}


def test_a_class_above_an_heir_is_looked_at() -> None:
    program = program_of({"home.py": HOME, "other.py": OTHERS["a class above"]})
    assert "other.py" in {use[0] for use in _uses(program, "Owner.reg")}


def test_a_part_of_something_may_be_what_leaks() -> None:
    """Of an object that is known to live on, an attribute of an attribute may be the holder, whoever reads the file first."""
    program = program_of({"home.py": HOME, "other.py": OTHERS["an attribute of self"]})
    told = program_of(
        {"home.py": HOME, "other.py": OTHERS["an attribute of self"]}, reported=[ReportedHolder("home", "Owner.reg")]
    )
    assert "other.py" in {use[0] for use in _uses(told, "Owner.reg")} - {use[0] for use in _uses(program, "Owner.reg")}


def _uses(program: Program, name: str) -> list[tuple[str, int, int, bool]]:
    found = uses.Finder(Files(program), holder_of(program, name)).uses()
    return [(use.file.path, use.file.start(use.node), use.depth, use.sure) for use in found]


@pytest.mark.parametrize(
    ("other", "passes"),
    [
        ("its own class", True),
        ("an heir", True),
        ("a class beside", False),
        ("a class above", True),
        ("an object", True),
    ]
    + [("a new object", True), ("a parameter", True), ("a parameter of its class", True), ("getattr", True)]
    + [("a parameter of another class", False), ("a result", False), ("an element", True), ("a decorator", True)]
    + [("getattr of another", False), ("self of a foreign class", False), ("an attribute of self", False)]
    + [("self in a closure", True), ("two of one name", True), ("a name bound to it", True), ("a default", True)]
    + [("a class body", True), ("something else", False)],
)
def test_files_that_have_nothing_to_do_with_it_are_told(other: str, passes: bool) -> None:
    program = program_of({"home.py": HOME, "other.py": OTHERS[other]})
    assert reaching(program, ["other"], holder_of(program, "Owner.reg")) == ["other"] * passes


@pytest.mark.parametrize("other", ["its own class", "an heir", "an object", "a parameter", "a class body"])
def test_private_names_are_those_of_their_class(other: str) -> None:
    program = program_of({"home.py": HOME, "other.py": OTHERS[other].replace("reg", "_Owner__own")})
    assert reaching(program, ["other"], holder_of(program, "Owner._Owner__own"))
    assert "other.py" in {use[0] for use in _uses(program, "Owner._Owner__own")}


OVERRIDDEN = lines("""
    class Boat:
        built = []

        def __init__(self):
            self.built.append(self)

        @classmethod
        def count(cls):
            return len(cls.built)
    """)


@pytest.mark.parametrize(
    ("body", "safety"),
    [
        ("built = []", "none"),
        ("built = list()\n\nclass Canoe(Raft):\n    pass", "none"),
        ("built = deque(maxlen=3)", "none"),
        ("@property\n    def built(self):\n        return LISTED", "none"),
        ("def __init__(self):\n        self.built = []\n        super().__init__()", "none"),
        ("built: list", "safe"),
        ("built_by = []", "safe"),
        ("def count(self):\n        return 0", "safe"),
    ],
)
def test_a_subclass_may_have_something_else_in_the_place_of_the_container(body: str, safety: str) -> None:
    other = f"from collections import deque\nfrom mod import Boat\n\nLISTED = []\n\n\nclass Raft(Boat):\n    {body}\n"
    fix = weak({"mod.py": OVERRIDDEN, "rafts.py": other}, "mod:Boat.built", "Boat", side="element")
    assert (fix.safety, "may be this container or another one" in fix.reason) == (safety, safety == "none"), fix.reason
    named = OVERRIDDEN.replace("self.built", "Boat.built").replace("cls.built", "Boat.built")
    assert weak({"mod.py": named, "rafts.py": other}, "mod:Boat.built", "Boat", side="element").safety == "safe"


def test_a_chain_of_any_length_is_followed() -> None:
    chain = "x" + ".a" * 900
    program = program_of({"home.py": HOME, "other.py": f"def f(x):\n    return {chain}.reg\n"})
    with deep_recursion():  # as in a run
        assert reaching(program, ["other"], holder_of(program, "Owner.reg"))


def test_too_much_to_look_at_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No repair looks at megabytes of source; and what was not looked at is not taken for looked at by the next one."""
    text = "class C{0}:\n    items = []\n\n    def __init__(self):\n        C{0}.items.append(self)\n"
    for number in range(4):
        (tmp_path / f"m{number}.py").write_text(text.format(number) + "\n\ndef f(x):\n    x.items.append(1)\n")
    settings = Settings(root=str(tmp_path), confidence="low")
    found = check([str(tmp_path)], settings).findings
    assert found and not any("decide by hand" in one.fix.reason for one in found)
    monkeypatch.setattr("leaklint.repairs.files._WIDEST", 300)
    found = check([str(tmp_path)], settings).findings
    assert found and all("may mean it by items: decide by hand" in one.fix.reason for one in found)
