"""Numbers made from the length of a container, and annotations of what it holds: both must stay true of a weak one."""

from __future__ import annotations

import pytest
from repairing import executed, lines, repaired, weak

NUMBERED = lines("""
    class Item:
        items = {}

        def __init__(self):
            number = NEXT
            for one in range(number, number + 2):
                Item.items[one] = self
            self.pair = (number, number + 1)
    """)


@pytest.mark.parametrize("count", ["len(Item.items)", "0 + len(Item.items)"])
def test_keys_made_from_the_length_become_the_highest_plus_one(count: str) -> None:
    text = NUMBERED.replace("NEXT", count)
    fix = weak(text, "Item.items", "Item")
    assert fix.safety == "unsafe" and "the number of an object that is gone may be given again" in fix.reason
    after = repaired(text, fix)["mod.py"]
    kept = "one, two, three = Item(), Item(), Item()\nseen += [one.pair, two.pair, three.pair]\n"
    assert executed(after, kept) == executed(text, kept)
    died = f"import gc\n{kept}del one\ngc.collect()\nfour = Item()\nseen.append(four.pair in (two.pair, three.pair))"
    assert executed(after, died)[-1] is False


@pytest.mark.parametrize(
    "store",
    [
        "Item.items[f'item {len(Item.items)}'] = self",
        "Item.items[len(Item.items), 0] = self",
        "key = str(len(Item.items))\n        Item.items[key] = self",
        "self.number = len(Item.items)\n        Item.items[id(self)] = self",
        "number = len(Item.items)\n        self.number = number + 1\n        Item.items[id(self)] = self",
    ],
)
def test_other_numbers_made_from_the_length_forbid_it(store: str) -> None:
    fix = weak(f"class Item:\n    items = {{}}\n\n    def __init__(self):\n        {store}\n", "Item.items", "Item")
    assert fix.safety == "none" and "the number made from the length at mod.py:5" in fix.reason


def test_a_second_kind_of_key_forbids_the_highest_plus_one() -> None:
    text = (
        NUMBERED.replace("NEXT", "len(Item.items)") + "\n    def name(self, text):\n        Item.items[text] = self\n"
    )
    assert weak(text, "Item.items", "Item").safety == "none"


@pytest.mark.parametrize("place", ["self.n = len(REG)", "n = len(REG)\n        self.n = n"])
@pytest.mark.parametrize("made", ["[]", "set()"])
def test_numbered_elements_are_refused(place: str, made: str) -> None:
    add = "append" if made == "[]" else "add"
    text = f"REG = {made}\n\nclass A:\n    def __init__(self):\n        {place}\n        REG.{add}(self)\n"
    fix = weak(text, "REG", "A", side="element")
    assert fix.safety == "none" and "the number made from the length" in fix.reason


@pytest.mark.parametrize("use", ["print(len(REG))", "many = len(REG) + 3"])
def test_a_length_that_names_nothing_is_no_matter(use: str) -> None:
    text = f"REG = {{}}\n\nclass A:\n    def __init__(self):\n        {use}\n        REG[id(self)] = self\n"
    assert weak(text, "REG", "A").safety == "safe"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Dict[str, List['A']]", '"weakref.WeakSet[A]"'),
        ("dict[str, list[A]]", "weakref.WeakSet[A]"),
        ("ClassVar[dict[str, list[A]]]", "weakref.WeakSet[A]"),
        ("'Dict[str, List[A]]'", "weakref.WeakSet[A]"),
    ],
)
def test_annotations_of_inner_containers_follow(before: str, after: str) -> None:
    text = (
        f"import weakref\n\n\nclass A:\n    reg: {before} = {{}}\n\n"
        "    def put(self, k):\n        A.reg.setdefault(k, []).append(self)\n"
    )
    fix = weak(text, "A.reg", "A", side="element", depth=1)
    changed = repaired(text, fix)["mod.py"].splitlines()[4]
    assert fix.safety == "safe", fix.reason
    assert after in changed and "ist[" not in changed


def test_type_comments_of_inner_containers_follow() -> None:
    text = "import weakref\nREG = {}  # type: Dict[str, List[A]]\n\n\nclass A:\n    def put(self, k):\n"
    text += "        REG.setdefault(k, []).append(self)\n"
    fix = weak(text, "REG", "A", side="element", depth=1)
    assert "# type: Dict[str, weakref.WeakSet[A]]" in repaired(text, fix)["mod.py"]


@pytest.mark.parametrize("kind", ["Cache", "Dict[str, Group]", "SomeMap[str, A]"])
def test_an_annotation_that_may_be_false_is_an_assumption(kind: str) -> None:
    depth = int("Group" in kind)
    store = "REG.setdefault(k, []).append(self)" if depth else "REG[k] = self"
    text = f"REG: {kind} = {{}}\n\nclass A:\n    def put(self, k):\n        {store}\n"
    fix = weak(text, "REG", "A", side="element" if depth else "value", depth=depth)
    assert fix.safety == "unsafe" and "the annotation at mod.py:1 holds of " in fix.reason


@pytest.mark.parametrize("kind", ["Mapping[str, A]", "MutableMapping[str, A]", "Optional[Mapping[str, A]]", "Any"])
def test_an_annotation_that_holds_of_both_is_left(kind: str) -> None:
    text = f"REG: {kind} = {{}}\n\nclass A:\n    def put(self, k):\n        REG[k] = self\n"
    fix = weak(text, "REG", "A")
    assert fix.safety == "safe" and f"REG: {kind} = weakref.WeakValueDictionary()" in repaired(text, fix)["mod.py"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Dict[int, Union['A', 'B']]", '"weakref.WeakValueDictionary[int, Union[A, B]]"'),
        ("Dict[Literal['x'], 'Optional[A]']", "\"weakref.WeakValueDictionary[Literal['x'], Optional[A]]\""),
        ('Dict[Literal["x"], "A"]', "'weakref.WeakValueDictionary[Literal[\"x\"], A]'"),
    ],
)
def test_quoted_types_inside_of_an_annotation_that_becomes_text_lose_their_quotes(before: str, after: str) -> None:
    text = f"import weakref\nREG: {before} = {{}}\n\nclass A:\n    def __init__(self):\n        REG[id(self)] = self\n"
    assert f"REG: {after} = " in repaired(text, weak(text, "REG", "A"))["mod.py"]


TRAM = lines("""
    class Tram:
        by_line = {}
        numbered = {}

        def __init__(self, line):
            FIRST
            Tram.by_line[line] = self

        def leave(self):
            SECOND
    """)


@pytest.mark.parametrize(
    ("first", "second", "safety"),
    [
        ("Tram.numbered[id(self)] = self", "pass", "safe"),
        ("Tram.numbered[id(self)] = self", "del self.numbered[id(self)]", "safe"),
        ("number = id(self)\n        Tram.numbered[number] = self", "Tram.numbered.pop(id(self), None)", "safe"),
        ("Tram.numbered.setdefault(id(self), self)", "return type(self).numbered.get(id(self))", "safe"),
        ("Tram.numbered[id(self)] = line", "pass", "none"),
        ("Tram.numbered[id(self)] = self", "Tram.numbered[id(self)] = None", "none"),
        ("Tram.numbered[id(self)] = self", "STOPS[id(self)] = 1", "none"),
        ("Tram.numbered[id(self)] = self", "return STOPS[id(self)]", "none"),
        ("SEEN.add(id(self))", "pass", "none"),
    ],
)
def test_a_table_that_has_the_object_under_its_own_number_gives_that_to_no_newcomer(
    first: str, second: str, safety: str
) -> None:
    text = TRAM.replace("FIRST", first).replace("SECOND", second) + "\n\nSTOPS = {}\nSEEN = set()\n"
    fix = weak(text, "Tram.by_line", "Tram")
    assert (fix.safety, "given to a newcomer" in fix.reason) == (safety, safety == "none"), fix.reason
