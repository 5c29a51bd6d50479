"""What repairs ask of a program: holders and their scopes, who means them across files, what calls hand in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repairing import holder_of, program_of

from leaklint.flow.terms import options
from leaklint.repairs.files import Files
from leaklint.repairs.program import Callee, Program
from leaklint.repairs.roles import role_of
from leaklint.repairs.uses import Finder


def stores(program: Program, symbol: str) -> list[tuple[str, str, str]]:
    """Return (module, function, how) for every call of a method of a holder that is sure to be meant."""
    roles = map(role_of, Finder(Files(program), holder_of(program, symbol)).uses())
    calls = (role for role in roles if role.kind == "call" and role.use.sure and not role.use.depth)
    return sorted((role.file.module.name, role.use.scope.qualname, role.name) for role in calls)


HELD = "HELD = []\nclass Base:\n    every = []\n"


@pytest.mark.parametrize(
    ("imported", "target"),
    [
        ("from hub import HELD", "HELD"),
        ("from hub import HELD as held", "held"),
        ("import hub", "hub.HELD"),
        ("import hub as h", "h.HELD"),
        ("from hub import *", "HELD"),
        ("from again import HELD", "HELD"),
        ("from again import other", "other"),
        ("import again", "again.other"),
        ("from stars import HELD", "HELD"),
    ],
)
def test_imports_lead_to_the_holder(imported: str, target: str) -> None:
    files = {
        "hub.py": HELD,
        "again.py": "from hub import HELD\nfrom hub import HELD as other\n",
        "stars.py": "from hub import *\n",
        "user.py": f"{imported}\ndef f(x):\n    {target}.append(x)\n",
    }
    assert stores(program_of(files), "hub:HELD") == [("user", "f", "append")]


@pytest.mark.parametrize(
    ("path", "imported", "target"),
    [
        ("app/user.py", "from .hub import HELD", "HELD"),
        ("app/user.py", "from . import hub", "hub.HELD"),
        ("app/user.py", "from app import HELD", "HELD"),
        ("app/user.py", "import app.hub", "app.hub.HELD"),
        ("app/sub/user.py", "from ..hub import HELD", "HELD"),
        ("app/sub/user.py", "from .. import HELD", "HELD"),
        ("app/sub/__init__.py", "from ..hub import HELD", "HELD"),
    ],
)
def test_packages(path: str, imported: str, target: str) -> None:
    files = {
        "app/__init__.py": "from .hub import HELD\n",
        "app/hub.py": HELD,
        "app/sub/__init__.py": "",
        path: f"{imported}\ndef f(x):\n    {target}.append(x)\n",
    }
    module = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    assert stores(program_of(files), "app.hub:HELD") == [(module, "f", "append")]


def test_modules_that_import_each_other() -> None:
    files = {
        "a.py": "from b import *\nfrom b import x\nHELD = []\n",
        "b.py": "from a import *\nfrom a import x\ndef f(y):\n    HELD.append(y)\n    x.append(y)\n",
    }
    assert stores(program_of(files), "a:HELD") == [("b", "f", "append")]


def test_inheritance_across_files() -> None:
    files = {
        "base.py": HELD,
        "middle.py": "import base\nclass Middle(base.Base): ...\n",
        "leaf.py": "from middle import Middle\nclass Leaf(Middle):\n    def f(self):\n        self.every.append(self)\n",
    }
    program = program_of(files)
    assert stores(program, "base:Base.every") == [("leaf", "Leaf.f", "append")]
    assert program.heirs("base:Base") == ["leaf:Leaf", "middle:Middle"]


def test_an_instance_attribute_of_a_base_hides_the_class_attribute() -> None:
    files = {
        "base.py": "class Base:\n    def __init__(self):\n        self.every = []\n",
        "leaf.py": "from base import Base\nclass Leaf(Base):\n    every = []\n    def f(self):\n        self.every.append(1)\n"
        "    def g(self):\n        Leaf.every.append(1)\n",
    }
    assert stores(program_of(files), "leaf:Leaf.every") == [("leaf", "Leaf.g", "append")]


def given_to(program: Program, function: str, param: str) -> list[bool]:
    """Return for each call of a function whether it gives ``self`` for a parameter."""
    calls = program.calls(function)
    return [program.is_self(term) for call in calls for term in options(call.bound[param])]


@pytest.mark.parametrize("call", ["keep('a', self)", "keep('a', item=self)", "keep(item=self, name='a')"])
def test_a_helper_of_another_file_is_given_self(call: str) -> None:
    files = {
        "hub.py": "HELD = {}\ndef keep(name, item):\n    HELD[name] = item\n",
        "user.py": f"from hub import keep\nclass User:\n    def __init__(self):\n        {call}\n",
    }
    assert given_to(program_of(files), "hub:keep", "item") == [True]


def test_a_method_of_a_module_level_object_is_given_self() -> None:
    files = {
        "hub.py": "class Hub:\n    def __init__(self):\n        self.held = []\n    def keep(self, item):\n"
        "        self.held.append(item)\nhub = Hub()\n",
        "user.py": "from hub import hub\nclass User:\n    def __init__(self):\n        hub.keep(self)\n",
    }
    program = program_of(files)
    assert given_to(program, "hub:Hub.keep", "item") == [True]
    assert stores(program, "hub:Hub.held") == [("hub", "Hub.keep", "append")]
    assert holder_of(program, "hub:Hub.held").scope == "object"


def test_use_as_a_decorator_is_no_call() -> None:
    files = {
        "hub.py": "HELD = []\ndef keep(function):\n    HELD.append(function)\n    return function\n",
        "user.py": "import hub\n@hub.keep\ndef f(): ...\nhub.keep(f)\n@hub.keep\nclass D: ...\n",
    }
    assert [call.event.place[0] for call in program_of(files).calls("hub:keep")] == [4]


@pytest.mark.parametrize(
    ("body", "callee"),
    [
        ("f", Callee("mod:f")),
        ("g", Callee("mod:f")),
        ("cached", Callee("mod:cached")),
        ("A", Callee("mod:A", 0, is_class=True)),
        ("A.I", Callee("mod:A.I", 0, is_class=True)),
        ("A.m", Callee("mod:A.m")),
        ("A().m", Callee("mod:A.m", 1)),
        ("self.m", Callee("mod:A.m", 1)),
        ("self.c", Callee("mod:A.c", 1)),
        ("A.c", Callee("mod:A.c", 1)),
        ("self.s", Callee("mod:A.s")),
        ("super().m", None),
        ("unknown", None),
        ("self.m.x", None),
    ],
)
def test_what_calls_run(body: str, callee: Callee | None) -> None:
    text = (
        "from functools import cache\ndef f(): ...\ng = f\n@cache\ndef cached(): ...\n"
        "class A:\n    class I: ...\n    def m(self):\n"
        f"        return {body}()\n    @classmethod\n    def c(cls): ...\n    @staticmethod\n    def s(): ...\n"
    )
    program = program_of(text)
    returned = next(event for event in program.functions["mod:A.m"].events if event.kind == "return")
    assert program.callee(returned.terms[0][1]) == callee


@pytest.mark.parametrize(
    ("body", "depth"),
    [
        ("C.reg.append(self)", 0),
        ("type(self).reg.append(self)", 0),
        ("self.__class__.reg.append(self)", 0),
        ("getattr(self, 'reg').append(self)", 0),
        ("alias = self.reg\nalias.append(self)", 0),
        ("(self.reg or []).append(self)", 0),
        ("self.reg[arg].append(self)", 1),
        ("self.reg.setdefault(arg, []).append(self)", 1),
        ("for one in self.reg.values():\n    one.append(self)", 1),
        ("for _, one in self.reg.items():\n    one.append(self)", 1),
        ("print(f'{self.reg.append(self)}')", 0),
    ],
)
def test_expressions_that_mean_a_holder(body: str, depth: int) -> None:
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    program = program_of(f"class C:\n    reg = {{}}\n\n    def f(self, arg):\n{lines}")
    roles = map(role_of, Finder(Files(program), holder_of(program, "C.reg")).uses())
    assert depth in {role.use.depth for role in roles if role.name == "append"}


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("class A:\n    r = []\n", "class"),
        ("class A: ...\nA.r = []\n", "class"),
        ("class A:\n    @classmethod\n    def f(cls):\n        cls.r = []\n", "class"),
        ("class A(type):\n    def __init__(cls, *a):\n        cls.r = []\n", "metaclass"),
        ("class A:\n    def __init__(self):\n        self.r = []\n    def __get__(self, i, o): ...\n", "descriptor"),
        ("class A:\n    def __init__(self):\n        self.r = []\na = A()\n", "object"),
    ],
)
def test_scopes_of_holders(text: str, scope: str) -> None:
    assert holder_of(program_of(text), "A.r").scope == scope


NAMES = st.sampled_from(["a", "b", "pkg", "pkg.a", "pkg.sub", "pkg.sub.b"])


@given(st.dictionaries(NAMES, st.lists(st.tuples(NAMES, st.sampled_from(["x", "y", "*", "a", "b"])), max_size=4)))
def test_any_tangle_of_imports_ends(tangle: dict[str, list[tuple[str, str]]]) -> None:
    files = {
        f"{name.replace('.', '/')}.py": "".join(f"from {other} import {what}\n" for other, what in imports)
        + "def f(q):\n    x.append(q)\n    y.append(q)\n    a.x.append(q)\n"
        for name, imports in tangle.items()
    }
    program = program_of(files or "def f(): ...\n")
    for module in program.modules:
        for call in (event.terms[0] for event in program.functions[f"{module}:f"].events if event.kind == "call"):
            assert program.callee(call[1]) is None
