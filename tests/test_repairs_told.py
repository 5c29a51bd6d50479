"""What tells a weak container from a plain one far from where it is named: keywords, names worked out, counts, set algebra."""

from __future__ import annotations

import pytest
from repairing import executed, lines, repaired, weak

SHIP = lines("""
    class Ship:
        sailing = {}

        def __init__(self, name):
            self.name = name
            Ship.sailing[id(self)] = self

    """)


def ship(code: str, head: str = "") -> tuple[str, str]:
    """Return how safe it is to make the container weak beside some code, and why."""
    fix = weak(f"{head}{SHIP}{lines(code)}", "Ship.sailing", "Ship")
    return fix.safety, fix.reason


@pytest.mark.parametrize(
    "code",
    [
        "def take(count, **given):\n    return given\n\ndef use():\n    return take(1, fleet=Ship.sailing)",
        "def use():\n    return isinstance(dict(fleet=Ship.sailing)['fleet'], dict)",
    ],
)
def test_what_is_handed_on_as_a_keyword_of_any_name_is_not_followed(code: str) -> None:
    safety, reason = ship(code)
    assert (safety, "gets along with a weak dictionary" in reason) == ("unsafe", True), reason


@pytest.mark.parametrize(
    "test",
    [
        "'some' if Ship.sailing else 'none'",
        "not Ship.sailing",
        "len(Ship.sailing) == expected",
        "3 <= len(Ship.sailing)",
    ],
)
def test_what_is_decided_by_how_many_there_are_is_an_assumption(test: str) -> None:
    safety, reason = ship(f"def decide(expected):\n    return {test}")
    assert (safety, "whoever makes a Ship keeps it" in reason) == ("unsafe", True), reason


def test_a_name_that_is_taken_would_be_free_again() -> None:
    text = lines("""
        TAKEN = {}

        class Ship:
            def __init__(self, name):
                if name in TAKEN:
                    raise ValueError(name)
                TAKEN[name] = self
        """)
    fix = weak(text, "TAKEN", "Ship")
    assert (fix.safety, "keeps it, and does not count on the container" in fix.reason) == ("unsafe", True), fix.reason


@pytest.mark.parametrize(
    "code",
    [
        "if Ship.sailing:\n        Ship.sailing.clear()",
        "if len(Ship.sailing) > 9:\n        Ship.sailing.popitem()",
        "print(len(Ship.sailing))",
        "return id(ship) in Ship.sailing",
    ],
)
def test_what_only_looks_after_the_container_decides_nothing(code: str) -> None:
    assert ship(f"def tidy(ship):\n    {code}") == (
        "safe",
        "every use of the container works alike with weak references, and what it keeps has another owner",
    )


def test_a_number_made_from_the_length_comes_back_through_a_function() -> None:
    text = lines("""
        class Ship:
            sailing = set()

            def __init__(self):
                Ship.sailing.add(self)
                self.label = label()

        def label():
            return "s" + str(len(Ship.sailing))
        """)
    fix = weak(text, "Ship.sailing", "Ship", side="element")
    assert (fix.safety, "would be given again" in fix.reason) == ("none", True), fix.reason


@pytest.mark.parametrize(
    "name", ["difference", "symmetric_difference", "issubset", "issuperset", "union", "intersection", "isdisjoint"]
)
def test_set_algebra_takes_what_cannot_be_weakly_referenced(name: str) -> None:
    text = lines(f"""
        class Ship:
            sailing = set()

            def __init__(self):
                Ship.sailing.add(self)

        def others(some):
            return Ship.sailing.{name}(some)
        """)
    fix = weak(text, "Ship.sailing", "Ship", side="element", owned=True)
    assert fix.edits, fix.reason
    script = """
        one, two = Ship(), Ship()
        found = others([one, 7, "seven"])
        seen.append(found if isinstance(found, bool) else [type(found).__name__, one in found, two in found, 7 in found])
        """
    assert executed(repaired(text, fix)["mod.py"], script) == executed(text, script)


def test_what_is_taken_out_of_a_weak_set_must_be_such_objects() -> None:
    text = lines("""
        class Ship:
            sailing = set()

            def __init__(self):
                Ship.sailing.add(self)

        def drop(some):
            Ship.sailing.difference_update(some)
        """)
    fix = weak(text, "Ship.sailing", "Ship", side="element")
    assert (fix.safety, "difference_update() at mod.py:8 is given nothing else" in fix.reason) == ("unsafe", True)


@pytest.mark.parametrize(
    ("head", "decorated"),
    [
        (
            (
                "class Meta(type):\n    def __new__(mcs, name, bases, space):\n        space['__slots__'] = ()\n"
                "        return super().__new__(mcs, name, bases, space)\n\n"
            ),
            "class Ship(metaclass=Meta):",
        ),
        (
            (
                "def slim(cls):\n    space = {k: v for k, v in vars(cls).items() if k not in ('__dict__', '__weakref__')}\n"
                "    return type(cls)(cls.__name__, cls.__bases__, {**space, '__slots__': ()})\n\n"
            ),
            "@slim\nclass Ship:",
        ),
    ],
)
def test_a_class_may_get_its_slots_where_it_is_made(head: str, decorated: str) -> None:
    text = f"{head}{SHIP.replace('class Ship:', decorated)}"
    fix = weak(text, "Ship.sailing", "Ship")
    assert (fix.safety, "may give Ship slots" in fix.reason) == ("none", True), fix.reason


def test_a_slotted_class_below_another_kind_gets_no_room() -> None:
    text = lines("""
        AFLOAT = {}

        class Ship:
            __slots__ = ()

            def launch(self):
                AFLOAT[id(self)] = self

        class Numbered(Ship, int):
            __slots__ = ()
        """)
    fix = weak(text, "AFLOAT", "Ship")
    assert (fix.safety, "Numbered is a kind of int" in fix.reason) == ("none", True), fix.reason


def test_a_slotted_class_whose_objects_change_class_keeps_its_layout() -> None:
    text = SHIP.replace("    sailing = {}\n", "    __slots__ = ('name',)\n    sailing = {}\n")
    changed = f"{text}class Wreck:\n    __slots__ = ('name',)\n\ndef sink(ship):\n    ship.__class__ = Wreck\n"
    assert weak(text, "Ship.sailing", "Ship").safety == "safe"
    fix = weak(changed, "Ship.sailing", "Ship")
    assert (fix.safety, "objects change their class at mod.py:13" in fix.reason) == ("none", True), fix.reason


@pytest.mark.parametrize(
    "code",
    [
        "def show(name):\n    return isinstance(getattr(Ship, name), dict)",
        "def show():\n    return [k for k, v in vars(Ship).items() if isinstance(v, dict)]",
        "def show():\n    return [n for n in dir(Ship) if type(getattr(Ship, n)) is dict]",
        "import operator\n\ndef show():\n    return isinstance(operator.attrgetter('sailing')(Ship), dict)",
        "def show():\n    return eval('isinstance(Ship.sailing, dict)')",
        "def show():\n    match Ship:\n        case object(sailing=dict()):\n            return 1",
    ],
)
def test_a_name_that_is_worked_out_may_find_the_container(code: str) -> None:
    safety, reason = ship(code)
    assert (safety, "may find the container" in reason) == ("unsafe", True), reason


@pytest.mark.parametrize(
    "code",
    [
        "def show(ship, name):\n    return getattr(ship, name)",
        "def show(ship):\n    return [k for k in vars(ship)]",
        "class Crew:\n    pass\n\ndef show(name):\n    return isinstance(getattr(Crew, name), dict)",
    ],
)
def test_a_name_that_is_worked_out_is_no_matter_where_no_type_is_asked_for(code: str) -> None:
    assert ship(code)[0] == "safe"


@pytest.mark.parametrize(
    "code",
    [
        "def kinds(*every):\n    return [type(one) is dict for one in every]\n\ndef use():\n    return kinds(Ship.sailing)",
        "def kind(**given):\n    return isinstance(given['fleet'], dict)\n\ndef use():\n    return kind(fleet=Ship.sailing)",
        (
            "def kind(one):\n    return isinstance(one, (list, dict))\n\n"
            "def on(*given):\n    return kind(*given)\n\ndef use():\n    return on(Ship.sailing)"
        ),
        (
            "class Table:\n    def __init__(self, rows):\n        self.rows = rows\n\n    def text(self):\n"
            "        return '' if isinstance(self.rows, dict) else 'x'\n\ndef use():\n    return Table(Ship.sailing).text()"
        ),
        "TABLES = {'ships': Ship.sailing}\n\ndef kinds():\n    return [n for n, t in TABLES.items() if isinstance(t, dict)]",
        "def pair():\n    return Ship.sailing, 3\n\ndef use():\n    first, _ = pair()\n    return first.__class__ is dict",
        "@functools.singledispatch\ndef text(value):\n    return ''\n\ndef use():\n    return text(Ship.sailing)",
        (
            "class Text:\n    @functools.singledispatchmethod\n    def of(self, value):\n        return ''\n\n"
            "def use():\n    return Text().of(Ship.sailing)"
        ),
        "WRITER = json.JSONEncoder(default=vars)\n\ndef use():\n    return WRITER.encode(Ship.sailing)",
        "class Writer(json.JSONEncoder):\n    pass\n\ndef use():\n    return Writer().encode(Ship.sailing)",
        "def use():\n    match (Ship.sailing, 1):\n        case (dict(), _):\n            return 1",
        "class View:\n    pass\n\ndef use(view=View()):\n    setattr(view, 'rows', Ship.sailing)\n    return type(view.rows)",
    ],
)
def test_a_container_that_comes_where_its_type_is_asked_for_stays_plain(code: str) -> None:
    safety, reason = ship(code, "import functools\nimport json\n\n")
    assert (safety, "asks for a plain one" in reason or "needs a plain one" in reason) == ("none", True), reason


@pytest.mark.parametrize(
    "code",
    [
        "def kinds(*every):\n    return [isinstance(one, Ship) for one in every]\n\ndef use():\n    return kinds(Ship.sailing)",
        "def kinds(*every):\n    return [isinstance(one, dict) for one in every]\n\ndef use():\n    return kinds({}, 3)",
    ],
)
def test_other_types_and_other_containers_are_asked_for_what_they_are(code: str) -> None:
    assert ship(code)[0] != "none"


def test_the_first_line_of_a_file_may_be_a_function() -> None:
    text = lines("""
        def label():
            return f"s{len(AFLOAT)}"

        AFLOAT = set()

        class Ship:
            def __init__(self):
                AFLOAT.add(self)
                self.label = label()
        """)
    fix = weak(text, "AFLOAT", "Ship", side="element")
    assert (fix.safety, "would be given again" in fix.reason) == ("none", True), fix.reason


@pytest.mark.parametrize(
    ("code", "safety", "told"),
    [
        (
            "def mark(ship):\n    return MARKS.get(ship)",
            "unsafe",
            "ship, which the container is asked with at mod.py:11",
        ),
        ("def mark(ship: Ship):\n    return MARKS.get(ship)", "safe", ""),
        ("def drop(ship):\n    MARKS.pop(ship, None)", "safe", ""),
        ("def mark(ship):\n    return ship in MARKS", "safe", ""),
        ("def mark(ship):\n    return MARKS[ship]\n\ndef use():\n    return mark('Ann')", "none", "may be a str"),
        ("def mark(ship=None):\n    return MARKS.get(ship)\n\ndef use():\n    return mark()", "none", "may be a None"),
    ],
)
def test_what_weak_keys_are_asked_with_must_be_objects(code: str, safety: str, told: str) -> None:
    text = lines("""
        MARKS = {}

        class Ship:
            def __init__(self, name):
                self.name = name

            def note(self):
                MARKS[self] = 1

        """)
    fix = weak(f"{text}{code}\n", "MARKS", "Ship", side="key")
    assert (fix.safety, told in fix.reason) == (safety, True), fix.reason


@pytest.mark.parametrize(
    ("head", "body", "call", "safety", "told"),
    [
        ("ship=None", "AFLOAT[name] = ship", "", "unsafe", "launch() is given a ship, and not None"),
        ("ship: 'Ship | None'", "AFLOAT[name] = ship", "", "unsafe", "launch() is given a ship, and not None"),
        ("ship=None", "AFLOAT[name] = ship", "launch(1)", "none", "is None where mod.py:9 calls launch()"),
        ("ship=None", "AFLOAT[name] = ship or Ship()", "", "", ""),
        (
            "ship=None",
            "if ship is not None:\n        AFLOAT[name] = ship",
            "",
            "unsafe",
            "keeps the ship that it passes",
        ),
    ],
)
def test_an_argument_that_may_be_left_out_is_put_in_as_none(
    head: str, body: str, call: str, safety: str, told: str
) -> None:
    text = f"AFLOAT = {{}}\n\nclass Ship:\n    pass\n\ndef launch(name, {head}):\n    {body}\n\n{call}\n"
    fix = weak(text, "AFLOAT", "Ship")
    assert told in fix.reason and (not safety or fix.safety == safety), fix.reason
    assert safety or "not None" not in fix.reason


@pytest.mark.parametrize(
    ("head", "tail"),
    [
        ("", "def same(one, two):\n    return one.name == two.name\n\nShip.__eq__ = same\n"),
        ("def valued(cls):\n    cls.__eq__ = lambda one, two: one.name == two.name\n    return cls\n\n@valued\n", ""),
    ],
)
def test_equality_may_be_given_from_outside(head: str, tail: str) -> None:
    text = lines("""
        class Ship:
            def __init__(self, name):
                self.name = name
                AFLOAT.add(self)

        AFLOAT = set()
        """)
    fix = weak(f"{head}{text}{tail}", "AFLOAT", "Ship", side="element")
    assert (fix.safety, "Ship is given __eq__ at" in fix.reason) == ("none", True), fix.reason


@pytest.mark.parametrize(
    ("code", "safety", "told"),
    [
        ("return functools.reduce(max, [1], len(AFLOAT))", "safe", "works alike"),
        ("return functools.reduce(lambda total, ship: total + ship.size, AFLOAT, 0)", "unsafe", "does not matter"),
        ("return min(AFLOAT, key=lambda ship: ship.size)", "unsafe", "does not matter"),
        ("return fsum(AFLOAT)", "none", "fsum() at mod.py:13 gets the container"),
    ],
)
def test_what_walks_a_list_may_tell_its_order(code: str, safety: str, told: str) -> None:
    text = lines(f"""
        import functools

        AFLOAT = []

        class Ship:
            size = 1

            def __init__(self):
                AFLOAT.append(self)

        def use():
            # the function below is none of the library
            {code}

        def fsum(every):
            return every.count(1)
        """)
    fix = weak(text, "AFLOAT", "Ship", side="element")
    assert (fix.safety, told in fix.reason) == (safety, True), fix.reason


@pytest.mark.parametrize("merged", ["[(name, self)]", "{name: self}", "((one, self) for one in name)"])
def test_pairs_put_their_second_part_in(merged: str) -> None:
    text = f"AFLOAT = {{}}\n\nclass Ship:\n    def __init__(self, name):\n        AFLOAT.update({merged})\n"
    fix = weak(text, "AFLOAT", "Ship")
    assert fix.safety == "safe", fix.reason
    script = "ship = Ship('A')\nseen += [len(AFLOAT), AFLOAT['A'] is ship]\ndel ship\nseen.append(len(AFLOAT))"
    assert executed(repaired(text, fix)["mod.py"], script) == [1, True, 0]


@pytest.mark.parametrize(
    "made",
    ["{where: set() for where in 'ab'}", "{'a': set(), 'b': set()}", "dict.fromkeys('ab')", "{**{}, 'a': set()}"],
)
def test_containers_that_are_inside_from_the_start(made: str) -> None:
    text = lines(f"""
        class Ship:
            harbours = {made}

            def __init__(self):
                Ship.harbours["a"].add(self)

            def sail(self):
                Ship.harbours["a"].remove(self)
                Ship.harbours["b"].add(self)
        """)
    fix = weak(text, "Ship.harbours", "Ship", side="element", depth=1)
    if "**" in made or "from" in made:
        assert fix.safety == "none", fix.reason
        return
    assert fix.safety == "safe", fix.reason
    script = """
        one, two = Ship(), Ship()
        two.sail()
        seen += [len(every) for every in Ship.harbours.values()]
        del one, two
        seen += [len(every) for every in Ship.harbours.values()]
        """
    assert executed(repaired(text, fix)["mod.py"], script) == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("code", "safety", "told"),
    [
        ("def use(every):\n    return list(map(Ship.sailing.get, every))", "safe", "works alike"),
        ("clone = Ship.sailing.copy", "none", "weak dictionaries have no copy"),
        ("def use(call):\n    return call(Ship.sailing.values)", "unsafe", "who calls the values that is handed on"),
        ("def use(key):\n    return Ship.sailing.setdefault(key)", "none", "stores None"),
        (
            "def use(names):\n    Ship.sailing.update(dict.fromkeys(names))",
            "unsafe",
            "keeps what dict.fromkeys(names) at",
        ),
        (
            "def use(ships):\n    Ship.sailing.update(ships)\n    return len(Ship.sailing)",
            "unsafe",
            "keeps what ships at",
        ),
        ("def use(fleet):\n    Ship.sailing.update(fleet.ships)\n    return len(Ship.sailing)", "safe", "works alike"),
    ],
)
def test_what_is_put_in_or_handed_on_without_a_word_of_it(code: str, safety: str, told: str) -> None:
    found = ship(code)
    assert (found[0], told in found[1]) == (safety, True), found
