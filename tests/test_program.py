"""Facts of many files joined: names across files, inheritance, who stores in what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repairing import class_of, holder_of, program_of

from leaklint.drafts.program import ClassRef, Program
from leaklint.drafts.program.resolve import absolute


def stores(program: Program, symbol: str) -> list[tuple[str, str, str]]:
    """Return (module, function, how) for every call of a method of a holder."""
    holder, found = holder_of(program, symbol), []
    for module, function in program.functions():
        for value in (value for call in function.calls for value in call.callee if value.path):
            meant = program.holders.resolve(value._replace(path=value.path[:-1]), function, module)
            if meant is not None and meant[0].key == holder.key:
                found.append((module.name, function.qualname, value.path[-1]))
    return sorted(found)


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


def test_classes_that_inherit_from_each_other_end() -> None:
    program = program_of({"a.py": "from b import B\nclass A(B): ...\n", "b.py": "from a import A\nclass B(A): ...\n"})
    assert program.names.ancestors(ClassRef("a", "A")) == (ClassRef("a", "A"), ClassRef("b", "B"))


def test_inheritance_across_files() -> None:
    files = {
        "base.py": HELD,
        "middle.py": "import base\nclass Middle(base.Base): ...\n",
        "leaf.py": "from middle import Middle\nclass Leaf(Middle):\n    def f(self):\n        self.every.append(self)\n",
    }
    program = program_of(files)
    assert stores(program, "base:Base.every") == [("leaf", "Leaf.f", "append")]
    assert program.names.subclasses(ClassRef("base", "Base")) == (
        ClassRef("middle", "Middle"),
        ClassRef("leaf", "Leaf"),
    )


def test_an_instance_attribute_of_a_base_hides_the_class_attribute() -> None:
    files = {
        "base.py": "class Base:\n    def __init__(self):\n        self.every = []\n",
        "leaf.py": "from base import Base\nclass Leaf(Base):\n    every = []\n    def f(self):\n        self.every.append(1)\n"
        "    def g(self):\n        Leaf.every.append(1)\n",
    }
    assert stores(program_of(files), "leaf:Leaf.every") == [("leaf", "Leaf.g", "append")]


def given_to(program: Program, function: str, param: str) -> list[str]:
    module, _, name = function.partition(":")
    return [value.kind for site in program.sites[module, name] for value in program.argument(site, param)]


@pytest.mark.parametrize("call", ["keep('a', self)", "keep('a', item=self)", "keep(item=self, name='a')"])
def test_a_helper_of_another_file_is_given_self(call: str) -> None:
    files = {
        "hub.py": "HELD = {}\ndef keep(name, item):\n    HELD[name] = item\n",
        "user.py": f"from hub import keep\nclass User:\n    def __init__(self):\n        {call}\n",
    }
    assert given_to(program_of(files), "hub:keep", "item") == ["self"]


def test_a_method_of_a_module_level_object_is_given_self() -> None:
    files = {
        "hub.py": "class Hub:\n    def __init__(self):\n        self.held = []\n    def keep(self, item):\n"
        "        self.held.append(item)\nhub = Hub()\n",
        "user.py": "from hub import hub\nclass User:\n    def __init__(self):\n        hub.keep(self)\n",
    }
    program = program_of(files)
    assert given_to(program, "hub:Hub.keep", "item") == ["self"]
    assert stores(program, "hub:Hub.held") == [("hub", "Hub.keep", "append")]
    assert holder_of(program, "hub:Hub.held").scope == "object"


def test_a_decorator_is_given_the_function() -> None:
    files = {
        "hub.py": "HELD = []\ndef keep(function):\n    HELD.append(function)\n    return function\n",
        "user.py": "import hub\n@hub.keep\ndef f(): ...\nclass C:\n    @hub.keep\n    def g(self): ...\n"
        "@hub.keep\nclass D: ...\n",
    }
    program = program_of(files)
    sites = program.sites["hub", "keep"]
    assert [(site.call, site.caller.name, site.value.name or ".".join(site.value.path)) for site in sites] == [
        (None, "", "f"),
        (None, "", "C.g"),
        (None, "", "D"),
    ]


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


def test_metaclasses() -> None:
    text = (
        "class M(type): ...\nclass A(metaclass=M): ...\nclass B(A): ...\n"
        "class C(with_metaclass(M, object)): ...\nclass D: ...\n"
    )
    program = program_of(text)
    meta = class_of(program, "M")
    assert program.names.is_metaclass(meta)
    assert [program.names.metaclass(class_of(program, name)) for name in "ABCD"] == [meta, meta, meta, None]


NAMES = st.sampled_from(["a", "b", "pkg", "pkg.a", "pkg.sub", "pkg.sub.b"])


@given(st.dictionaries(NAMES, st.lists(st.tuples(NAMES, st.sampled_from(["x", "y", "*", "a", "b"])), max_size=4)))
def test_any_tangle_of_imports_ends(tangle: dict[str, list[tuple[str, str]]]) -> None:
    files = {
        f"{name.replace('.', '/')}.py": "".join(f"from {other} import {what}\n" for other, what in imports)
        + "def f(q):\n    x.append(q)\n    y.append(q)\n    a.x.append(q)\n"
        for name, imports in tangle.items()
    }
    program = program_of(files or "x = 1\n")
    for module in program.modules:
        for path in (("x",), ("a", "x"), ("y", "f")):
            found = program.names.find(module, path)
            assert found.kind in {"class", "function", "binding", "module", "external"}


def test_relative_names() -> None:
    program = program_of({"pkg/__init__.py": "", "pkg/sub/__init__.py": "", "pkg/sub/mod.py": ""})
    package, module = program.modules["pkg.sub"], program.modules["pkg.sub.mod"]
    assert [absolute(package, name) for name in (".x", "..x", "x", ".")] == ["pkg.sub.x", "pkg.x", "x", "pkg.sub"]
    assert [absolute(module, name) for name in (".x", "..x", "x", ".")] == ["pkg.sub.x", "pkg.x", "x", "pkg.sub"]
