"""Who takes a container as a whole, lists its keys, or knows what it keeps by other ways."""

from __future__ import annotations

import pytest
from repairing import executed, lines, repaired, weak


@pytest.mark.parametrize(
    ("start", "side", "case"),
    [
        ("set()", "element", "case set():"),
        ("set()", "element", "case frozenset() | set() as some:"),
        ("{}", "value", "case dict():"),
    ],
)
def test_a_pattern_that_asks_for_the_type_gets_a_plain_container(start: str, side: str, case: str) -> None:
    store = "Ship.all[id(self)] = self" if side == "value" else "Ship.all.add(self)"
    text = lines(f"""
        class Ship:
            all = {start}

            def __init__(self):
                {store}

        def kind():
            match Ship.all:
                {case}
                    return "plain"
                case _:
                    return "other"
        """)
    fix = weak(text, "Ship.all", "Ship", side=side)
    assert fix.edits, fix.reason
    assert executed(repaired(text, fix)["mod.py"], "seen.append(kind())") == ["plain"]


def test_a_pattern_that_asks_for_a_sequence_finds_none_in_a_weak_set() -> None:
    text = lines("""
        class Ship:
            all = []

            def __init__(self):
                Ship.all.append(self)

        def kind():
            match Ship.all:
                case [*_]:
                    return "some"
        """)
    fix = weak(text, "Ship.all", "Ship", side="element")
    assert fix.replacement != "weakref.WeakSet" or fix.safety == "none", fix.reason


def test_no_method_of_dict_is_to_be_had_through_super() -> None:
    text = lines("""
        class Ship:
            all = {}

            def __init__(self):
                Ship.all[id(self)] = self

        def size():
            return super(dict, Ship.all).__sizeof__()
        """)
    fix = weak(text, "Ship.all", "Ship")
    assert (fix.safety, "super() at mod.py:8" in fix.reason) == ("none", True), fix.reason


@pytest.mark.parametrize(
    "read", ["Ship.__annotations__", "typing.get_type_hints(Ship)", "inspect.get_annotations(Ship)"]
)
def test_an_annotation_that_is_read_is_an_assumption(read: str) -> None:
    text = lines(f"""
        import inspect
        import typing

        class Ship:
            all: dict = {{}}

            def __init__(self):
                Ship.all[id(self)] = self

        def kind():
            return {read}["all"] is dict
        """)
    fix = weak(text, "Ship.all", "Ship")
    assert (fix.safety, "annotations read at mod.py:11" in fix.reason) == ("unsafe", True), fix.reason


ROWS = lines("""
    class Seat:
        rows = {}

        def __init__(self, row):
            Seat.rows.setdefault(row, []).append(self)

    """)


@pytest.mark.parametrize("use", ["Seat.rows == other", "other != Seat.rows", "json.dumps(Seat.rows, default=list)"])
def test_what_asks_for_the_lists_inside_needs_real_ones(use: str) -> None:
    fix = weak(
        f"import json\n\n{ROWS}def use(other):\n    return {use}\n", "Seat.rows", "Seat", depth=1, side="element"
    )
    assert fix.safety == "none", fix.reason


@pytest.mark.parametrize(
    "use",
    [
        "{**Seat.rows}",
        "dict(**Seat.rows)",
        "Seat.rows | other",
        "f'{Seat.rows}'",
        "Seat.rows.copy()",
        "Seat.rows.popitem()",
        "list(Seat.rows.values())",
    ],
)
def test_what_takes_the_whole_gets_the_weak_containers_inside_along(use: str) -> None:
    fix = weak(f"{ROWS}def use(other):\n    return {use}\n", "Seat.rows", "Seat", depth=1, side="element")
    assert (fix.safety, "mod.py:8 gets along with weak" in fix.reason) == ("unsafe", True), fix.reason


@pytest.mark.parametrize("use", ["len(Seat.rows)", "sorted(Seat.rows)", "other in Seat.rows", "[*Seat.rows]"])
def test_what_asks_for_the_keys_alone_does_not_mind_weak_containers_inside(use: str) -> None:
    fix = weak(f"{ROWS}def use(other):\n    return {use}\n", "Seat.rows", "Seat", depth=1, side="element")
    assert fix.safety == "safe", fix.reason


def test_lists_inside_may_be_found_by_a_name_that_is_worked_out() -> None:
    use = "def use(name):\n    return [type(row) is list for row in getattr(Seat, name).values()]\n"
    fix = weak(f"{ROWS}{use}", "Seat.rows", "Seat", depth=1, side="element")
    assert (fix.safety, "may find the container" in fix.reason) == ("unsafe", True), fix.reason


@pytest.mark.parametrize(
    "code",
    [
        "LIVE = weakref.WeakSet()\n\ndef launch():\n    LIVE.add(Ship())",
        "LIVE = weakref.WeakValueDictionary()\n\ndef launch(name):\n    LIVE[name] = Ship()",
        "def launch():\n    return weakref.proxy(Ship())",
        "class Crew:\n    def __init__(self, of):\n        self.of = weakref.ref(of)\n\ndef launch():\n    return Crew(Ship())",
        "HORNS = []\n\ndef launch(ship: Ship):\n    HORNS.append(weakref.WeakMethod(ship.blow))",
    ],
)
def test_what_is_referred_to_weakly_may_live_by_the_container(code: str) -> None:
    text = lines("""
        import weakref

        class Ship:
            all = []

            def __init__(self):
                Ship.all.append(self)

            def blow(self):
                return "tut"

        class Buoy:
            pass

        def mark():
            return weakref.ref(Buoy())

        """)
    assert weak(text, "Ship.all", "Ship", side="element").safety == "safe"
    fix = weak(f"{text}{code}\n", "Ship.all", "Ship", side="element")
    assert (fix.safety, "refers weakly to a Ship" in fix.reason) == ("unsafe", True), fix.reason


def test_the_number_of_an_object_is_of_use_to_others_as_long_as_it_lives() -> None:
    text = "class Ship:\n    all = []\n\n    def __init__(self):\n        Ship.all.append(self)\n\n"
    told = f"{text}def ticket():\n    ship = Ship()\n    return id(ship)\n"
    fix = weak(told, "Ship.all", "Ship", side="element")
    assert (fix.safety, "id() of a Ship at mod.py:9 means nothing" in fix.reason) == ("unsafe", True), fix.reason
    assert (
        weak(told.replace("return", "print(").replace("(ship)", "(ship))"), "Ship.all", "Ship", side="element").safety
        == "safe"
    )


@pytest.mark.parametrize("start", ["[]", "set()"])
def test_whether_there_is_any_decides(start: str) -> None:
    store = "append" if start == "[]" else "add"
    text = lines(f"""
        class Ship:
            all = {start}

            def __init__(self):
                self.first = bool(Ship.all)
                Ship.all.{store}(self)
        """)
    assert weak(text, "Ship.all", "Ship", side="element").safety == "unsafe"


@pytest.mark.parametrize(
    "use", ["sorted(Ship.named)", "[name for name in Ship.named]", "list(Ship.named.keys())", "[*Ship.named]"]
)
def test_the_keys_say_of_which_objects_there_are_entries(use: str) -> None:
    text = lines("""
        class Ship:
            named = {}

            def __init__(self, name):
                Ship.named[KEY] = self

        def names():
            return USE
        """).replace("USE", use)
    fix = weak(text.replace("KEY", "name"), "Ship.named", "Ship")
    assert (fix.safety, "that is read at mod.py:8" in fix.reason) == ("unsafe", True), fix.reason
    assert weak(text.replace("KEY", "id(self)"), "Ship.named", "Ship").safety == "safe"
