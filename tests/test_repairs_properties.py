"""Over generated programs: a repaired file parses, differs only where edits are, is clean, stays as it is when it is
repaired again, and does the same as long as its objects are kept alive."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from probes import THOROUGH
from repairing import executed

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.fixing import FixOptions, Plan, plan
from leaklint.model import Edit, Report

FIND = Settings(confidence="low", root="")
MORE = 20 if THOROUGH else 1

OF_DICT = (
    "return sorted(REG, key=repr)",
    "return len(REG), bool(REG)",
    "return k in REG, k not in REG",
    "return REG.get(k), REG.get(k, x)",
    "if k in REG:\n        return REG[k]\n    return None",
    "if k not in REG:\n        return 0\n    one = REG[k]\n    return one.n",
    "return REG[k].n if k in REG else None",
    "return REG[k] if k in REG else x",
    "try:\n        return REG[k]\n    except KeyError:\n        return None",
    "return REG.pop(k, None)",
    "return REG[k]",
    "del REG[k]",
    "REG.clear()",
    "out = []\n    for one in REG.values():\n        out.append(one.n)\n    return out",
    "return [(key, one.n) for key, one in REG.items()]",
    "for key in REG:\n        if x.n > 2:\n            return key, REG[key].n",
    "return sorted(one.n for one in REG.values())",
    "return sorted(REG.keys() & {k, 1})",
    "return k in REG.keys(), len(REG.keys()), len(REG.values())",
    "return dict(REG), REG.copy()",
    "reg = REG\n    return reg.get(k)",
    "return {**REG}",
    "REG.update({k: x})",
    "return REG.setdefault(k, x).n",
    "REG[k] = x",
)
OF_LIST = (
    "return len(REG), bool(REG)",
    "return x in REG",
    "return [one.n for one in REG]",
    "out = []\n    for one in REG:\n        out.append(one.n)\n    return out",
    "return sorted(one.n for one in REG), any(REG), max((one.n for one in REG), default=0)",
    "REG.remove(x)",
    "try:\n        REG.remove(x)\n    except ValueError:\n        pass",
    "if x not in REG:\n        REG.append(x)",
    "return REG[0].n, REG[-1].n",
    "return [one.n for one in REG[1:]], [one.n for one in REG[:]]",
    "return REG.index(x), REG.count(x)",
    "REG.insert(0, x)",
    "return REG.pop().n",
    "REG.extend([x])",
    "REG.reverse()",
    "del REG[:]",
    "REG.clear()",
    "return [one.n for one in list(REG)], [one.n for one in reversed(REG)]",
    "return [one.n for one in REG + [x]]",
)
OF_SET = (
    "return len(REG), bool(REG), x in REG",
    "return sorted(one.n for one in REG)",
    "out = []\n    for one in REG:\n        out.append(one.n)\n    return sorted(out)",
    "REG.discard(x)",
    "try:\n        REG.remove(x)\n    except KeyError:\n        pass",
    "REG.add(x)",
    "REG.update([x])",
    "REG.clear()",
    "return len(REG | {x}), len(REG & {x}), len(REG - {x})",
    "return sorted(one.n for one in REG.union([x]))",
    "mine = REG\n    return x in mine",
    "return {one.n for one in list(REG)}",
    "return REG == {x}, REG == set()",
    "return len(REG.copy()), x in REG.copy()",
)
OF_KEYS = (
    "return len(REG), bool(REG), x in REG",
    "return REG.get(x), REG.get(x, k)",
    "return REG[x] if x in REG else None",
    "REG[x] = k",
    "REG[x] += 1",
    "return REG.setdefault(x, k)",
    "return sorted(one.n for one in REG)",
    "return sorted((one.n, value) for one, value in REG.items())",
    "out = []\n    for value in REG.values():\n        out.append(value)\n    return sorted(out)",
    "return REG.pop(x, None)",
    "del REG[x]",
    "REG.clear()",
    "return len(REG.keys()), x in REG.keys()",
    "return len(dict(REG))",
)
OF_NUMBERS = (
    "return len(REG), k in REG",
    "return REG[k].n if k in REG else None",
    "return sorted(REG)",
    "return [one.n for one in REG.values()]",
    "return REG.get(k)",
    "REG[len(REG)] = x",
    "next_one = len(REG)\n    REG[next_one] = x\n    return next_one",
)
USES = {"dict": OF_DICT, "list": OF_LIST, "set": OF_SET, "keys": OF_KEYS, "numbers": OF_NUMBERS}
MAKERS = {"dict": ("{}", "dict()"), "list": ("[]", "list()"), "set": ("set()",)}
MAKERS |= {"keys": MAKERS["dict"], "numbers": MAKERS["dict"]}
STORES = {
    "dict": ("REG[k] = self", "REG.setdefault(k, self)"),
    "list": ("REG.append(self)",),
    "set": ("REG.add(self)", "REG.update((self,))"),
    "keys": ("REG[self] = k", "REG.setdefault(self, k)"),
    "numbers": ("REG[len(REG)] = self", "number = len(REG)\n        REG[number] = self"),
}
PLACES = ("module", "class")
HEADS = (
    "",
    '"""Doc."""\n',
    "import os\n",
    "from abc import ABC\n",
    "import weakref\n",
    "# coding: utf-8\nimport os, sys\n",
)


@st.composite
def programs(draw: st.DrawFn) -> tuple[str, int]:
    """Return a program whose class fills a container of process lifetime, and how many functions use it."""
    kind = draw(st.sampled_from(sorted(MAKERS)))
    uses = draw(st.lists(st.sampled_from(USES[kind]), max_size=4))
    place, unit = draw(st.sampled_from(PLACES)), draw(st.sampled_from(("    ", "\t", "  ")))
    made, store = draw(st.sampled_from(MAKERS[kind])), draw(st.sampled_from(STORES[kind]))
    slots = draw(st.sampled_from(("", "__slots__ = ('n',)\n    ")))
    reg = "REG" if place == "module" else "Kept.REG"
    body = f"class Kept:\n    {slots}" + (f"REG = {made}\n\n    " if place == "class" else "")
    body += f"def __init__(self, k, n):\n        self.n = n\n        {store.replace('REG', reg)}\n"
    functions = [f"\ndef use_{index}(k, x):\n    {code}\n".replace("REG", reg) for index, code in enumerate(uses)]
    top = f"REG = {made}  # kept\n\n" if place == "module" else ""
    text = draw(st.sampled_from(HEADS)) + "\n" + top + body + "".join(functions)
    lines = [unit * ((len(line) - len(line.lstrip(" "))) // 4) + line.lstrip(" ") for line in text.split("\n")]
    return draw(st.sampled_from(("\n", "\r\n"))).join(lines), len(uses)


STEPS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=12)
SCRIPT = """
def told(value):
    if isinstance(value, Kept):
        return value.n
    if isinstance(value, dict):
        return [(key, told(one)) for key, one in value.items()]
    return [told(one) for one in value] if isinstance(value, (list, tuple)) else value

alive = [Kept(key, key) for key in range(3)]
for step, key in STEPS:
    if step >= COUNT:
        alive.append(Kept(key, len(alive)))
        continue
    try:
        seen.append(told(globals()[f"use_{step}"](key, alive[key % len(alive)])))
    except Exception as error:
        seen.append(type(error).__name__)
"""


def repairs_of(file: Path, text: str) -> Plan:
    """Return the plan for one file, unsafe repairs included."""
    file.write_text(text, encoding="utf-8", newline="")

    def again(paths: Sequence[str], settings: Settings, texts: Mapping[str, str]) -> Report:
        return check(paths, settings, texts)

    return plan(again([str(file)], FIND, {}), FIND, FixOptions((str(file),), unsafe=True), again)


def loose(value: object, replacement: str) -> object:
    """A WeakSet has no order and reports a missing element in its own way."""
    if replacement != "weakref.WeakSet":
        return value
    if isinstance(value, list):
        return sorted((loose(one, replacement) for one in value), key=repr)
    return "missing" if value in {"ValueError", "KeyError"} else value


OF_INNER = (
    "return sorted(REG, key=repr), len(REG)",
    "return len(REG.get(k, []))",
    "return k in REG and x in REG[k]",
    "return sorted(one.n for one in REG.get(k, ()))",
    "out = []\n    for one in REG.get(k, []):\n        out.append(one.n)\n    return sorted(out)",
    "mine = REG.get(k)\n    if mine is not None and x in mine:\n        mine.remove(x)",
    "return sorted(one.n for mine in REG.values() for one in mine)",
    "total = 0\n    for key, mine in REG.items():\n        total += len(mine)\n    return total",
    "return bool(REG.pop(k, None))",
    "if x not in REG.setdefault(k, []):\n        REG[k].append(x)",
    "return REG[k][0].n if REG.get(k) else None",
)
INNER_STORES = ("REG.setdefault(k, []).append(self)", "REG[k].append(self)")


@st.composite
def nested(draw: st.DrawFn) -> tuple[str, int]:
    """Return a program that keeps its objects in lists inside a dict."""
    uses = draw(st.lists(st.sampled_from(OF_INNER), max_size=4))
    made = draw(st.sampled_from(("{}", "defaultdict(list)")))
    store = INNER_STORES[made != "{}"]
    text = f"from collections import defaultdict\n\nREG = {made}\n\n\nclass Kept:\n    def __init__(self, k, n):\n"
    text += f"        self.n = n\n        {store}\n"
    return text + "".join(f"\n\ndef use_{i}(k, x):\n    {code}\n" for i, code in enumerate(uses)), len(uses)


FORMS = (
    "if k not in REG:\n        REG[k] = Kept(k, n)\n    return REG[k]",
    "if k in REG:\n        return REG[k]\n    one = Kept(k, n)\n    REG[k] = one\n    return one",
    "try:\n        return REG[k]\n    except KeyError:\n        REG[k] = Kept(k, n)\n        return REG[k]",
    "one = REG.get(k)\n    if one is None:\n        one = REG[k] = Kept(k, n)\n    return one",
    "return REG.setdefault(k, Kept(k, n))",
    "if k not in REG:\n        one = Kept(k, n)\n        one.n += 0\n        REG[k] = one\n    return REG[k]",
    "if not k in REG:\n        REG[k] = Kept(k, n)\n    REG[k].n += 0\n    return REG[k]",
    "if (k, 0) not in REG:\n        REG[k, 0] = Kept(k, n)\n    return REG[(k, 0)]",
)


@given(
    form=st.sampled_from(FORMS),
    keys=st.lists(st.integers(0, 3), max_size=8),
    uses=st.lists(st.sampled_from(OF_DICT[:6])),
)
@settings(max_examples=25 * MORE, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_caches_keep_what_is_held(folder: Path, form: str, keys: list[int], uses: list[str]) -> None:
    text = "REG = {}\n\n\nclass Kept:\n    def __init__(self, k, n):\n        self.k, self.n = k, n\n\n\n"
    text += f"def make(k, n):\n    {form}\n" + "".join(
        f"\n\ndef use_{i}(k, x):\n    {code}\n" for i, code in enumerate(uses)
    )
    done = repairs_of(folder / "cache.py", text)
    (change,) = done.changes
    assert done.repaired[0].fix.safety == "unsafe"
    script = f"held = [make(k, n) for n, k in enumerate({keys})]\nseen += [one.n for one in held] + [len(REG)]"
    assert executed(change.after, script) == executed(text, script)
    assert executed(change.after, f"{script}\ndel held\nseen.append(len(REG))")[-1] == 0
    assert not repairs_of(folder / "cache.py", change.after).changes


@given(program=nested(), steps=STEPS)
@settings(max_examples=25 * MORE, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_inner_containers_keep_the_meaning(
    folder: Path, program: tuple[str, int], steps: list[tuple[int, int]]
) -> None:
    text, count = program
    done = repairs_of(folder / "nested.py", text)
    if not done.changes:
        return
    after = done.changes[0].after
    assert not repairs_of(folder / "nested.py", after).changes
    script = SCRIPT.replace("STEPS", repr(steps)).replace("COUNT", str(count))
    assert loose(executed(after, script), "weakref.WeakSet") == loose(executed(text, script), "weakref.WeakSet")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder for the generated files."""
    return tmp_path_factory.mktemp("generated")


@given(program=programs(), steps=STEPS)
@settings(max_examples=60 * MORE, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_repairs_keep_the_meaning(folder: Path, program: tuple[str, int], steps: list[tuple[int, int]]) -> None:
    text, count = program
    file = folder / "generated.py"
    done = repairs_of(file, text)
    assert all(left.why for left in done.left)
    if not done.changes:
        return
    after = done.changes[0].after
    ast.parse(after)
    _differs_only_where_edits_are(text, after, [edit for one in done.repaired for edit in one.fix.edits])
    second = repairs_of(file, after)
    assert not second.changes and not {one.fingerprint for one in done.repaired} & {
        x.finding.fingerprint for x in second.left
    }
    script = SCRIPT.replace("STEPS", repr(steps)).replace("COUNT", str(count))
    replacement = done.repaired[0].fix.replacement
    assert loose(executed(after, script), replacement) == loose(executed(text, script), replacement)


def _differs_only_where_edits_are(before: str, after: str, edits: Sequence[Edit]) -> None:
    touched = {
        line for edit in edits for line in range(before.count("\n", 0, edit.start), before.count("\n", 0, edit.end) + 1)
    }
    matcher = difflib.SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False)
    for tag, start, end, _, _ in matcher.get_opcodes():
        if tag in {"replace", "delete"}:
            assert set(range(start, end)) <= touched
