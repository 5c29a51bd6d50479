"""Objects whose constructors check what they get: the program's own calls show what that is."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from programs_proven import proven

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import Verdict

PROGRAMS = {
    "list_of_pairs": """
        _made = []
        class Outline:
            def __init__(self, points):
                if len(points) < 3 or any(len(point) != 2 for point in points):
                    raise ValueError("three points of two numbers or more")
                self.points = [(float(x), float(y)) for x, y in points]
                _made.append(self)
        if __name__ == "__main__":
            print(Outline([(0, 0), (4, 0), (4, -3.5)]).points)
        """,
    "element_of_a_loop": """
        _made = []
        class Recipe:
            def __init__(self, parts):
                self.grams = sum(parts[name]["grams"] for name in ("flour", "water"))
                _made.append(self)
        def demo():
            for parts in ({"flour": {"grams": 1}, "water": {"grams": 2}}, {}):
                Recipe(parts)
        """,
    "class_method_with_a_local_value": """
        _made = []
        class Fee:
            def __init__(self, steps):
                if set(steps) != {1, 2, 7}:
                    raise ValueError(steps)
                _made.append(self)
            @classmethod
            def flat(cls, amount: "str") -> "Fee":
                whole, cents = amount.split("//")
                return cls(dict.fromkeys((1, 2, 7), int(whole) * 100 + int(cents)))
        def main():
            amount = "4//20"
            print(Fee.flat(amount))
        """,
    "objects_in_objects": """
        _made = {}
        class Money:
            def __init__(self, cents, code):
                if code not in ("XEU", "XUS") or cents % 50:
                    raise ValueError(code)
        class Row:
            def __init__(self, name, price):
                self.price = price
                if not isinstance(price, Money):
                    raise TypeError(price)
        class Order:
            def __init__(self, rows, *, limit):
                if not rows or not all(isinstance(row, Row) for row in rows) or not isinstance(limit, Money):
                    raise TypeError(rows)
                _made[id(self)] = self
        def sample():
            most = Money(cents=10_000, code="XEU")
            return Order([Row("nail", Money(150, "XEU")), Row("screw", Money(200, "XUS"))], limit=most)
        """,
    "all_members": """
        import enum
        from collections.abc import Mapping
        _made = []
        class Zone(enum.Enum):
            NEAR, FAR = range(2)
        class Rates:
            def __init__(self, rates: Mapping[Zone, float]):
                self.sum = sum(rates[zone] for zone in Zone)
                if not self.sum:
                    raise ValueError(rates)
                _made.append(self)
        """,
    "example_in_a_docstring": """
        import functools
        _made = []
        class Step:
            def __init__(self, name):
                self.name = name
        class Plan:
            '''A plan: ``Plan([Step("fetch"), Step("build")], retries={"fetch": 2})``.'''
            def __init__(self, steps, retries):
                for step in steps:
                    step.name.upper()
                if not set(retries) < {step.name for step in steps}:
                    raise ValueError(retries)
                _made.append(self)
        """,
    "arguments_of_a_function": """
        _made = []
        class Spec:
            pass
        def load(spec):
            made = Spec()
            made.size = spec["name"].count("e") + len(spec["parts"][0]["where"])
            _made.append(made)
            return made
        def main():
            load({"name": "engine", "parts": [{"where": "left"}]})
        """,
    "other_texts_of_a_form": """
        _made = {}
        class Route:
            def __init__(self, text, verbs):
                head, _, rest = text.partition("::")
                if not rest or "GET" not in verbs:
                    raise ValueError(text)
                self.text = text
        def route(text, verbs):
            '''Like route("users::all", frozenset(["GET", "PUT"])).'''
            if text not in _made:
                _made[text] = Route(text, verbs)
            return _made[text]
        """,
    "any_number_of_arguments": """
        _made = []
        class Table:
            def __init__(self, *columns, **options):
                if len(columns) != 2 or options["width"] % 3:
                    raise ValueError(columns)
                _made.append(self)
        def main():
            Table("name", "size", width=9)
        """,
    "texts_of_the_program_itself": """
        import re
        _compiled = {}
        class Reader:
            def __init__(self, text: str):
                self.text = text
            def match(self, pattern, flags):
                if flags not in (8, 16) or not pattern.endswith("$"):
                    raise ValueError(flags)
                if pattern not in _compiled:
                    _compiled[pattern] = re.compile(pattern, flags)
                return _compiled[pattern].match(self.text)
            def number(self):
                return self.match("[0-9]+$", 8)
            def name(self, more):
                return self.match("[a-z]+%s$" % more, 16)
        """,
    "filled_by_another_act": """
        class Identity:
            def __init__(self):
                self.fields = {"name": "a"}
            def update(self, value):
                self.fields.update(value)
        IDENTITY = Identity()
        def also(other):
            other.update({"size": 3})
        """,
    "one_text_only": """
        _made = {}
        KNOWN = frozenset(["north::1"])
        class Depot:
            pass
        def depot(text, verbs):
            if text not in KNOWN or verbs != {"GET"}:
                raise ValueError(text)
            if text not in _made:
                _made[text] = Depot()
            return _made[text]
        def main(text):
            '''Like depot("north::1", {"GET"}).'''
            depot(text, {"GET"})
        """,
    "values_of_nobody": """
        _made = []
        class Lock:
            def __init__(self, code):
                if sum(ord(letter) * place for place, letter in enumerate(code)) != 123457:
                    raise ValueError("wrong")
                _made.append(self)
        def unlock(code):
            return Lock(code)
        """,
}


OPEN = {"one_text_only", "texts_of_the_program_itself", "filled_by_another_act", "values_of_nobody"}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Return the verdict on each program."""
    return proven(tmp_path_factory.mktemp("shown"), PROGRAMS)


@pytest.mark.parametrize("program", sorted(PROGRAMS.keys() - OPEN))
def test_the_object_is_made(verdicts: dict[str, Verdict], program: str) -> None:
    assert verdicts[program].status == "confirmed", verdicts[program]


def test_what_cannot_be_made_or_varied_is_not_judged(verdicts: dict[str, Verdict]) -> None:
    for program in OPEN:
        found = verdicts.get(program)
        assert found is None or found.status == "unreached", found


def test_a_verdict_says_where_the_values_are_from(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["list_of_pairs"].values == "points: shown at list_of_pairs.py:10"
    assert "made = list_of_pairs.Outline([(0, 0), (4, 0), (4, -3.5)])" in verdicts["list_of_pairs"].recipe
    assert "objects_in_objects.Money(cents=10000, code='XEU')" in verdicts["objects_in_objects"].recipe


def test_a_tuple_without_elements_is_read(tmp_path: Path) -> None:
    text = """
        _made = []
        class Box:
            def __init__(self, parts: tuple[()]):
                for part in parts:
                    _made.append(part)
        """
    (tmp_path / "boxes.py").write_text(textwrap.dedent(text))
    assert check([str(tmp_path)], Settings(confidence="low")) is not None
