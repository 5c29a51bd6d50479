"""What the end of a stored object does, what stands for one that is not there, and the order in which objects are walked."""

from __future__ import annotations

import pytest
from repairing import executed, lines, repaired, weak

SPOOL = lines("""
    import subprocess
    import tempfile
    import weakref

    REG = {}

    class Part:
        def __init__(self):
            self.end = weakref.finalize(self, print, "end")

    class A:
        def __init__(self, name):
            self.name = name
            BODY

    def put(a):
        REG[id(a)] = a
        return a

    A("x")
    """)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("weakref.finalize(self, print, name)", "the finalizer made by __init__()"),
        ("self.file = tempfile.NamedTemporaryFile()", "self.file, which frees what it holds"),
        ("file = self.file = tempfile.TemporaryDirectory()", "self.file, which frees what it holds"),
        ("self.part = Part()", "self.part, which frees what it holds"),
    ],
)
def test_what_may_live_by_the_container_and_ends_with_something_stays(body: str, told: str) -> None:
    fix = weak(SPOOL.replace("BODY", body), "REG", "A")
    assert (fix.safety, fix.reason) == ("none", f"a A may live by the container, and its end does something ({told})")
    own = SPOOL.replace("BODY", f"{body}\n        REG[id(self)] = self").replace("    REG[id(a)] = a\n", "")
    fix = weak(own.replace('\nA("x")', '\nX = A("x")'), "REG", "A")
    assert fix.safety == "unsafe" and f"nobody holds any more ({told} would come earlier)" in fix.reason


def test_what_holds_nothing_that_is_freed_has_no_end_of_its_own() -> None:
    text = "REG = {}\n\nclass A:\n    def __init__(self, other):\n        self.other = other\n        REG[id(self)] = self\n"
    assert weak(text, "REG", "A").safety == "safe"


def test_an_object_of_which_only_a_part_is_handed_on_is_kept_by_the_container() -> None:
    text = lines("""
        REG = []

        class A:
            def __init__(self, name):
                self.file = open(name)
                REG.append(self)

        def put(name):
            return A(name).file.name
        """)
    fix = weak(text, "REG", "A", side="element")
    assert (fix.safety, fix.reason) == ("none", "the A made at mod.py:9 is kept by nothing but this container")
    assert weak(text.replace("return A(name).file.name", "return A(name)"), "REG", "A", side="element").safety != "none"


@pytest.mark.parametrize("call", ["get(n, 'white')", "get(n, 0)", "pop(n, ())"])
def test_a_plain_value_that_stands_for_what_is_not_there_tells_what_is_there(call: str) -> None:
    put = "def put(n, colour):\n    colour.used = 1\n    REG[n] = colour\n"
    text = f"REG = {{}}\n\n{put}\ndef ask(n):\n    return REG.{call}\n"
    fix = weak(text, "REG")
    assert fix.safety == "none" and "stands for what is not there at mod.py:8" in fix.reason
    assert weak(text.replace(call, "get(n, None)"), "REG").safety == "unsafe"


@pytest.mark.parametrize(
    "said",
    [
        "# type: (int, str) -> None\n    ",
        "# type: (int, Optional[str]) -> None\n    ",
        "'@type colour: string'\n    ",
        "':param str colour: which'\n    ",
    ],
)
def test_a_parameter_that_a_comment_or_the_documentation_calls_text_is_text(said: str) -> None:
    text = f"REG = {{}}\n\ndef put(n, colour):\n    {said}colour.used = 1\n    REG[n] = colour\n"
    fix = weak(text, "REG")
    assert (fix.safety == "none") == ("Optional" not in said), fix.reason
    assert fix.safety == "unsafe" or "which takes no weak references" in fix.reason


UNKNOWN = "nothing tells what is stored at mod.py:5, and text, numbers and tuples take no weak references"
PUT = lines("""
    REG = {}
    LIST = []

    def put(one, n):
        REG[n] = one
        LIST.append(one)

    def read(n):
        BODY
    """)


@pytest.mark.parametrize(
    "body",
    ["return REG.get(n)", "return n in REG", "return REG[n].upper()", "for one in REG.values(): print(one)", "pass"],
)
def test_what_nothing_shows_to_be_an_object_stays(body: str) -> None:
    fix = weak(PUT.replace("BODY", body), "REG")
    assert (fix.safety, fix.reason) == ("none", UNKNOWN)


@pytest.mark.parametrize(
    "body",
    [
        "return REG[n].name",
        "one = REG.get(n)\n    return one.name",
        "if one := REG.get(n):\n        one.close()",
        "for one in REG.values():\n        one.close()",
        "for key, one in list(REG.items()):\n        one.close()",
        "return [one.name for one in REG.values()]",
        "for one in REG.values():\n        one()",
    ],
)
def test_what_is_used_as_an_object_is_taken_for_one(body: str) -> None:
    assert weak(PUT.replace("BODY", body), "REG").safety == "unsafe"
    assert (
        weak(PUT.replace("BODY", "pass").replace("    REG[n]", "    one.name = n\n    REG[n]"), "REG").safety
        == "unsafe"
    )


@pytest.mark.parametrize("given", ["k.strip()", "k.split()[0]", "'%s' % k", "' '.join(k)"])
def test_what_a_text_gives_is_text(given: str) -> None:
    text = PUT.replace("BODY", f"return REG[n].name\n\ndef ask(k):\n    put({given}, 1)\n")
    fix = weak(text, "REG")
    assert fix.safety == "none" and "a text is passed to put()" in fix.reason
    own = "\n\nclass A:\n    def strip(self):\n        return self\n\ndef asked():\n    put(A().strip(), 1)\n"
    assert "a text" not in weak(PUT.replace("BODY", f"return REG[n].name{own}"), "REG").reason


WALKED = lines("""
    _REG = []

    class A:
        def __init__(self, name):
            self.name = name
            _REG.append(self)

        def apply(self, text):
            return f"{self.name}({text})"

    def run(text, found):
        BODY
    """)


@pytest.mark.parametrize(
    "body",
    [
        "for one in _REG:\n        text = one.apply(text)\n    return text",
        "for one in _REG:\n        if one.name:\n            return one",
        "for one in _REG:\n        found.append(one.name)",
        "for number, one in enumerate(_REG):\n        print(number, one)",
        "return [one.name for one in _REG]",
        "return list(_REG)",
        "for one in _REG:\n        yield one",
    ],
)
def test_a_list_whose_order_shows_keeps_it(body: str) -> None:
    fix = weak(WALKED.replace("BODY", body), "_REG", "A", side="element")
    assert fix.replacement == "a list of weakref.ref" and "order" not in fix.reason


def test_a_public_list_is_walked_by_others_as_well() -> None:
    text = WALKED.replace("BODY", "return [one.name for one in _REG]").replace("_REG", "REG")
    fix = weak(text, "REG", "A", side="element")
    assert fix.replacement == "weakref.WeakSet" and "the order in which the container is walked" in fix.reason


@pytest.mark.parametrize(
    "body",
    [
        "for one in _REG:\n        one.apply(text)",
        "for one in list(_REG):\n        one.name = text\n        one.apply(len(found))",
        "return {one.name for one in _REG}",
        "return any(one.name for one in _REG)",
    ],
)
def test_a_list_whose_order_does_not_show_becomes_a_set(body: str) -> None:
    assert weak(WALKED.replace("BODY", body), "_REG", "A", side="element").replacement == "weakref.WeakSet"


def test_what_is_made_of_a_list_comes_in_its_order() -> None:
    text = WALKED.replace("BODY", "for one in _REG:\n        text = one.apply(text)\n    return text")
    after = repaired(text, weak(text, "_REG", "A", side="element"))["mod.py"]
    script = """
        import gc
        kept = [A(str(number)) for number in range(20)]
        first = run("", [])
        seen.append(first == "".join(f"{number}(" for number in reversed(range(20))) + ")" * 20)
        del kept
        gc.collect()
        seen.append(run("", []) == "" and not _REG)
        """
    assert executed(after, script) == [True, True]
    assert executed(text, script) == [True, False]
