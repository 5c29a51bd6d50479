"""What discovery calls a holder that a library keeps: its attribute that grows, and where that is written down."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from repairing import lines
from test_growing_holders import growing, profile

LIBRARY = """
    import functools
    import itertools
    import sys
    import types

    numbers = itertools.count()


    class Application:
        def __init__(self):
            self.pending, self.names = [], set()

        def __len__(self):
            return len(self.pending)

        def ask(self):
            self.names.add(f"name-{next(numbers)}")


    class Table:
        def __init__(self):
            self.rows = {}

        def __len__(self):
            return len(self.rows)

        def __getitem__(self, key):
            return self.rows[key]

        def ask(self):
            self.rows[next(numbers)] = object()


    class Adapter:
        def __init__(self, kind):
            self.kind = kind


    adapter_of = functools.lru_cache(None)(Adapter)


    def load():
        module = types.ModuleType(f"helper_{next(numbers)}")
        module.text = bytearray(50_000)
        sys.modules[module.__name__] = module


    class Page:
        def __init__(self):
            self.text = bytearray(50_000)


    pages, drafts = [], {}


    def write():
        page = Page()
        pages.append(page)
        drafts[next(numbers)] = page
    """
PROGRAM = """
    import shop

    APPLICATION, TABLE = shop.Application(), shop.Table()


    def application():
        APPLICATION.ask()


    def table():
        TABLE.ask()


    def adapt():
        shop.adapter_of(object())


    load, write = shop.load, shop.write
    """


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a program and an installed library that it uses."""
    site = tmp_path / "site-packages"
    site.mkdir()
    (site / "shop.py").write_text(lines(LIBRARY), encoding="utf-8")
    (tmp_path / "driver.py").write_text(lines(PROGRAM), encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(site))
    return tmp_path


@pytest.mark.parametrize(
    ("work", "symbol", "line"),
    [("application", "driver:APPLICATION.names", 11), ("table", "driver:TABLE", 3)],
)
def test_what_merely_has_a_length_is_no_container(work: str, symbol: str, line: int, program: Path) -> None:
    _, found = profile(program, f"driver.py:{work}", sys.executable)
    assert [(item["symbol"], item["line"]) for item in growing(found)] == [(symbol, line)]


def test_a_memo_that_a_call_makes_stands_where_its_name_is_bound(program: Path) -> None:
    _, found = profile(program, "driver.py:adapt", sys.executable)
    (holder,) = growing(found)
    text = (program / "site-packages" / "shop.py").read_text(encoding="utf-8").splitlines()
    assert holder["symbol"] == "shop:adapter_of"
    assert text[holder["line"] - 1].startswith("adapter_of = ")


@pytest.mark.parametrize(("work", "symbols"), [("load", {"sys:modules"}), ("write", {"shop:pages", "shop:drafts"})])
def test_the_bytes_of_a_holder_are_those_of_what_it_gained(work: str, symbols: set[str], program: Path) -> None:
    _, found = profile(program, f"driver.py:{work}", sys.executable)
    assert {item["symbol"] for item in growing(found)} == symbols
    assert all(45_000 < item["bytes_per_unit"] < 55_000 for item in growing(found)), found["verdict"]["sentences"]


def test_what_an_accelerator_keeps_goes_by_the_name_of_the_public_module(program: Path) -> None:
    text = "import ctypes\n\n\ndef work():\n    ctypes.POINTER(type('Row', (ctypes.Structure,), {}))\n"
    (program / "pointers.py").write_text(text, encoding="utf-8")
    _, found = profile(program, "pointers.py:work", sys.executable)
    assert "ctypes:_pointer_type_cache" in {item["symbol"] for item in growing(found)}


REPLACED = """
    class Manager:
        managers = []

        def __init__(self):
            self.find = lambda key: key
            self.managers.append(self)


    class Application:
        def __init__(self):
            self.views = {number: (lambda number=number: number) for number in range(60)}
            self.rules = [lambda: self for _ in range(60)]
            self.manager = Manager()


    current = None


    def work():
        global current
        current = Application()
    """


def test_what_is_replaced_each_time_is_not_told_beside_what_keeps_a_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "replaced.py").write_text(lines(REPLACED), encoding="utf-8")
    _, found = profile(tmp_path, "replaced.py:work", sys.executable)
    assert [item["symbol"] for item in growing(found)] == ["replaced:Manager.managers"]


HIDDEN = """
    import tkinter

    root = tkinter.Tk(useTk=False)


    class Window:
        def __init__(self):
            self.text = [bytearray(1000)]

        def close(self):
            pass


    def work():
        window = Window()
        root.tk.createcommand(f"close-{id(window)}-{len(str(window))}", window.close)
        root.kept = getattr(root, "kept", 0) + 1
    """


def test_what_c_code_holds_is_told_once_with_the_bytes_of_all_of_it(tmp_path: Path) -> None:
    pytest.importorskip("tkinter")
    (tmp_path / "hidden.py").write_text(lines(HIDDEN), encoding="utf-8")
    _, found = profile(tmp_path, "hidden.py:work", sys.executable)
    (holder,) = growing(found)
    assert holder["container_kind"] == "hidden"
    assert 1000 < holder["bytes_per_unit"] < 2000
