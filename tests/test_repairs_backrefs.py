"""Weak-key dictionaries whose values reach their keys: a value that nothing reads becomes a reference."""

from __future__ import annotations

import gc

import pytest
from repairing import class_of, executed, holder_of, lines, program_of, repaired

from leaklint.model import Fix
from leaklint.repairs import weak_values

TEXT = lines("""
    import weakref

    LOOPS = weakref.WeakKeyDictionary()


    class Key:
        pass


    class Loop:
        def __init__(self, key):
            self.key = key
            LOOPS[key] = self


    def use(key):
        return None
    """)


def fixed(text: str, name: str = "LOOPS") -> Fix:
    program = program_of(text)
    return weak_values(program, holder_of(program, name), class_of(program, "Loop"))


@pytest.mark.parametrize(
    "code",
    ["LOOPS.pop(key, None)", "return key in LOOPS, len(LOOPS), list(LOOPS)", "del LOOPS[key]", "LOOPS.clear()"],
)
def test_values_that_nothing_reads_become_references(code: str) -> None:
    text = TEXT.replace("return None", code)
    fix = fixed(text)
    assert fix.safety == "unsafe" and fix.reason == "assumes that no value is meant to live only as long as its key"
    changed = repaired(text, fix)["mod.py"]
    assert f"    {code}\n" in changed and "LOOPS[key] = weakref.ref(self)\n" in changed
    script = "key = Key()\nloop = Loop(key)\nseen += [use(key) == (True, 1, [key]), len(LOOPS)]\n"
    assert executed(changed, script) == executed(text, script)
    gone = f"{script}del key, loop\nimport gc\ngc.collect()\nseen.append(len(LOOPS))"
    assert executed(changed, gone)[-1] == 0


def test_only_what_reaches_the_key_is_wrapped_in_a_tuple() -> None:
    text = TEXT.replace("def __init__(self, key):", "def __init__(self, key, n):").replace(
        "= self\n", "= (n, self, key)\n"
    )
    after = repaired(text, fixed(text))["mod.py"]
    assert "LOOPS[key] = (n, weakref.ref(self), weakref.ref(key))\n" in after
    assert executed(after, "key = Key()\nLoop(key, 3)\nseen.append(LOOPS[key][0])") == [3]
    gc.collect()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("return None", "return LOOPS[key]", "the value read at mod.py:17 may be kept by nothing but this container"),
        ("return None", "return LOOPS.get(key)", "the value read at mod.py:17"),
        ("return None", "return LOOPS.pop(key, None)", "the value read at mod.py:17"),
        ("return None", "return list(LOOPS.values())", "the value read at mod.py:17"),
        ("return None", "return LOOPS", "the value read at mod.py:17"),
        ("= self\n", "= Loop2(key)\n", "made for the container"),
    ],
)
def test_what_may_live_by_the_container_is_left(old: str, new: str, told: str) -> None:
    fix = fixed(TEXT.replace(old, new))
    assert fix.safety == "none" and told in fix.reason and not fix.edits
