"""The gate lets through whatever can leak: with it off, the findings are the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaklint.config import Settings
from leaklint.engine import Scanned, analyse, check
from leaklint.gate import admits, scan
from leaklint.source import Source

FIXTURES = Path(__file__).parents[1] / "fixtures"
LOW = Settings(confidence="low", exclude=(), extend_exclude=())


@pytest.mark.parametrize("name", ["bad.py", "ok.py", "bad.fixed.py", "unrepaired.py"])
def test_over_the_fixtures(name: str) -> None:
    files = sorted(map(str, FIXTURES.glob(f"*/{name}")))
    assert files
    gated = check(files, LOW).findings
    assert gated == check(files, Settings(confidence="low", exclude=(), extend_exclude=(), gate=False)).findings
    assert bool(gated) == (name in {"bad.py", "unrepaired.py", "ok.py"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "import os\nNAMES = ['a', 'b']\ndef f(x):\n    return NAMES[x]\n",
        "class A:\n    def __init__(self):\n        self.x = []\n        self.x.append(1)\n",
        "def f():\n    found = []\n    found.append(1)\n    return found\n",
        "TABLE = {}\nTABLE['a'] = 1\nfor name in 'bc':\n    TABLE[name] = 2\n",
        "x = 1\n",
        "class A:\n    names = ('a', 'b')\n    def f(self):\n        return self.names\n",
        "import logging\nlog = logging.getLogger(__name__)\n",
        "def f(*, a=1, b=None):\n    with open(a) as stream:\n        return [line for line in stream]\n",
    ],
)
def test_plain_files_are_not_read_in_full(text: str) -> None:
    assert not admits(ast.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "R = []\ndef f(x):\n    R.append(x)\n",
        "R = {}\ndef f(x):\n    alias = R\n    alias[x] = 1\n",
        "R = {}\nclass A:\n    def f(self):\n        for r in (R,):\n            r[self] = 1\n",
        "class A:\n    r = None\n    def f(self):\n        A.r = []\n        A.r.append(self)\n",
        "def f(x, memo={}):\n    memo[x] = 1\n",
        "import functools\nclass A:\n    @functools.cache\n    def f(self): ...\n",
        "from functools import cache as c\nclass A:\n    @c\n    def f(self): ...\n",
        "from signal import signal as on\nclass A:\n    def __init__(self):\n        on(2, self.f)\n",
        "import atexit\nclass A:\n    def __init__(self):\n        atexit.register(self.f)\n",
        "R = []\nadd = R.append\ndef f(x):\n    add(x)\n",
        "import heapq\nR = []\ndef f(x):\n    heapq.heappush(R, x)\n",
        "def memo(f):\n    seen = {}\n    def g(*a):\n        seen[a] = f(*a)\n    return g\n",
    ],
)
def test_what_may_leak_is_read_in_full(text: str) -> None:
    assert admits(ast.parse(text))


def test_deep_trees_do_not_recurse() -> None:
    node: ast.expr = ast.Name("x", ast.Load())
    for _ in range(20_000):
        node = ast.Attribute(node, "a", ast.Load())
    assert not admits(ast.Module([ast.Expr(node)], []))


# Programs of random pieces: containers of every scope, filled in every way, by every kind of value.
_HOLDERS = st.sampled_from(
    ["{}", "[]", "set()", "None", "collections.defaultdict(list)", "Table()", "weakref.WeakSet()"]
)
_FILLS = st.sampled_from(
    [
        "{c}[{v}] = 1",
        "{c}[1] = {v}",
        "{c}.append({v})",
        "{c}.add({v})",
        "{c}.setdefault({v}, []).append({v})",
        "{c}.update({{1: {v}}})",
        "{c} += [{v}]",
        "alias = {c}; alias.append({v})",
        "for one in [{c}]: one.append({v})",
        "heapq.heappush({c}, {v})",
        "keep({c}, {v})",
        "keep({v}, {c})",
        "{c}[{v}].append({v})",
        "(lambda: {c}.append({v}))()",
        "[{c}.append(x) for x in [{v}]]",
        "if len({c}) < 3: {c}.append({v})",
        "{c}.pop({v})",
        "{c}.clear()",
    ]
)
_PLACES = st.sampled_from(["Part.held", "self.held", "type(self).held", "HELD", "self.__class__.held", "hub.held"])
_VALUES = st.sampled_from(["self", "self.close", "lambda: self", "id(self)", "Part()", "arg", "'x'", "(self, 1)"])
_PROGRAM = """\
import atexit, collections, heapq, weakref
class Table(dict): pass
class Hub:
    def __init__(self): self.held = {hub}
hub = Hub()
HELD = {module}
def keep(where, what):
    where.append(what)
class Part:
    held = {klass}
    def __init__(self, arg=None):
        {first}
    def close(self, arg=None):
        {second}
    def __del__(self):
        {third}
"""


def _filled(statement: str, place: str, value: str) -> str:
    return statement.format(c=place, v=value)


_STATEMENT = st.builds(_filled, _FILLS, _PLACES, _VALUES)
_TEXT = st.builds(
    lambda hub, module, klass, first, second, third: _PROGRAM.format(
        hub=hub, module=module, klass=klass, first=first, second=second, third=third
    ),
    _HOLDERS,
    _HOLDERS,
    _HOLDERS,
    _STATEMENT,
    _STATEMENT,
    _STATEMENT,
)


def _found(texts: dict[str, str], gate: bool) -> list[tuple[str, int, int, str]]:
    sources = {path: Source(path, text) for path, text in texts.items()}
    scanned = [
        Scanned(path, path, "", path.removesuffix(".py").replace("/", "."), scan(source.tree))
        for path, source in sources.items()
    ]
    findings, _, problems = analyse(scanned, sources, Settings(confidence="low", gate=gate))
    assert problems == []
    return [finding.place for finding in findings]


@settings(max_examples=60, deadline=None)
@given(_TEXT)
def test_generated_programs(text: str) -> None:
    assert _found({"mod.py": text}, True) == _found({"mod.py": text}, False)


@settings(max_examples=40, deadline=None)
@given(_TEXT, st.sampled_from(["Part", "HELD", "keep", "hub"]), _STATEMENT)
def test_generated_programs_of_two_files(text: str, name: str, statement: str) -> None:
    user = f"import heapq\nfrom mod import {name}\nclass User:\n    def __init__(self, arg):\n        {statement}\n"
    texts = {"mod.py": text, "user.py": user}
    assert _found(texts, True) == _found(texts, False)


_KEEP = "def keep(where, key, what):\n    where[key] = what\n"
_CLASS = "class Part:\n    def __init__(self):\n        {}\n"
_ACROSS: list[tuple[dict[str, str], list[str]]] = [
    # handed to a function that fills what it is given: here, elsewhere, through self, to a constructor, by another name
    ({"mod.py": f"{_KEEP}HELD = {{}}\n{_CLASS.format('keep(HELD, id(self), self)')}"}, ["mod.py"]),
    (
        {
            "lib.py": _KEEP,
            "mod.py": f"from lib import keep\nHELD = {{}}\n{_CLASS.format('keep(HELD, id(self), self)')}",
        },
        ["mod.py"],
    ),
    (
        {"lib.py": _KEEP, "mod.py": f"import lib as l\nHELD = {{}}\n{_CLASS.format('l.keep(HELD, id(self), self)')}"},
        ["mod.py"],
    ),
    (
        {
            "lib.py": _KEEP,
            "base.py": "class Base:\n    held = {}\n",
            "mod.py": "from base import Base\nfrom lib import keep\nclass Part(Base):\n    def __init__(self):\n"
            "        keep(self.held, id(self), self)\n",
        },
        ["base.py"],
    ),
    # filled through an import, by the name it has there or another; through a class; through an object
    (
        {
            "hub.py": "HELD = {}\n",
            "mod.py": f"from hub import HELD as there\n{_CLASS.format('there[id(self)] = self')}",
        },
        ["hub.py"],
    ),
    ({"hub.py": "HELD = []\n", "mod.py": f"import hub\n{_CLASS.format('hub.HELD.append(self)')}"}, ["hub.py"]),
    (
        {
            "hub.py": "class Hub:\n    held = []\n",
            "mod.py": f"from hub import Hub\n{_CLASS.format('Hub.held.append(self)')}",
        },
        ["hub.py"],
    ),
    (
        {
            "hub.py": "class Hub:\n    def __init__(self):\n        self.held = []\n",
            "one.py": "from hub import Hub\nhub = Hub()\n",
            "mod.py": f"from one import hub\n{_CLASS.format('hub.held.append(self)')}",
        },
        ["hub.py"],
    ),
    # filled by an heir of an heir
    (
        {
            "a.py": "class A:\n    held = []\n",
            "b.py": "from a import A\nclass B(A):\n    pass\n",
            "c.py": "from b import B\nclass C(B):\n    def __init__(this):\n        this.held.append(this)\n",
        },
        ["a.py"],
    ),
    # an object is made of an heir that a third file defines
    (
        {
            "opt.py": "class Options:\n    def __init__(self):\n        self.held = {}\n"
            "    def enter(self, part):\n        self.held[id(part)] = part\n",
            "heir.py": "from opt import Options\nclass Mine(Options):\n    pass\n",
            "main.py": "from heir import Mine\nMINE = Mine()\n",
        },
        ["opt.py"],
    ),
    # all of it happens while modules are imported, as the caller of the caller shows
    (
        {
            "hub.py": "HELD = {}\nclass Part: pass\ndef enter():\n    part = Part()\n    HELD[id(part)] = part\n",
            "mid.py": "from hub import enter\ndef setup():\n    enter()\n",
            "start.py": "from mid import setup\nsetup()\n",
        },
        [],
    ),
    # what a function is given, its callers tell; who empties it may stand anywhere
    (
        {
            "hub.py": "HELD = {}\ndef enter(key, what):\n    HELD[key] = what\n",
            "mod.py": f"from hub import enter\n{_CLASS.format('enter(id(self), self)')}",
        },
        ["hub.py"],
    ),
    (
        {
            "hub.py": "HELD = {}\ndef enter(key, what):\n    HELD[key] = what\n",
            "mod.py": f"from hub import enter\n{_CLASS.format('enter(id(self), self)')}",
            "end.py": "from hub import HELD\ndef forget(key):\n    del HELD[key]\n",
        },
        [],
    ),
    (
        {
            "hub.py": "HELD = {}\ndef enter(key, what):\n    HELD[key] = what\ndef reset():\n    HELD.clear()\n",
            "mod.py": f"from hub import enter\n{_CLASS.format('enter(id(self), self)')}",
            "end.py": "import hub\ndef finish():\n    hub.reset()\n",
        },
        [],
    ),
    (
        {
            "deco.py": "def memo(func):\n    seen = {}\n    def call(self):\n        seen[self] = func(self)\n"
            "    return call\n",
            "mod.py": "from deco import memo\nclass Part:\n    @memo\n    def size(self):\n        return 1\n",
        },
        ["deco.py"],
    ),
]


@pytest.mark.parametrize(("texts", "where"), _ACROSS)
def test_leaks_across_files(texts: dict[str, str], where: list[str]) -> None:
    found = _found(texts, True)
    assert found == _found(texts, False)
    assert sorted({place[0] for place in found}) == where


_LINES = [
    line
    for file in sorted(FIXTURES.glob("*/*.py"))
    for line in file.read_text(encoding="utf-8").splitlines()
    if re.match(r" {8}\S", line) and not line.endswith(":") and "(" in line
]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FIXTURES.glob("*/bad.py"))), st.sampled_from(_LINES), st.integers(0, 200))
def test_fixtures_with_a_line_of_another(file: Path, line: str, place: int) -> None:
    """Whatever stands in a method of a fixture may stand anywhere else where it parses."""
    lines = file.read_text(encoding="utf-8").splitlines()
    lines.insert(place % len(lines), line)
    text = "\n".join(lines) + "\n"
    try:
        ast.parse(text)
    except SyntaxError:
        return
    assert _found({"bad.py": text}, True) == _found({"bad.py": text}, False)
