"""What forbids a weak container, row by row: types, slots, owners, races, equality, real dicts, aliases, dead clean-up."""

from __future__ import annotations

import gc

import pytest
from repairing import executed, lines, repaired, weak

STORE = "\n    def __init__(self):\n        REG[id(self)] = self\n\nREG = {}\n"


@pytest.mark.parametrize(
    "name",
    [
        "int",
        "str",
        "tuple",
        "builtins.dict",
        "datetime.datetime",
        "decimal.Decimal",
        "pathlib.Path",
        "object",
        "re.Match",
    ],
)
def test_row_1_types_that_take_no_weak_references(name: str) -> None:
    text = "REG = {}\n\ndef put(k, v):\n    REG[k] = v\n"
    fix = weak(text, "REG", others=(name,))
    assert fix.safety == "none" and "cannot be weakly referenced" in fix.reason and not fix.edits


@pytest.mark.parametrize("base", ["int", "tuple", "bytes", "enum.IntEnum", "NamedTuple"])
def test_row_1_classes_of_variable_size(base: str) -> None:
    text = f"import enum\nfrom typing import NamedTuple\n\nclass A({base}):{STORE}"
    fix = weak(text, "REG", "A")
    assert fix.safety == "none" and f"a kind of {base.rpartition('.')[2]}" in fix.reason


@pytest.mark.parametrize(
    "base", ["str", "dict", "list", "Exception", "threading.Thread", "Generic[T]", "ABC", "set", "float"]
)
def test_row_1_subclasses_that_do_take_weak_references(base: str) -> None:
    text = (
        f"import threading\nfrom abc import ABC\nfrom typing import Generic, TypeVar\n"
        f"T = TypeVar('T')\n\nclass A({base}):{STORE}"
    )
    fix = weak(text, "REG", "A")
    assert fix.safety == "safe", fix.reason


def test_row_1_an_unseen_base_is_an_assumption() -> None:
    fix = weak(f"from elsewhere import Base\n\nclass A(Base):{STORE}", "REG", "A")
    assert fix.safety == "unsafe" and "elsewhere.Base is outside of these files" in fix.reason


def test_row_1_a_tuple_is_no_weak_key() -> None:
    for key in ("(self, k)", "self, k"):
        fix = weak(f"REG = {{}}\n\nclass A:\n    def put(self, k):\n        REG[{key}] = 1\n", "REG", "A", side="key")
        assert fix.safety == "none" and "a tuple, which cannot be weakly referenced" in fix.reason


@pytest.mark.parametrize(
    ("slots", "after"),
    [
        ('("x", "y")', '("x", "y", "__weakref__")'),
        ("('x',)", "('x', '__weakref__',)"),
        ("['x']", "['x', '__weakref__']"),
        ("()", '("__weakref__",)'),
        ("[]", '["__weakref__"]'),
        ('"x"', '("x", "__weakref__")'),
        ('("x", "__weakref__")', '("x", "__weakref__")'),
        ('("x", "__dict__")', '("x", "__dict__", "__weakref__")'),
    ],
)
def test_row_2_slots_get_room_for_weak_references(slots: str, after: str) -> None:
    text = f"class A:\n    __slots__ = {slots}\n{STORE}"
    fix = weak(text, "REG", "A")
    changed = repaired(text, fix)["mod.py"]
    assert fix.safety == "safe" and f"__slots__ = {after}\n" in changed
    assert executed(changed, "a = A()\nseen.append(len(REG))\ndel a\nseen.append(len(REG))") == [1, 0]


@pytest.mark.parametrize(
    ("code", "safety"),
    [
        ("def row(one):\n    return [getattr(one, name) for name in one.__slots__]", "none"),
        ("COLUMNS = (*A.__slots__, 'more')", "none"),
        ("class B(A):\n    __slots__ = A.__slots__ + ('y',)", "none"),
        ("class B(A):\n    def row(self):\n        return self.__slots__", "none"),
        ("def row(one):\n    return getattr(one, '__slots__', ())", "none"),
        ("class Other:\n    __slots__ = ('z',)\n\n    def row(self):\n        return self.__slots__", "safe"),
        ("class Other:\n    __slots__ = ('z',)\n\nCOLUMNS = Other.__slots__", "safe"),
    ],
)
def test_row_2_slots_that_are_read_stay_as_they_are(code: str, safety: str) -> None:
    text = f"class A:\n    __slots__ = ('x',)\n{STORE}\n{code}\n"
    for files in ({"mod.py": text}, {"mod.py": text.replace(code, ""), "far.py": f"from mod import A\n\n{code}\n"}):
        fix = weak(files, "REG", "A")
        assert fix.safety == safety and ("are read at" in fix.reason) == (safety == "none"), fix.reason


def test_row_2_slots_in_the_family() -> None:
    base_opens = f"class B:\n    pass\n\nclass A(B):\n    __slots__ = ('x',)\n{STORE}"
    assert "'x', '" not in repaired(base_opens, weak(base_opens, "REG", "A"))["mod.py"]
    child_has = f"class A:\n    __slots__ = ()\n{STORE}\nclass C(A):\n    __slots__ = ('__weakref__',)\n"
    fix = weak(child_has, "REG", "A")
    assert fix.safety == "none" and "a subclass of A has a __weakref__ slot of its own" in fix.reason
    computed = f"class A:\n    __slots__ = tuple('ab')\n{STORE}"
    assert "cannot be extended" in weak(computed, "REG", "A").reason


def test_row_2_slotted_dataclasses() -> None:
    text = lines("""
        from dataclasses import dataclass

        REG = {}

        @dataclass(slots=True)
        class A:
            x: int = 0

            def __post_init__(self):
                REG[id(self)] = self
        """)
    fix = weak(text, "REG", "A")
    changed = repaired(text, fix)["mod.py"]
    assert fix.safety == "unsafe" and "Python 3.11" in fix.reason
    assert "@dataclass(slots=True, weakref_slot=True)" in changed
    assert executed(changed, "a = A()\nseen.append(len(REG))\ndel a\nseen.append(len(REG))") == [1, 0]
    attrs = text.replace("from dataclasses import dataclass", "import attr").replace(
        "@dataclass(slots", "@attr.s(slots"
    )
    assert weak(attrs, "REG", "A").safety == "safe"  # attrs makes room unless it is told not to


@pytest.mark.parametrize(
    "code",
    [
        "REG.append(A())",
        "one = A()\n    REG.append(one)\n    one.start()",
        "REG.append(lambda: k)",
        "REG.append([k])",
        "def inner(): pass\n    REG.append(inner)",
    ],
)
def test_row_3_and_15_what_has_no_other_owner(code: str) -> None:
    text = f"REG = []\n\nclass A:\n    def start(self): pass\n\ndef put(k):\n    {code}\n"
    fix = weak(text, "REG", "A", side="element")
    assert fix.safety == "none" and not fix.edits


@pytest.mark.parametrize(
    ("code", "safety"),
    [
        ("one = A()\n    REG.append(one)\n    return one\n\nMADE = put(A)", "safe"),
        ("one = A()\n    REG.append(one)\n    return one", "none"),
        ("one = A()\n    REG.append(one)\n    return one\n\ndef go():\n    put(A).start()", "none"),
        ("one = k.child = A()\n    REG.append(one)", "unsafe"),
        ("one = A()\n    k.child = one\n    REG.append(one)", "unsafe"),
        ("one = A()\n    REG.append(one)\n    k.keep(one)", "unsafe"),
        ("REG.append(k.child)", "safe"),
        ("REG.append(MAIN)", "safe"),
        ("REG.append(k)", "unsafe"),
        ("for one in k:\n        REG.append(one)", "unsafe"),
    ],
)
def test_row_3_what_has_another_owner(code: str, safety: str) -> None:
    text = f"REG = []\n\nclass A:\n    pass\n\nMAIN = A()\n\ndef put(k):\n    {code}\n"
    fix = weak(text, "REG", "A", side="element")
    assert fix.safety == safety, fix.reason


def test_row_3_an_object_that_its_maker_drops_is_owned_by_the_registry() -> None:
    text = f"class A:{STORE}\ndef start():\n    A()\n"
    fix = weak(text, "REG", "A")
    assert fix.safety == "none" and "the A made at mod.py:8 is kept by nothing but this container" in fix.reason
    kept = f"class A:{STORE}\ndef start():\n    return A()\n"
    assert weak(kept, "REG", "A").safety == "safe"


def test_row_3_what_callers_hand_in() -> None:
    text = "REG = []\n\nclass A:\n    def __init__(self):\n        put(self)\n\ndef put(k):\n    REG.append(k)\n"
    assert weak(text, "REG", "A", side="element").safety == "safe"
    fresh = "REG = []\n\nclass A:\n    pass\n\ndef put(k):\n    REG.append(k)\n\ndef main():\n    put(A())\n"
    fix = weak(fresh, "REG", "A", side="element")
    assert fix.safety == "none" and "made in the call of put() at mod.py:10" in fix.reason


def test_row_3_a_new_that_looks_its_object_up_is_a_cache() -> None:
    text = lines("""
        class A:
            made = {}

            def __new__(cls, k):
                one = cls.made.get(k)
                if one is None:
                    one = cls.made[k] = super().__new__(cls)
                return one
        """)
    fix = weak(text, "A.made", "A")
    assert fix.safety == "unsafe" and "may be made anew" in fix.reason
    script = "a = A(1)\nseen += [a is A(1), len(A.made)]\ndel a\nseen.append(len(A.made))"
    assert executed(repaired(text, fix)["mod.py"], script) == [True, 1, 0]


def test_row_4_check_then_act_is_one_look_up() -> None:
    text = f"class A:{STORE}\ndef use(k):\n    if k in REG:\n        gc.collect()\n        return REG[k]\n"
    after = repaired(text, weak(text, "REG", "A"))["mod.py"]
    assert "found = REG.get(k)\n    if found is not None:\n        gc.collect()\n        return found\n" in after


@pytest.mark.parametrize("line", ["with other() as k:", "with other() as (k, _):", "for k in other():"])
def test_row_4_a_key_that_is_bound_again_is_another_entry(line: str) -> None:
    text = f"class A:{STORE}\ndef use(k, other):\n    if k in REG:\n        {line}\n            return REG[k]\n"
    fix = weak(text, "REG", "A")
    assert f"    if k in REG:\n        {line}\n            return REG[k]\n" in repaired(text, fix)["mod.py"]
    assert "no entry vanishes between the check" in fix.reason


@pytest.mark.parametrize(
    ("head", "told"),
    [
        ("class A:\n    def __eq__(self, other): return True\n    def __hash__(self): return 1\n", "A defines __eq__"),
        ("@dataclass\nclass A:\n    x: int = 0\n", "A is a dataclass that compares by value"),
        ("@dataclass(frozen=True)\nclass A:\n    x: int = 0\n", "compares by value"),
        ("@attr.s\nclass A:\n    pass\n", "A is a attrs class that compares by value"),
        ("class A:\n    pass\n\nclass B(A):\n    def __eq__(self, other): return True\n", "B defines __eq__"),
    ],
)
def test_row_5_equality_by_value(head: str, told: str) -> None:
    text = f"import attr\nfrom dataclasses import dataclass\n\n{head}\nREG = {{}}\n\ndef put(a: A):\n    REG[a] = 1\n"
    fix = weak(text, "REG", "A", side="key")
    assert fix.safety == "none" and told in fix.reason and "use its id() as key" in fix.reason
    values = text.replace("REG[a] = 1", "REG[id(a)] = a")
    assert weak(values, "REG", "A").safety == "unsafe"  # only the caller's part is assumed: values are not compared


def test_row_5_lists_of_such_objects_hold_references() -> None:
    text = (
        "REG = []\n\nclass A:\n    def __init__(self):\n        REG.append(self)\n\n"
        "    def __eq__(self, other):\n        return True\n"
    )
    fix = weak(text, "REG", "A", side="element")
    assert (fix.safety, fix.replacement) == ("safe", "a list of weakref.ref")
    assert executed(repaired(text, fix)["mod.py"], "a, b = A(), A()\ndel a\nseen.append(len(REG))") == [1]


def test_row_5_dataclasses_that_compare_by_identity() -> None:
    text = (
        "from dataclasses import dataclass\n\n@dataclass(eq=False)\nclass A:\n    x: int = 0\n"
        "    def put(self):\n        REG[self] = 1\n\nREG = {}\n"
    )
    assert weak(text, "REG", "A", side="key").safety == "safe"


@pytest.mark.parametrize(
    ("value", "safety"),
    [
        ("1", "safe"),
        ("time.time()", "safe"),
        ("[]", "safe"),
        ("self", "none"),
        ("(1, self)", "none"),
        ("Wrapper(self)", "none"),
        ("self.child", "none"),
        ("compute()", "unsafe"),
    ],
)
def test_a_weak_key_must_not_be_kept_by_its_value(value: str, safety: str) -> None:
    text = f"import time\nREG = {{}}\n\nclass A:\n    def put(self):\n        REG[self] = {value}\n"
    fix = weak(text, "REG", "A", side="key")
    assert fix.safety == safety, fix.reason


def test_row_11_a_loop_that_runs_other_code_walks_a_copy() -> None:
    text = (
        f"class A:{STORE}\ndef use():\n    for k in REG:\n        print(k)\n"
        f"    for one in REG.values():\n        total = one\n"
    )
    after = repaired(text, weak(text, "REG", "A"))["mod.py"]
    assert "for k in list(REG):" in after and "for one in REG.values():" in after
    script = """
        import gc
        keep = [A() for _ in range(4)]
        for k in list(REG):
            keep.pop() if keep else None
            gc.collect()
        seen.append(len(REG))
        """
    assert executed(after, script) == [0]


def test_row_12_the_cost_on_hot_paths_is_told() -> None:
    text = f"class A:{STORE}\ndef use(keys):\n    for k in keys:\n        yield REG.get(k)\n"
    assert "four times as long as in a dict (mod.py:9 is in a loop)" in weak(text, "REG", "A").reason
    assert "four times" not in weak(f"class A:{STORE}", "REG", "A").reason


@pytest.mark.parametrize(
    ("path", "code", "safety", "told"),
    [
        ("other.py", "from mod import REG\n\ndef f(k):\n    return REG[k]\n", "safe", ""),
        ("other.py", "import mod\n\ndef f(k):\n    return mod.REG.get(k)\n", "safe", ""),
        ("other.py", "import mod\n\ndef f(k):\n    return sorted(mod.REG | {})\n", "safe", ""),
        (
            "other.py",
            "from mod import REG as R\nimport json\n\ndef f(k):\n    json.dump(R, k)\n",
            "unsafe",
            "json.dump() at other.py:5",
        ),
        ("other.py", "from mod import *\n\ndef f(k):\n    REG.move_to_end(k)\n", "none", "no move_to_end()"),
        ("other.py", "import mod\nALIAS = mod.REG\n\ndef f():\n    return ALIAS.fromkeys('a')\n", "none", "no fromkeys()"),
        ("other.py", "import mod\n\nclass B:\n    reg = mod.REG\n", "unsafe", "second name that outlives"),
        ("other.py", "import mod\n\ndef f():\n    mod.REG = {}\n", "safe", ""),
        ("other.py", "import mod\n\ndef f(x):\n    mod.REG = x\n", "none", "bound to something else at other.py:4"),
        ("other.py", "REG = {}\n\ndef f():\n    return REG | {}\n", "safe", ""),
    ],
)  # fmt: skip
def test_row_14_aliases_and_uses_in_other_files(path: str, code: str, safety: str, told: str) -> None:
    files = {"mod.py": f"class A:{STORE}", path: code}
    fix = weak(files, "mod:REG", "A")
    assert (fix.safety, told in fix.reason) == (safety, True), fix.reason


def test_row_14_other_files_are_rewritten_in_their_own_style() -> None:
    files = {
        "pkg/__init__.py": "",
        "pkg/reg.py": "class A:\n    live = []\n\n    def __init__(self):\n        self.live.append(self)\n",
        "pkg/use.py": (
            "import weakref\r\n\r\nfrom .reg import A\r\n\r\n\r\ndef drop(x: A):\r\n"
            "    A.live.append(x)\r\n    del A.live[:]\r\n"
        ),
    }
    after = repaired(files, weak(files, "A.live", "A", side="element", owned=True))
    assert after["pkg/use.py"] == files["pkg/use.py"].replace("append", "add").replace(
        "del A.live[:]", "A.live.clear()"
    )
    assert after["pkg/reg.py"].startswith("import weakref\n\n\nclass A:\n    live = weakref.WeakSet()\n")


def test_row_14_subclasses_and_strangers() -> None:
    text = lines("""
        class A:
            reg = {}

            def __init__(self):
                self.reg[id(self)] = self

        class B(A):
            def all(self):
                return self.reg.keys() | set()

        class Other:
            reg = []

            def use(self, b: "Other"):
                return self.reg + b.reg

        def stranger(x):
            return x.reg.get(1)

        def worse(x):
            return x.reg.most_common()
        """)
    fix = weak(text, "A.reg", "A")
    assert fix.safety == "unsafe"
    assert fix.reason == "assumes that x.reg at mod.py:21 understands a weak dictionary or is another container"
    assert "return set(self.reg) | set()" in repaired(text, fix)["mod.py"]


def finalized(body: str, store: str = "REG[id(self)] = self") -> str:
    code = body.replace("\n", "\n        ")
    return f"REG = {{}}\n\n\nclass A:\n    def __init__(self):\n        {store}\n\n    def __del__(self):\n        {code}\n"


@pytest.mark.parametrize("body", ["del REG[id(self)]", "REG.pop(id(self))", '"""Leave."""\nREG.pop(id(self), None)'])
def test_row_16_clean_up_in_a_finalizer_goes_with_its_method(body: str) -> None:
    text = finalized(body)
    fix = weak(text, "REG", "A")
    assert fix.safety == "safe" and "the clean-up at mod.py:" in fix.reason and fix.reason.endswith("to do and goes")
    after = repaired(text, fix)["mod.py"]
    assert after.endswith("        REG[id(self)] = self\n") and "__del__" not in after
    assert executed(after, "a = A()\na.me = a\ndel a\nimport gc\ngc.collect()\nseen.append(len(REG))") == [0]
    gc.collect()


def test_row_16_elements_and_keys_too() -> None:
    sets = "REG = set()\n\nclass A:\n    def __del__(self):\n        REG.discard(self)\n        self.end()\n\n"
    sets += "    def end(self):\n        pass\n\n    def __init__(self):\n        REG.add(self)\n"
    fix = weak(sets, "REG", "A", side="element")
    assert "    def __del__(self):\n        self.end()\n" in repaired(sets, fix)["mod.py"]
    keys = finalized("del REG[self]", "REG[self] = 1")
    assert "__del__" not in repaired(keys, weak(keys, "REG", "A", side="key"))["mod.py"]


@pytest.mark.parametrize(
    ("body", "store", "kept"),
    [
        ("del REG[self.key]", "REG[self.key] = self", "REG.pop(self.key, None)"),
        ("if REG:\n    del REG[id(self)]", "REG[id(self)] = self", "REG.pop(id(self), None)"),
        ("del REG[id(self)]", "REG[id(self)] = self.child", "REG.pop(id(self), None)"),
        ("gone = REG.pop(id(self))\nprint(gone)", "REG[id(self)] = self", "REG.pop(id(self), None)"),
    ],
)
def test_row_16_clean_up_that_may_do_more_is_made_quiet(body: str, store: str, kept: str) -> None:
    text = finalized(body, store)
    fix = weak(text, "REG", "A")
    assert f"{kept}\n" in repaired(text, fix)["mod.py"], fix.reason


@pytest.mark.parametrize("more", ["class B(A):\n    def __del__(self):\n        super().__del__()\n", "A.__del__\n"])
def test_row_16_a_finalizer_that_others_call_stays(more: str) -> None:
    text = finalized("del REG[id(self)]") + more
    after = repaired(text, weak(text, "REG", "A"))["mod.py"]
    assert "    def __del__(self):\n        pass\n" in after


def test_row_16_a_class_and_its_comments_stay_whole() -> None:
    alone = "REG = {}\n\n\ndef put(a):\n    REG[id(a)] = a\n\n\nclass A:\n    def __del__(self):\n        del REG[id(self)]\n"
    assert "        REG.pop(id(self), None)\n" in repaired(alone, weak(alone, "REG", "A", owned=True))["mod.py"]
    told = finalized("del REG[id(self)]").replace("    def __del__", "    # the end\n    def __del__")
    assert "    # the end\n    def __del__(self):\n        pass\n" in repaired(told, weak(told, "REG", "A"))["mod.py"]


def test_a_fix_that_is_refused_has_no_edits_and_says_why_in_words() -> None:
    fix = weak("REG = {}\n\ndef put(k):\n    REG[k] = (k, 1)\n", "REG", others=("",))
    assert (fix.safety, fix.edits, fix.replacement) == ("none", (), "weakref.WeakValueDictionary")
    assert fix.reason == "what is stored at mod.py:4 is a tuple, which cannot be weakly referenced"


@pytest.mark.parametrize(
    ("side", "store", "read"),
    [
        ("value", "REG[self.name] = self", "return REG[k]"),
        ("value", "REG[self.name] = self", "return REG.get(k)"),
        ("value", "REG[id(self)] = self", "for one in REG.values():\n        one.go()"),
        ("element", "REG.add(self)", "for one in REG:\n        one.go()"),
        ("element", "REG.add(self)", "return sorted(REG)"),
        ("key", "REG[self] = 1", "return list(REG)"),
        ("key", "REG[self] = 1", "return [one for one in REG.keys()]"),
    ],
)
def test_row_3_what_is_got_out_of_the_container_needs_another_owner_shown(side: str, store: str, read: str) -> None:
    made = "set()" if side == "element" else "{}"
    text = f"REG = {made}\n\nclass A:\n    def __init__(self, name):\n        self.name = name\n        {store}\n\n"
    text += f"def use(k):\n    {read}\n"
    fix = weak(text, "REG", "A", side=side)
    assert fix.safety == "unsafe" and "whoever makes a A keeps it, and does not count on the container" in fix.reason
    shown = weak(f"{text}\ndef made(name):\n    return A(name)\n", "REG", "A", side=side)
    assert shown.reason.startswith("assumes that what nobody else holds any more need not be found at mod.py:9")


@pytest.mark.parametrize(
    ("use", "safety"),
    [
        ("return sum(1 for one in cls.live if not one.closed)", "unsafe"),
        ("return [one.name for one in cls.live]", "unsafe"),
        ("for one in tuple(cls.live):\n                    one.close()", "unsafe"),
        ("return k in cls.live", "safe"),
        ("cls.live.discard(k)", "safe"),
        ("return len(cls.live)", "safe"),
    ],
)
def test_row_3_what_the_owner_may_let_go_is_missed_by_who_walks(use: str, safety: str) -> None:
    text = lines(f"""
        class A:
            live = set()

            def __init__(self, name):
                self.name, self.closed = name, False
                self.live.add(self)

            def close(self):
                self.closed = True

            @classmethod
            def ask(cls, k):
                {use}

        class House:
            def __init__(self):
                self.rooms = {{}}

            def enter(self, name):
                room = self.rooms[name] = A(name)
                return room

            def leave(self, name):
                del self.rooms[name]
        """)
    fix = weak(text, "A.live", "A", side="element", owned=True)
    assert fix.safety == safety, fix.reason
    assert ("need not be found" in fix.reason) == (safety == "unsafe")


@pytest.mark.parametrize("read", ["return len(REG.values())", "return k in REG", "REG.pop(k)", "return REG[id(k)]"])
def test_row_3_what_only_counts_or_knows_the_object_is_no_reason(read: str) -> None:
    text = f"REG = {{}}\n\nclass A:\n    def __init__(self):\n        REG[id(self)] = self\n\ndef use(k):\n    {read}\n"
    assert weak(text, "REG", "A").safety == "safe"


COUNTERS = lines("""
    C = {}


    class Counter:
        def __init__(self):
            self.n = 0

        def add(self):
            CHANGE

        def read(self):
            return self.n


    def counter(name):
        if name not in C:
            C[name] = Counter()
        return C[name]


    def work():
        USE
    """)


@pytest.mark.parametrize("change", ["self.n += 1", "self.n = 2", "self.all.append(1)"])
def test_row_3_a_cached_object_that_changes_must_not_lose_its_state(change: str) -> None:
    text = COUNTERS.replace("CHANGE", change).replace("USE", 'counter("a").add()')
    fix = weak(text, "C", "Counter")
    assert fix.safety == "none" and "the object used at mod.py:22 is kept by nothing but this container" in fix.reason


@pytest.mark.parametrize(
    ("change", "use", "safety", "told"),
    [
        ("self.n += 1", 'return counter("a")', "unsafe", "may be made anew"),
        ("return self.n", 'counter("a").add()', "none", "would be made anew each time: mod.py:22 lets it go at once"),
        ("self.n += 1", "kept = counter('a')", "none", "would be made anew each time: mod.py:22 lets it go at once"),
        ("return self.n", 'counter("a").add()\n\nA = counter("b")', "unsafe", "may be made anew"),
    ],
)
def test_row_3_a_cache_whose_users_all_let_go_at_once_would_be_none(
    change: str, use: str, safety: str, told: str
) -> None:
    fix = weak(COUNTERS.replace("CHANGE", change).replace("USE", use), "C", "Counter")
    assert fix.safety == safety and told in fix.reason, fix.reason


@pytest.mark.parametrize(
    ("change", "safety"), [("self.lines.append(line)", "none"), ("return len(self.lines)", "unsafe")]
)
def test_row_3_what_a_class_gives_for_each_call_must_not_lose_its_state(change: str, safety: str) -> None:
    fix = weak(
        lines(f"""
            C = {{}}


            class Named(type):
                def __call__(cls, name):
                    try:
                        return C[name]
                    except KeyError:
                        made = C[name] = super().__call__(name)
                        return made


            class Channel(metaclass=Named):
                def __init__(self, name):
                    self.name = name
                    self.lines = []

                def say(self, line):
                    {change}
            """),
        "C",
        "Channel",
    )
    assert fix.safety == safety
