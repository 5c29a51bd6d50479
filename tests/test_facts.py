"""What one file says, read from its text."""

from __future__ import annotations

import pytest

from leaklint.drafts.facts.model import FunctionFacts, ModuleFacts, Value
from leaklint.drafts.facts.read import read_module
from leaklint.source import Source


def read(text: str) -> ModuleFacts:
    return read_module(Source("mod.py", text), "mod")


def method(body: str, *, head: str = "", decorator: str = "") -> FunctionFacts:
    """Return the facts of a method ``f`` of class ``C`` with this body."""
    lines = "".join(f"        {line}\n" for line in body.splitlines())
    text = f"{head}\nclass C:\n    reg = {{}}\n    {decorator}\n    def f(self, arg, *rest, key=None):\n{lines}"
    return read(text).functions["C.f"]


def events(body: str, op: str = "store", head: str = "") -> list[tuple[str, tuple[Value, ...]]]:
    return [(event.how, event.target) for event in method(body, head=head).events if event.op == op]


SELF_REG = (Value("self", ("reg",)),)
CLS_REG = (Value("cls", ("reg",)),)
C_REG = (Value("global", ("C", "reg")),)


@pytest.mark.parametrize(
    ("body", "how", "target"),
    [
        ("C.reg[arg] = self", "[]=", C_REG),
        ("self.reg[arg] = self", "[]=", SELF_REG),
        ("type(self).reg[arg] = self", "[]=", CLS_REG),
        ("self.__class__.reg[arg] = self", "[]=", CLS_REG),
        ("getattr(self, 'reg')[arg] = self", "[]=", SELF_REG),
        ("self.reg.setdefault(arg, self)", "setdefault", SELF_REG),
        ("self.reg.update({arg: self})", "update", SELF_REG),
        ("self.reg |= {arg: self}", "+=", SELF_REG),
        ("self.reg.append(self)", "append", SELF_REG),
        ("alias = self.reg\nalias.append(self)", "append", SELF_REG),
        ("self.reg[arg].append(self)", "append", (Value("self", ("reg", "[]")),)),
        ("self.reg.setdefault(arg, []).append(self)", "append", (Value("self", ("reg", "[]")),)),
        ("for one in self.reg.values():\n    one.append(self)", "append", (Value("self", ("reg", "[]")),)),
        ("self.reg[len(self.reg):] = [self]", "[:]=", SELF_REG),
        ("REG.append(self)", "append", (Value("global", ("REG",)),)),
    ],
)
def test_stores(body: str, how: str, target: tuple[Value, ...]) -> None:
    assert (how, target) in events(body)


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ("del self.reg[arg]", "del"),
        ("self.reg.pop(arg)", "pop"),
        ("self.reg.remove(self)", "remove"),
        ("self.reg.discard(self)", "discard"),
        ("self.reg.popitem()", "popitem"),
        ("self.reg.clear()", "clear"),
        ("self.reg[:] = []", "[:]="),
        ("self.reg -= {arg}", "-="),
    ],
)
def test_removals(body: str, how: str) -> None:
    assert (how, SELF_REG) in events(body, "remove")


def test_appending_by_slice_removes_nothing() -> None:
    assert events("self.reg[len(self.reg):] = [self]", "remove") == []


@pytest.mark.parametrize("word", ["heapq.heappush(REG, self)", "heappush(REG, self)", "bisect.insort(REG, self)"])
def test_heap_functions_store(word: str) -> None:
    assert events(word) == [("append", (Value("global", ("REG",)),))]


def test_what_is_stored() -> None:
    def stored(text: str) -> str:
        (event,) = (event for event in method(f"C.reg[1] = {text}").events if event.op == "store")
        return event.value[0].kind

    assert stored("self") == "self"
    assert stored("arg") == "param"
    assert stored("C()") == "call"
    assert stored("lambda: self") == "lambda"
    assert stored("(self, 1)") == "tuple"
    assert stored("f'{self}'") == "text"
    assert stored("'a'") == "const"
    assert stored("len(self) + 1") == "number"


def test_exceptions_are_known() -> None:
    (event,) = (
        event
        for event in method("try:\n    pass\nexcept ValueError as e:\n    C.reg[1] = e").events
        if event.op == "store"
    )
    assert event.value == (Value("exception"),)
    assert [guard.kind for guard in event.guards] == ["except"]


def test_guards_stand_from_outside_in() -> None:
    body = "for x in arg:\n    if len(self.reg) > 3:\n        self.reg.pop(x)\n    else:\n        self.reg[x] = 1"
    found = {event.how: [guard.kind for guard in event.guards] for event in method(body).events if event.op != "read"}
    assert found["pop"] == ["loop", "if"]
    assert found["[]="] == ["loop", "else"]
    assert "compare" in found


def test_kinds_of_functions() -> None:
    text = """
class C:
    def a(self): ...
    @classmethod
    def b(cls): ...
    @staticmethod
    def c(): ...
    def __new__(cls): ...
    def __init_subclass__(cls): ...
    async def d(self): yield 1
def e(): ...
"""
    found = {name: function.kind for name, function in read(text).functions.items()}
    assert found == {
        "C.a": "method",
        "C.b": "classmethod",
        "C.c": "staticmethod",
        "C.__new__": "classmethod",
        "C.__init_subclass__": "classmethod",
        "C.d": "method",
        "e": "function",
    }
    assert read(text).functions["C.d"].is_async
    assert read(text).functions["C.d"].yields


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("{}", "dict"),
        ("dict(a=1)", "dict"),
        ("[]", "list"),
        ("[x for x in y]", "list"),
        ("set()", "set"),
        ("collections.OrderedDict()", "dict"),
        ("defaultdict(list)", "dict"),
        ("deque()", "list"),
        ("deque(maxlen=3)", "bounded"),
        ("deque([], 3)", "bounded"),
        ("deque([], None)", "list"),
        ("weakref.WeakValueDictionary()", "weak"),
        ("cachetools.LRUCache(3)", "bounded"),
        ("None", "none"),
        ("Registry()", "object"),
        ("other or {}", "dict"),
    ],
)
def test_containers(text: str, kind: str) -> None:
    module = read(f"NAME = {text}\nclass C:\n    name = {text}\n")
    assert [binding.made.kind for binding in module.bindings] == [kind]
    assert [binding.made.kind for binding in module.classes["C"].attributes] == [kind]


@pytest.mark.parametrize("text", ["1", "'a'", "name", "(1, 2)", "a.b", "lambda: {}", "field(default_factory=dict)"])
def test_no_containers(text: str) -> None:
    assert read(f"NAME = {text}\n").bindings == ()


def test_defaults_and_cells() -> None:
    module = read("def f(x, memo={}, *, kw=[]):\n    seen = set()\n    def g():\n        seen.add(x)\n    return g\n")
    assert [(one.name, one.target.kind) for one in module.functions["f"].locals] == [
        ("seen", "cell"),
        ("memo", "param"),
        ("kw", "param"),
    ]
    (event,) = module.functions["f.<locals>.g"].events
    assert event.target == (Value("cell", name="f:seen"),)


def test_private_names_are_mangled_everywhere() -> None:
    klass = "class _C:\n    __reg = {}\n    def f(self):\n        self.__reg[1] = self\n        _C.__reg[1] = self\n"
    module = read(klass)
    assert [one.name for one in module.classes["_C"].attributes] == ["_C__reg"]
    targets = {value.path[-1] for event in module.functions["_C.f"].events for value in event.target}
    assert targets == {"_C__reg"}


def test_imports() -> None:
    module = read(
        "import a.b\nimport c.d as e\nfrom .f import g as h\nfrom .. import i\nfrom j import *\ndef k():\n    import l\n"
    )
    assert module.imports == {"a": "a", "e": "c.d", "h": ".f.g", "i": "..i", "l": "l"}
    assert module.stars == ("j",)


def test_two_definitions_of_one_name_are_both_kept() -> None:
    module = read("if a:\n    def f(): R.append(1)\nelse:\n    def f(): R.pop()\n")
    assert list(module.functions) == ["f", "f#2"]
    assert [event.op for function in module.functions.values() for event in function.events] == ["store", "remove"]


def test_names_bound_through_themselves_end() -> None:
    assert method("a = b\nb = a\na.append(self)").events == ()
    assert method("f = lambda: g\ng = lambda: f\nC.reg[1] = f").events[-1].op in {"store", "read"}


def test_facts_hold_no_syntax_nodes() -> None:
    text = "import x\nclass C(x.B):\n    r = {}\n    @x.d(1)\n    def f(self, a=1):\n        if a: self.r[a] = lambda: self\n"
    assert "libcst" not in repr(read(text))
