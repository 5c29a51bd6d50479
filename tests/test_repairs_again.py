"""Memos that get a bound: only where what has fallen out may be worked out again without anybody noticing."""

from __future__ import annotations

import pytest
from repairing import function_of, lines, program_of, repaired

from leaklint.model import Fix
from leaklint.repairs import bounded_function

HEAD = lines("""
    import itertools
    import threading
    import uuid
    from collections import deque
    from dataclasses import dataclass
    from decimal import Decimal
    from functools import lru_cache
    from typing import NamedTuple

    SERIALS = itertools.count()
    NAMES = []
    COUNT = 0

    class Channel:
        def __init__(self, name):
            self.name = name
            self.queue = deque()

        def put(self, item):
            self.queue.append(item)

    class Room:
        def __init__(self, name):
            self.name, self.topic = name, ""

        def call(self, topic):
            self.topic = topic

    class Holder:
        def __init__(self, name):
            self.lock = threading.Lock()

    class Box:
        def __init__(self, name):
            self.name = name

    @dataclass(frozen=True)
    class Rule:
        name: str

        def fits(self, text):
            return self.name in text

    @dataclass
    class Score:
        name: str
        points: int = 0

        def win(self):
            self.points += 1

    class Point(NamedTuple):
        x: int

    def made(name):
        found = Channel(name)
        return found

    @lru_cache(maxsize=None)
    """)


def bounded(body: str, more: str = "") -> Fix:
    """Ask for a bound of a memoised function ``f`` with that body."""
    program = program_of(f"{HEAD}def f(name):\n    {body}\n\n{more}\n")
    function = function_of(program, "f")
    return bounded_function(program, function, function.decorators[0])


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("return Channel(name)", "the Channel that f() makes changes afterwards"),
        ("return made(name)", "the Channel that made() makes changes afterwards"),
        ("one = Room(name)\n    return one", "the Room that f() makes changes afterwards"),
        ("return Score(name)", "the Score that f() makes changes afterwards"),
        ("return Box(name), Channel(name)", "the Channel that f() makes changes afterwards"),
        ("return Holder(name)", "the Holder that f() makes may be the one that everybody has to get"),
        ("return threading.Lock()", "the Lock that f() makes may be the one that everybody has to get"),
        ("return next(SERIALS)", "f() calls next(), which gives another one each time"),
        ("return Rule(next(SERIALS))", "f() calls next(), which gives another"),
        ("return f'{name}-{next(SERIALS)}'", "f() calls next(), which gives another"),
        ("return str(uuid.uuid4())", "f() calls uuid.uuid4(), which gives another"),
        ("return object()", "f() calls object(), which gives another"),
        (
            "global COUNT\n    COUNT += 1\n    return COUNT",
            "f() returns what comes of COUNT, which it changes each time",
        ),
        ("NAMES.append(name)\n    return len(NAMES)", "f() returns what comes of NAMES, which it changes each time"),
        ("return NAMES.pop()", "f() returns what comes of NAMES, which it changes each time"),
    ],
)
def test_what_is_not_the_same_when_it_is_made_again_keeps_its_place(body: str, told: str) -> None:
    fix = bounded(body)
    assert (fix.safety, fix.edits) == ("none", ()) and told in fix.reason, fix.reason


@pytest.mark.parametrize(
    "use",
    [
        "f('a').append(1)",
        "f('a')['x'] = 1",
        "def g(k):\n    found = f(k)\n    found.add(k)",
        "def g(k):\n    fill(f(k))\n\ndef fill(x):\n    x.update(a=1)",
        "def g(k):\n    f(k).seen = True",
        "def g(k):\n    f(k).seen += 1",
        "def g(k):\n    return f(k) is f('a')",
        "def h(k):\n    return f(k)\n\ndef g(k):\n    return h(k) is h('a')",
        "NO = f('no')\n\ndef g(x=NO):\n    return x is not NO",
        "SHARED = f('a')\n\ndef g(x):\n    SHARED.seen = x",
    ],
)
def test_what_callers_change_or_tell_by_its_identity_keeps_its_place(use: str) -> None:
    for body in ("return set(name.split())", "return Box(name)", "return {}"):
        fix = bounded(body, use)
        assert fix.safety == "none" and "what f() returns is" in fix.reason, fix.reason


@pytest.mark.parametrize(
    "use",
    [
        "class Ops:\n    PLUS = f('+')\n\ndef g(op):\n    return op is Ops.PLUS",
        "def g(k):\n    return f(k) == f('a')",
        "def g(k):\n    return f(k) in (f('a'), f('b'))",
        "SEEN = set()\n\ndef g(k):\n    box = f(k)\n    SEEN.add(box)",
        "COUNTS = {}\n\ndef g(k):\n    COUNTS[f(k)] = 1",
        "def g(ks):\n    return len({f(k) for k in ks})",
        "def g(ks):\n    boxes = [f(k) for k in ks]\n    return {box: 0 for box in boxes}",
        "def g(k):\n    return id(f(k))",
        "def g(boxes: list[Box], box: Box):\n    return boxes.index(box)",
    ],
)
def test_objects_without_equality_that_are_told_apart_keep_their_place(use: str) -> None:
    fix = bounded("return Box(name)", use)
    assert fix.safety == "none" and "is told from others by its identity at mod.py:6" in fix.reason, fix.reason
    assert bounded("return Rule(name)", use.replace("Box", "Rule")).safety == "unsafe"


@pytest.mark.parametrize(
    "body",
    [
        "return name.upper()",
        "return [part.strip() for part in name.split(',')]",
        "return Rule(name)",
        "return Point(len(name))",
        "return Decimal(name)",
        "return Box(name)",
        "return next(part for part in name.split())",
        "rows = iter(name)\n    return next(rows)",
        "NAMES.append(name)\n    return name.upper()",
        "global COUNT\n    COUNT += 1\n    return Rule(name)",
    ],
)
@pytest.mark.parametrize(
    "use",
    [
        "",
        "def g(k):\n    return f(k) is None or len(f(k)) > 1",
        "X = [f('a'), *f('b')]",
        "def g(k, d):\n    return d.get(f(k).name)",
    ],
)
def test_what_is_as_good_the_second_time_gets_a_bound(body: str, use: str) -> None:
    fix = bounded(body, use)
    assert fix.safety == "unsafe" and "may be worked out again" in fix.reason, fix.reason
    assert "@lru_cache(maxsize=1024)" in repaired(f"{HEAD}def f(name):\n    {body}\n\n{use}\n", fix)["mod.py"]
