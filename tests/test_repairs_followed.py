"""What a program does with a container or its objects elsewhere: in examples, in other functions, beside the store."""

from __future__ import annotations

from pathlib import Path

import pytest
from repairing import executed, holder_of, lines, program_of, repaired, weak
from test_repairs_memo import cached

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.repairs import qualified

LAMPS = lines('''
    """Lamps.

    >>> hall = Lamp("hall")
    >>> EXAMPLE
    1
    """

    class Lamp:
        known = {}

        def __init__(self, room):
            Lamp.known[room] = self
    ''')


@pytest.mark.parametrize(
    ("example", "safety"),
    [
        ("Lamp.known", "none"),
        ("print(Lamp.known)", "none"),
        ("Lamp.known.keys()", "none"),
        ("Lamp.known == {}", "none"),
        ("[Lamp.known, 1]", "none"),
        ("sorted(Lamp.known)", "unsafe"),
        ('Lamp.known["hall"] is hall', "unsafe"),
        ("hall.known_as", "safe"),
    ],
)
def test_an_example_that_shows_the_container_forbids_the_repair(example: str, safety: str) -> None:
    text = LAMPS.replace("EXAMPLE", example)
    program = program_of(text)
    fix = qualified(program, holder_of(program, "Lamp.known"), weak(text, "Lamp.known", "Lamp"))
    assert fix.safety == safety
    assert ("mod.py:4" in fix.reason) is (safety != "safe")


@pytest.mark.parametrize(
    ("body", "safety", "edited"),
    [
        ("return json.dumps(deeper(tree))", "unsafe", True),
        ("return [one for one in tree]", "safe", False),
        ("return sorted(tree), tree.get(1)", "safe", False),
        ("return isinstance(tree, dict)", "safe", True),
        ("return isinstance(tree, Mapping)", "safe", False),
        ("return {**tree}", "safe", True),
        ("tree.clear()", "safe", False),
        ("tree[1] = isinstance(tree, dict)", "none", False),
        ("return outside(tree)", "unsafe", False),
    ],
)
def test_a_function_that_gets_the_container_is_followed(body: str, safety: str, edited: bool) -> None:
    files = {
        "mod.py": lines("""
            import other

            ALL = {}

            class A(dict):
                def __init__(self, name):
                    ALL[name] = self

            def report():
                return other.told(ALL)
            """),
        "other.py": f"import json\n\ndef told(tree):\n    {body}\n\n"
        "def deeper(tree):\n    return list(tree) if isinstance(tree, dict) else tree\n",
    }
    fix = weak(files, "ALL", "A")
    assert fix.safety == safety, fix.reason
    assert ("other.told(dict(ALL.items()))" in repaired(files, fix)["mod.py"]) is edited


@pytest.mark.parametrize(
    ("made", "safety"),
    [
        ("A(key) if key else key.upper()", "none"),
        ("A(key) if key else 'none'", "none"),
        ("plain(key)", "none"),
        ("TEXTS.get(key)", "none"),
        ("A(key)", "unsafe"),
        ("A(key) if key else None", "none"),
    ],
)
def test_what_is_stored_may_come_out_of_a_function_as_a_plain_value(made: str, safety: str) -> None:
    text = lines(f"""
        ALL = {{}}
        TEXTS = {{"a": "b"}}

        class A:
            def __init__(self, key):
                self.key = key

        def plain(key):
            found = str(key)
            return found

        def prepare(key):
            return {made}

        def load(key):
            found = ALL.get(key)
            if found is None:
                found = prepare(key)
                ALL[key] = found
            return found
        """)
    assert weak(text, "ALL", "A").safety == safety
    guarded = text.replace(
        "        ALL[key] = found\n", "        if found is not None:\n            ALL[key] = found\n"
    )
    assert weak(guarded, "ALL", "A").safety == ("unsafe" if "None" in made else safety)
    left = text.replace(
        "        ALL[key] = found\n", "        if not found:\n            return None\n        ALL[key] = found\n"
    )
    assert weak(left, "ALL", "A").safety == ("unsafe" if "None" in made else safety)


def test_a_local_variable_may_be_plain() -> None:
    text = lines("""
        ALL = {}

        class A:
            pass

        def load(text):
            found = ALL.get(text)
            if found is None:
                if text.startswith("#"):
                    found = A()
                else:
                    found = text.title()
                ALL[text] = found
            return found
        """)
    fix = weak(text, "ALL", "A")
    assert fix.safety == "none" and "text.title() at mod.py:12" in fix.reason


def test_an_object_whose_method_is_called_and_that_is_dropped_lives_by_the_container() -> None:
    text = lines("""
        ALL = []

        class A:
            def then(self, step):
                return self

            def start(self):
                ALL.append(self)

        def standard():
            A().then(1).start()

        def count():
            return len(ALL)
        """)
    fix = weak(text, "ALL", "A", side="element")
    assert fix.safety == "none" and "made at mod.py:11" in fix.reason


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("def f():\n    return ALL\n\ndef g():\n    return isinstance(f(), dict)\n", "mod.py:11"),
        ("def f():\n    return ALL\n\ndef g():\n    found = f()\n    return found | {}\n", "mod.py:12"),
        (
            "class B:\n    @property\n    def f(self):\n        return ALL\n\n    def g(self):\n        return f'{self.f}'\n",
            "mod.py:13",
        ),
        (
            "class B:\n    def f(self):\n        self.table = ALL\n\n    def g(self):\n        return len(self.table.keys())\n",
            "mod.py:12",
        ),
        ("def f(table=ALL):\n    return type(table)\n", "mod.py:8"),
        ("import json\nSTATE = {'all': ALL}\n", "mod.py:7"),
        ("def f():\n    return ALL\n\ndef g():\n    return sorted(f()), len(f()), f().get(1)\n", ""),
    ],
)
def test_who_gets_the_container_is_followed(code: str, place: str) -> None:
    text = "ALL = {}\n\nclass A:\n    def __init__(self, name):\n        ALL[name] = self\n\n" + code
    fix = weak(text, "ALL", "A")
    assert fix.safety == ("none" if place else "unsafe"), fix.reason
    assert f"{place} needs a plain one" in fix.reason or not place


def test_an_argument_comes_back_as_what_is_stored() -> None:
    text = lines("""
        ALL = {}

        class A:
            pass

        def prepare(given):
            return A() if given else given

        def load(key):
            ALL[key] = prepare(f"{key}")
            return ALL[key]
        """)
    fix = weak(text, "ALL", "A")
    assert fix.safety == "none" and 'f"{key}"' in fix.reason


CELLS = lines("""
    ALL = {}

    class Cell:
        __slots__ = ("place",)

        def __init__(self, place):
            self.place = place

    class Sum(Cell):
        __slots__ = ("terms",)

    class Sheet:
        shared = []

        def __init__(self):
            self.cells = []
            self.by_place = {}

        def put(self):
            self._add(Cell(1))

        def sum(self):
            self._add(Sum(2))

        def _add(self, cell):
            STORE
            ALL[cell.place] = cell
    """)


@pytest.mark.parametrize(
    ("store", "safety"),
    [
        ("self.cells.append(cell)", "safe"),
        ("self.by_place[cell.place] = cell", "safe"),
        ("self.last = cell", "unsafe"),
        ("self.shared.append(cell)", "none"),
        ("print(cell)", "none"),
        ("if cell.place: self.cells.append(cell)", "none"),
    ],
)
def test_what_a_caller_makes_for_a_call_is_kept_by_a_field_of_the_object(store: str, safety: str) -> None:
    fix = weak(CELLS.replace("STORE", store), "ALL", "Cell Sum")
    assert fix.safety == safety, fix.reason


def test_of_a_line_of_slotted_classes_the_first_takes_weak_references() -> None:
    text = CELLS.replace("STORE", "self.cells.append(cell)")
    for classes in ("Cell Sum", "Sum Cell", "Sum"):
        after = repaired(text, weak(text, "ALL", classes))["mod.py"]
        assert after.count("__weakref__") == 1
        script = """
            sheet = Sheet()
            sheet.put(), sheet.sum()
            seen.append(len(ALL))
            del sheet
            seen.append(len(ALL))
            """
        assert executed(after, script) == [2, 0]


@pytest.mark.parametrize(
    ("head", "safety"),
    [
        ("@dataclass(frozen=True)\nclass A:\n    x: int = 1\n", "unsafe"),
        ("@dataclass(unsafe_hash=True)\nclass A:\n    x: int = 1\n", "unsafe"),
        ("@dataclass(frozen=True)\nclass A:\n    x: int = field(default=1, compare=False)\n", "none"),
        ("@dataclass(eq=False)\nclass A:\n    x: int = 1\n", "safe"),
        ("class A:\n    def __eq__(self, other): return True\n    def __hash__(self): return 1\n", "none"),
        ("class A:\n    x = 1\n", "safe"),
    ],
)
def test_equal_instances_share_what_is_cached(head: str, safety: str) -> None:
    text = f"from dataclasses import *\nfrom functools import cache\n\n{head}\n    @cache\n    def f(self): return 1\n"
    assert cached(text).safety == safety


def test_the_files_of_functions_that_get_the_container_are_read(tmp_path: Path) -> None:
    (tmp_path / "metrics.py").write_text(
        "import export\n\nALL = {}\n\nclass Metric(dict):\n    def __init__(self, name):\n        ALL[name] = self\n\n"
        "def report():\n    return export.to_text(ALL)\n"
    )
    (tmp_path / "export.py").write_text("import json\n\ndef to_text(tree):\n    return json.dumps(tree)\n")
    found = check([str(tmp_path)], Settings(confidence="low")).findings
    assert [edit.text for edit in found[0].fix.edits if "items" in edit.text] == ["dict(ALL.items())"]


EQUAL = lines("""
    from dataclasses import asdict, dataclass, replace
    from functools import lru_cache
    from itertools import count

    SERIALS = count()

    @dataclass(frozen=True, order=True)
    class Shape:
        name: str
        sides: tuple

        @property
        @lru_cache(maxsize=None)
        def size(self):
            total = sum(self.sides)
            RETURN

    def moved(shape, by):
        return replace(shape, name=shape.name + by)

    def made(name, *sides):
        shape = Shape(name, sides)
        USE
    """)


@pytest.mark.parametrize("returned", ["return abs(total)", "return (total, self.name)"])
def test_what_equal_instances_share_goes_with_the_first_of_them(returned: str) -> None:
    text = EQUAL.replace("RETURN", returned).replace("USE", "return shape")
    fix = cached(text, "Shape.size")
    after = repaired(text, fix)["mod.py"]
    assert fix.safety == "unsafe" and "worked out anew once the first of equal instances is gone" in fix.reason
    script = """
        import pickle, weakref
        one, two, other = made("a", 1, 2), made("a", 1, 2), made("b", 3)
        seen += [one.size, two.size, other.size, one == two, repr(sorted([other, one])), asdict(one), moved(one, "x").size]
        try:
            one.size = 3
        except AttributeError:
            seen.append("cannot be set")
        r = weakref.ref(one)
        del one
        seen += [two.size, made("a", 1, 2).size]
        """
    assert executed(after, script) == executed(text, script)
    gone = lines(script) + "seen[:] = [r() is None]"
    assert (executed(after, gone), executed(text, gone)) == ([True], [False])


@pytest.mark.parametrize(
    ("returned", "use", "told"),
    [
        ("return next(SERIALS)", "return shape", "another one each time"),
        ("return object()", "return shape", "another one each time"),
        ("return total", "return shape.size", "is let go of at once"),
        ("return total", "return Shape(name, ()).size", "is let go of at once"),
        ("return total", "Shape.size.fget.cache_clear()\n    return shape", "the cache is controlled"),
    ],
)
def test_what_equal_instances_share_is_left_alone(returned: str, use: str, told: str) -> None:
    fix = cached(EQUAL.replace("RETURN", returned).replace("USE", use), "Shape.size")
    assert (fix.safety, fix.edits) == ("none", ()) and told in fix.reason, fix.reason


DESK = lines("""
    import copy, json, pickle

    DESKS = {}
    SPARE = {}

    class Desk:
        def __init__(self, number):
            self.number = number
            DESKS[number] = self

    class Floor:
        def __init__(self, desks):
            self.desks = desks

        def fill(self, file, old, new):
            BODY

    def read(file):
        desks = pickle.load(file)
        return desks

    def first():
        return Floor([Desk(1)])
    """)


def _desks(body: str) -> str:
    return DESK.replace("BODY", body.replace("\n", "\n        "))


@pytest.mark.parametrize(
    "body",
    [
        "DESKS.update(pickle.load(file))",
        "DESKS.update(read(file).items())",
        "for number, desk in pickle.load(file).items():\n    DESKS[number] = desk",
        "for desk in read(file):\n    DESKS[desk.number] = desk",
        "desks = json.load(file)\nDESKS.update(desks)",
        "DESKS.update({desk.number: desk for desk in pickle.load(file)['desks']})",
        "DESKS.update(copy.deepcopy(SPARE))",
        "DESKS.update({old: Desk(old)})",
        "DESKS.update({number: Desk(number) for number in old})",
        "DESKS.update(first=Desk(1))",
    ],
)
def test_what_is_made_only_to_be_merged_is_kept_by_the_container_alone(body: str) -> None:
    fix = weak(_desks(body), "DESKS", "Desk", owned=True)
    assert (fix.safety, "kept by nothing but this container" in fix.reason) == ("none", True), fix.reason


@pytest.mark.parametrize(
    "body",
    ["DESKS.update(self.desks)", "desks = pickle.load(file)\nself.desks = desks\nDESKS.update(desks)"]
    + ["DESKS.update({desk.number: desk for desk in self.desks})", "self.desks = {1: self}\nDESKS.update(self.desks)"],
)
def test_what_is_merged_may_be_kept_by_a_field(body: str) -> None:
    assert weak(_desks(body), "DESKS", "Desk", owned=True).safety == "safe"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("desk = DESKS.pop(old)\nDESKS[new] = desk", ""),
        ("desk = DESKS.get(old)\nif desk is not None:\n    DESKS[new] = desk", ""),
        ("DESKS[new] = DESKS.pop(old)", ""),
        ("for number, desk in list(DESKS.items()):\n    DESKS[number + 1] = desk", ""),
        ("DESKS.update({new: desk for desk in list(DESKS.values())})", ""),
        ("desk = SPARE.pop(old)\nDESKS[new] = desk", "kept by nothing but this container"),
        ("desk = DESKS.pop(old, Desk(old))\nDESKS[new] = desk", "kept by nothing but this container"),
        ("desk = DESKS.pop(old) if old else Desk(new)\nDESKS[new] = desk", "kept by nothing but this container"),
        ("desk = DESKS.pop(old)\ndesk = read(file)\nDESKS[new] = desk", "kept by nothing but this container"),
    ],
)
def test_what_is_put_back_is_kept_by_whoever_kept_it_before(body: str, told: str) -> None:
    fix = weak(_desks(body), "DESKS", "Desk")
    assert (fix.safety, told in fix.reason) == ("none" if told else "unsafe", True), fix.reason
    assert told or "something else keeps" not in fix.reason


SINKS = lines("""
    SINKS = []

    class Sink:
        def __init__(self, path):
            self.path = path
            add(self)

    def add(sink):
        SINKS.append(sink)

    def open_all(options: list):
        return [Sink(option) for option in options]
    """)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("add('stderr')", "a str is passed to add() at mod.py:15"),
        ("add(3)", "a int is passed"),
        ("for option in options:\n        if option in ('out', 'err'):\n            add(option)", "a str is passed"),
        ("for option in options:\n        if option == 'out':\n            add(option)", "a str is passed"),
        (
            "for option in options:\n        if option != 'out':\n            continue\n        add(option)",
            "a str is passed",
        ),
        (
            "for option in options:\n        if isinstance(option, (str, bytes)):\n            add(option)",
            "a bytes is passed",
        ),
        ("for option in options:\n        if isinstance(option, str):\n            SINKS.append(option)", "is a str"),
        ("for option in options.split(','):\n        add(option)", "a text is passed"),
        ("for name in ('out', 'err'):\n        add(name)", "a str is passed"),
        ("hand_on('out')", "a str is passed to add() at mod.py:15"),
        ("return [s if isinstance(s, str) else s.path for s in SINKS]", "may be a str, as mod.py:15 asks"),
        ("for s in list(SINKS):\n        if type(s) is str:\n            print(s)", "may be a str, as mod.py:16 asks"),
        (
            "for s in SINKS:\n        match s:\n            case int():\n                print(s)",
            "may be a int, as mod.py:16",
        ),
    ],
)
def test_text_may_be_stored_besides_objects(code: str, told: str) -> None:
    text = f"{SINKS}\ndef configure(options):\n    {code}\n\ndef hand_on(what):\n    add(what)\n"
    fix = weak(text, "SINKS", "Sink", side="element", owned=True)
    assert fix.safety == "none" and told in fix.reason, fix.reason


@pytest.mark.parametrize(
    "code",
    [
        "for option in options:\n        if option in ('out', 'err'):\n            add(Sink(option))",
        "for option in options:\n        if option != 'out':\n            add(option)",
        "for option in options:\n        if not isinstance(option, str):\n            add(option)",
        "return [s.path for s in SINKS if isinstance(s, Sink) and isinstance(s.path, str)]",
        "return [s for s in SINKS if s is not None]",
    ],
)
def test_a_test_may_leave_text_out(code: str) -> None:
    text = f"{SINKS}\ndef configure(options):\n    {code}\n"
    told = weak(text, "SINKS", "Sink", side="element", owned=True).reason
    assert "takes no weak references" not in told or ("Sink(option)" in code and "kept by nothing" in told), told


def test_only_the_side_that_is_weak_is_asked() -> None:
    text = SINKS.replace("[]", "{}", 1).replace(".append(sink)", "[sink.path] = sink")
    walk = "\ndef walk():\n    for key, sink in list(SINKS.items()):\n        print(isinstance(key, str))\n"
    walk += "        print(isinstance(sink, KIND))\n"
    keys = "\n    for key in SINKS:\n        print(isinstance(key, str))\n"
    assert weak(text + walk.replace("KIND", "Sink") + keys, "SINKS", "Sink").safety == "unsafe"
    assert weak(text + walk.replace("KIND", "str"), "SINKS", "Sink").safety == "none"
    derived = text.replace("class Sink:", "class Sink(dict):") + walk.replace("KIND", "dict")
    assert "as mod.py" not in weak(derived, "SINKS", "Sink").reason


TREES = lines("""
    import functools

    TREES = {}

    class Tree:
        def __init__(self, kind):
            TREES[kind] = self

    class Form:
        def __call__(self, value):
            return type(value) is dict

    def form(prefix, value):
        return prefix + isinstance(value, dict)

    def matched(value):
        match value:
            case dict():
                return 1
        return 2

    def walked():
        yield TREES

    FORM = Form()
    FORMED = lambda value: isinstance(value, dict)

    def forest():
        CODE
    """)


@pytest.mark.parametrize(
    "code",
    [
        "return FORM(TREES)",
        "return FORMED(TREES)",
        "return functools.partial(form, 1, TREES)()",
        "return matched(TREES)",
        "match TREES:\n        case dict():\n            return 1",
        "match TREES:\n        case {'oak': oak}:\n            return 1",
        "return TREES.keys() == {'oak', 'elm'}, {'oak', 'elm'} != TREES.keys()",
        "return TREES.items() >= {('oak', 1)}",
    ],
)
def test_what_asks_for_a_dict_gets_one(code: str) -> None:
    text = TREES.replace("CODE", code).replace("    yield TREES", "    yield 1")
    fix = weak(text, "TREES", "Tree")
    script = "kept = [Tree('oak'), Tree('elm')]\nseen.append(forest())"
    assert fix.safety != "none" and "gets along" not in fix.reason, fix.reason
    assert executed(text, script) == executed(repaired(text, fix)["mod.py"], script)


@pytest.mark.parametrize(
    "code",
    [
        "return eval('oak', TREES)",
        "exec('elm = 1', {}, TREES)",
        "return dict.get(TREES, 'oak')",
        "return hasattr(TREES, 'fromkeys')",
        "return getattr(TREES, 'move_to_end')",
        "trees = TREES or {}\n    return isinstance(trees, dict)",
        "return [isinstance(trees, dict) for trees in walked()]",
        "for trees in walked():\n        form(1, trees)",
    ],
)
def test_what_only_a_dict_can_do_forbids_the_repair(code: str) -> None:
    assert weak(TREES.replace("CODE", code), "TREES", "Tree").safety == "none"
