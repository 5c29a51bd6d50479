"""Work and memory grow with the size of what is checked, not faster; and files may vanish or change while they are read."""

from __future__ import annotations

import gc
import os
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from leaklint import reading, source
from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import Report
from tests.repairing import program_of

HEAD = "class C:\n    reg = {}\n\n    def __init__(self, key):\n        C.reg[key] = self\n\n"
USER = "from a import C\n\ndef go(k):\n    return C(k)\n"
Files = dict[str, str]


def methods(count: int) -> Files:
    body = "    def m{0}(self, x):\n        self.x{0} = C.reg.get(x)\n        return [x for x in C.reg]\n\n"
    return {"a.py": HEAD + "".join(body.format(number) for number in range(count))}


def leaks_in_files(count: int) -> Files:
    return {f"a{number}.py": HEAD.replace("C", f"C{number}").replace("reg", f"reg{number}") for number in range(count)}


def subclasses(count: int) -> Files:
    return {"a.py": HEAD + "\n" + "".join(f"class D{number}(C):\n    pass\n\n\n" for number in range(count))}


def helpers(count: int) -> Files:
    chain = "".join(f"def f{number + 1}(x):\n    f{number}(x)\n" for number in range(count))
    store = "REG = []\ndef f0(x):\n    REG.append(x)\n"
    return {"a.py": f"{store}{chain}class K:\n    def __init__(self): f0(self)\n"}


def users(count: int) -> Files:
    return {"a.py": HEAD, **{f"b{number}.py": USER for number in range(count)}}


def renamed(count: int) -> Files:
    lines = "".join(f"    a{number + 1} = a{number}\n" for number in range(count))
    return {"a.py": f"{HEAD}\ndef g(k):\n    a0 = C(k)\n{lines}"}


def literal(count: int) -> Files:
    return {"a.py": f"{HEAD}\nx = [{'1, ' * count * 20}]\n"}


def same_name(count: int) -> Files:
    return {f"a{number}.py": HEAD.replace("C", f"C{number}") for number in range(count)}


def same_name_in_one_file(count: int) -> Files:
    return {"a.py": "\n".join(same_name(count).values())}


def same_global(count: int) -> Files:
    text = "REG = {{}}\n\n\nclass C{0}:\n    def __init__(self, key):\n        REG[key] = self\n"
    return {f"a{number}.py": text.format(number) for number in range(count)}


def finalizers(count: int) -> Files:
    text = "    def __del__(self):\n        del C.reg[id(self)]\n"
    return {name: head + text.replace("C", f"C{name[1:-3]}") for name, head in same_name(count).items()}


def globals_in_one_file(count: int) -> Files:
    text = "R{0} = []\n\n\nclass C{0}:\n    def __init__(self):\n        R{0}.append(self)\n\n\n"
    return {"a.py": "".join(text.format(number) for number in range(count))}


def memos(count: int) -> Files:
    text = "from functools import cache\n\n\nclass C{0}:\n    @cache\n    def made(self):\n        return 1\n"
    return {f"a{number}.py": text.format(number) for number in range(count)}


def registrations(count: int) -> Files:
    text = "class C{0}:\n    def __init__(self):\n        atexit.register(self.end)\n\n    def end(self):\n        pass\n\n\n"
    return {"a.py": "import atexit\n\n\n" + "".join(text.format(number) for number in range(count))}


def line_of_classes(count: int) -> Files:
    below = "class D{1}(D{0}):\n    def __init__(self, key):\n        super().__init__(key)\n        self.reg[1] = self\n\n\n"
    chain = "".join(below.format(number, number + 1) for number in range(count))
    return {"a.py": f"{HEAD}\nclass D0(C):\n    pass\n\n\n{chain}"}


def handed_on(count: int) -> Files:
    """Each function is called from many places in the next: as many ways as the product of the places."""
    levels = "".join(f"def f{n + 1}(x):\n" + f"    f{n}(x)\n" * count + "\n\n" for n in range(3))
    store = "REG = []\n\n\ndef f0(x):\n    REG.append(x)\n\n\n"
    return {"a.py": f"{store}{levels}class K:\n    def go(self):\n        f3(self)\n"}


def keyed_by_what_is_handed_on(count: int) -> Files:
    text = handed_on(count)["a.py"]
    return {"a.py": text.replace("REG = []", "REG = {}").replace("REG.append(x)", "REG[x] = 1")}


def fields_of_one_name(count: int) -> Files:
    text = "class D{0}:\n    def __init__(self, items):\n        self.items = items\n\n    def add(self, one):\n"
    text += "        self.items.append(one)\n\n\n"
    return {"a.py": f"{HEAD}\n" + "".join(text.format(number) for number in range(count))}


def stars(count: int) -> Files:
    """Each module takes all of every other one: as many ways from one to another as there are orders of them."""
    count //= 4
    every = "".join(f"from p.m{number} import *\n" for number in range(count))
    text = "\n\ndef f(x):\n    return len(str(absent(x)))\n"
    return {"a.py": HEAD, "p/__init__.py": "", **{f"p/m{number}.py": f"{every}{text}" for number in range(count)}}


def stores_with_removals(count: int) -> Files:
    """Each function puts something into one table and takes it out again: as many pairs as the square of them."""
    text = "def work{0}(item, go):\n    ITEMS[item.name] = item\n    if not go(item):\n        return\n"
    text += "    ITEMS.pop(item.name)\n\n\n"
    return {"a.py": f"{HEAD}\nITEMS = {{}}\n\n\n" + "".join(text.format(number) for number in range(count))}


def interpreter(count: int) -> Files:
    """Nodes that evaluate each other on a stack that they are given: ways from a node to itself without end."""
    count //= 4
    parts = "".join(f"    evaluate(stack, tree.part{number})\n" for number in range(8))
    nodes = "".join(f"def node{number}(stack, tree):\n{parts}    stack.append(tree)\n\n\n" for number in range(count))
    each = "".join(f"    node{number}(stack, tree)\n" for number in range(count))
    stacks = "".join(f"\n\nS{n} = []\n\n\ndef run{n}(tree):\n    evaluate(S{n}, tree)\n" for n in range(count))
    return {"a.py": f"{HEAD}\n{nodes}def evaluate(stack, tree):\n{each}{stacks}"}


SHAPES = [methods, leaks_in_files, subclasses, helpers, users, renamed, literal, line_of_classes]
SHAPES += [same_name, same_name_in_one_file, same_global, finalizers, globals_in_one_file, memos, registrations]
SHAPES += [handed_on, keyed_by_what_is_handed_on, fields_of_one_name, stars, stores_with_removals]


def written(folder: Path, files: Files) -> Report:
    """Write files and check them."""
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return check([str(folder)], Settings(root=str(folder)))


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_work_is_linear(shape: Callable[[int], Files], tmp_path: Path) -> None:
    (tmp_path / "warm").mkdir()
    written(tmp_path / "warm", shape(2))  # imports what is imported once
    small, large = (_calls(tmp_path, shape(count)) for count in (20, 80))
    assert large < 5.2 * small, "four times as much took far more than four times the calls"


def _calls(folder: Path, files: Files) -> int:
    count = 0

    def called(*_: object) -> None:
        nonlocal count
        count += 1

    place = folder / str(len("".join(files.values())))
    place.mkdir()
    before = sys.getprofile()
    sys.setprofile(called)
    try:
        report = written(place, files)
    finally:
        sys.setprofile(before)
    assert report.findings
    return count


def test_an_event_is_followed_by_a_bounded_number_of_chains() -> None:
    effects = program_of(interpreter(80)).heap.effects.effects
    chains = Counter(effect.event.place for effect in effects if effect.how == "append")
    assert len(chains) == 20
    assert max(chains.values()) < 600


@pytest.mark.parametrize("shape", [methods, literal, users], ids=lambda shape: shape.__name__)
def test_memory_is_linear(shape: Callable[[int], Files], tmp_path: Path) -> None:
    small, large = (_peak(tmp_path, shape(count)) for count in (30, 120))
    assert large < 5.2 * small


def _peak(folder: Path, files: Files) -> int:
    place = folder / str(len("".join(files.values())))
    place.mkdir()
    gc.collect()
    tracemalloc.start()
    try:
        written(place, files)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def vanish(path: Path) -> None:
    path.unlink()


def become_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def become_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def be_cut(path: Path) -> None:
    path.write_text("")


def grow(path: Path) -> None:
    path.write_text("# grown\n" * 50 + path.read_text())


def break_off(path: Path) -> None:
    path.write_text("class C1:\n    reg = {")


CHANGES = [vanish, be_cut, grow, break_off, become_a_folder]
CHANGES += [become_a_pipe] if hasattr(os, "mkfifo") else []


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_files_may_change_at_any_moment(
    change: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever the second of three files changes between two reads, the findings of the others stand."""
    original, moment, reads = source.read_bytes, 0, 1
    while reads > moment:
        moment, reads = moment + 1, 0
        folder = tmp_path / str(moment)
        folder.mkdir()

        def read(file: str, folder: Path = folder, moment: int = moment) -> bytes:
            nonlocal reads
            reads += 1
            if reads == moment:
                change(folder / "a1.py")
            return original(file)

        for module in (source, reading):
            monkeypatch.setattr(module, "read_bytes", read)
        report = written(folder, leaks_in_files(3))
        assert {"a0.py", "a2.py"} <= {os.path.basename(finding.path) for finding in report.findings}
        assert {os.path.basename(problem.path) for problem in report.problems} <= {"a1.py"}
    assert moment > 5
