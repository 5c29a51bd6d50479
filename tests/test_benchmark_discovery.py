"""The discovery benchmark, as far as it goes without a network: its cases, its drivers, and how it reads and judges reports."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.rooms import imported

FOLDER = Path(__file__).parents[1] / "benchmarks" / "discovery"
NAMES = ("cases", "environments", "reading", "judging", "running", "show", "cost", "run")
SITE = "/envs/shop-1.0-py3.9/lib/python3.9/site-packages/shop"


@pytest.fixture(scope="module")
def rooms() -> Iterator[dict[str, ModuleType]]:
    with imported(FOLDER, NAMES) as modules:
        yield modules


@pytest.fixture
def case(rooms: dict[str, ModuleType], tmp_path: Path) -> Any:
    """Return a case whose holder is the dict ``_seen`` of ``shop.cart``, filled in line 12."""
    values = {
        "id": "shop_seen", "driver": "shop_seen", "package": "shop", "check": "shop", "version_before": "1.0",
        "version_after": "1.1", "python": "3.9", "requirements": [], "holder": "shop.cart:_seen", "holder_file": "shop/cart.py",
        "holder_line": 3, "store_file": "shop/cart.py", "store_lines": [12], "also": [["shop/base.py", 7]], "type": "Item",
        "rounds": 100,
    }  # fmt: skip
    path = tmp_path / "cases.jsonl"
    path.write_text(json.dumps(values) + "\n", encoding="utf-8")
    (loaded,) = rooms["cases"].load(path)
    return loaded


def test_the_cases_are_whole(rooms: dict[str, ModuleType]) -> None:
    cases = rooms["cases"].load()
    assert len(cases) >= 31
    assert len({case.id for case in cases}) == len(cases)
    assert {case.driver for case in cases} == {path.stem for path in (FOLDER / "drivers").glob("*.py")}
    for case in cases:
        assert case.version_after != case.version_before
        assert re.fullmatch(r"3\.\d+", case.python)
        assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in case.requirements)
        assert case.rounds >= 30 and case.store_lines and case.type.isidentifier()
        assert all(file.endswith(".py") and line > 0 for file, line in case.stores)
        assert case.chain_named(case.holder) or case.accept, case.id
        assert not case.source or case.source.startswith("https://github.com/")
    keys = [rooms["environments"].key(case.package, "1", case.python, case.requirements) for case in cases]
    assert all(re.fullmatch(r"[\w.-]+", key) for key in keys)


def test_an_unknown_case_is_an_error(rooms: dict[str, ModuleType]) -> None:
    with pytest.raises(ValueError, match="no such case: nothing"):
        rooms["cases"].load(only=["nothing", "mesa_ids"])
    assert [case.id for case in rooms["cases"].load(only=["mesa_ids"])] == ["mesa_ids"]


@pytest.mark.parametrize("path", sorted((FOLDER / "drivers").glob("*.py")), ids=lambda path: path.stem)
def test_each_driver_is_a_file_with_work(path: Path) -> None:
    names: set[str] = set(compile(path.read_text(encoding="utf-8"), str(path), "exec").co_names)
    assert "work" in names
    assert path.stem not in sys.stdlib_module_names


def test_what_runs_in_old_interpreters_is_read_by_them() -> None:
    import ast

    for folder in ("drivers", "in_target"):
        for path in (FOLDER / folder).glob("*.py"):
            ast.parse(path.read_text(encoding="utf-8"), str(path), feature_version=(3, 8))


def test_leaklint_is_read_with_and_without_holders(rooms: dict[str, ModuleType], case: Any) -> None:
    def holder(symbol: str, kind: str) -> dict[str, object]:
        return {"symbol": symbol, "kind": kind, "stores": [{"path": f"{SITE}/cart.py", "line": 12, "function": "add"}]}

    read, judged = rooms["reading"].from_leaklint, rooms["judging"].judged
    both = [holder("shop.cart:_other", "linear"), holder("shop.cart:_seen", "linear")]
    judgement = judged(case, read(json.dumps({"holders": both}), 1), "leaklint")
    assert judgement.to_json() == {"growth": True, "allocation": None, "holder": True, "first": False, "store": True}
    bounded = read(json.dumps({"holders": [holder("shop.cart:_seen", "bounded")]}), 0)
    assert judged(case, bounded, "leaklint").to_json() == {
        "growth": False, "allocation": None, "holder": False, "first": False, "store": False,
    }  # fmt: skip
    assert judged(case, read(json.dumps({"verdict": {}}), 1), "leaklint").growth
    assert not judged(
        case, read(json.dumps({"holders": [holder("shop.cart:_seen_too", "linear")]}), 1), "leaklint"
    ).holder


def test_tracemalloc_points_at_lines_of_rows_that_grow(rooms: dict[str, ModuleType], case: Any) -> None:
    rows = [
        {
            "count": 100,
            "size": 9000,
            "frames": [["/x/shop_seen.py", 6], [f"{SITE}/cart.py", 12]],
            "text": ["cart.py:12"],
        },
        {"count": 1, "size": 5000, "frames": [[f"{SITE}/base.py", 7]], "text": ["base.py:7"]},
    ]
    judgement = rooms["judging"].judged(case, rooms["reading"].from_tracemalloc({"rows": rows}, 100), "tracemalloc")
    assert judgement.to_json() == {"growth": True, "allocation": True, "holder": None, "first": None, "store": True}
    quiet = rooms["reading"].from_tracemalloc({"rows": rows[1:]}, 100)
    assert (quiet.growth, quiet.places) == ((), ())


def test_memray_is_read_by_size(rooms: dict[str, ModuleType], case: Any) -> None:
    stack = f"__init__;{SITE}/cart.py;15|add;{SITE}/cart.py;12|work;/x/shop_seen.py;6|<module>;/b/with_memray.py;9"
    head = "allocator,num_allocations,size,tid,thread_name,stack_trace\n"
    large = f"PYMALLOC_MALLOC,100,51040,1,0x1,{stack}\n"
    small = "".join(f"MALLOC,200,{size},1,0x1,made;{SITE}/base.py;7\n" for size in range(100))
    few = f"MALLOC,2,99999,1,0x1,resized;{SITE}/base.py;7\n"
    report = rooms["reading"].from_memray(head + few + small + large, 100)
    assert len(report.growth) == rooms["reading"].TOP - 1
    assert (f"{SITE}/cart.py", 12) in report.places
    assert rooms["judging"].judged(case, report, "memray").store
    assert not rooms["reading"].from_memray(head + few, 100).growth


def test_scalene_says_which_lines_leak(rooms: dict[str, ModuleType], case: Any) -> None:
    leaks = {"12": {"likelihood": 0.97, "velocity_mb_s": 1.5}}
    report = rooms["reading"].from_scalene({"files": {f"{SITE}/cart.py": {"leaks": leaks}, "/x/y.py": {"leaks": {}}}})
    judgement = rooms["judging"].judged(case, report, "scalene")
    assert judgement.to_json() == {"growth": True, "allocation": True, "holder": None, "first": None, "store": True}
    assert not rooms["reading"].from_scalene({"files": {}}).growth


DOT = r"""digraph ObjectGraph {
  node[shape=box, style=filled, fillcolor=white];
  o1[fontcolor=red];
  o1[label="Item\n<shop.cart.Item object at 0x55"];
  o2 -> o1 [label="(1, \"x\")",weight=2];
  o2[label="dict\n300 items"];
  o3 -> o2 [label="_seen",weight=2];
  o3[label="dict\n19 items"];
  o4 -> o3 [label="__dict__",weight=10];
  o4[label="module\nshop.cart"];
  o1 -> o3;
}
"""


def test_objgraph_is_read_as_a_chain_from_its_root(rooms: dict[str, ModuleType], case: Any) -> None:
    chain = rooms["reading"].chain_of(DOT)
    assert chain.startswith("module shop.cart -> [__dict__] -> dict 19 items -> [_seen] -> dict 300 items -> ")
    assert chain.endswith("Item <shop.cart.Item object at 0x55")
    report = {"growth": [["tuple", 900, 200], ["Item", 300, 100], ["set", 9, 4]], "types": {"tuple": None, "Item": DOT}}
    blind = rooms["reading"].from_objgraph(report, 100, None)
    assert (blind.growth, blind.chains) == (("tuple 900 +200", "Item 300 +100"), ())
    judgement = rooms["judging"].judged(
        case, rooms["reading"].from_objgraph(report, 100, "Item"), "objgraph, type known"
    )
    assert judgement.to_json() == {"growth": True, "allocation": None, "holder": True, "first": True, "store": False}


def test_a_short_name_needs_its_owner(case: Any) -> None:
    assert case.chain_named("module shop.cart -> [_seen] -> dict")
    assert not case.chain_named("module other -> [_seen] -> dict")
    assert not case.chain_named("module shop.cart -> [_seen_too] -> dict")


def test_a_private_name_is_known_by_its_mangled_spelling(rooms: dict[str, ModuleType]) -> None:
    (case,) = rooms["cases"].load(only=["dateutil_tzoffset"])
    assert case.chain_named(
        "module dateutil.tz -> [tzoffset] -> _TzOffsetFactory -> [_TzOffsetFactory__instances] -> dict"
    )
    assert not case.chain_named(
        "module dateutil.tz -> [tzoffset] -> _TzOffsetFactory -> [_TzOffsetFactory__cache] -> dict"
    )


def test_pympler_shows_types(rooms: dict[str, ModuleType], case: Any) -> None:
    report = {
        "rows": [["shop.cart.Item", 100, 4800], ["code", 1, 288]],
        "tree": "shop.cart.Item-+-dict--dict--module(shop.cart)",
    }
    judgement = rooms["judging"].judged(case, rooms["reading"].from_pympler(report, 100), "Pympler, type known")
    assert judgement.to_json() == {"growth": True, "allocation": None, "holder": False, "first": False, "store": False}


def test_a_broken_report_is_a_failure_and_not_a_miss(rooms: dict[str, ModuleType], case: Any, tmp_path: Path) -> None:
    raw = tmp_path / "report.json"
    raw.write_text("{}", encoding="utf-8")
    for tool in ("leaklint", "tracemalloc", "objgraph", "Pympler, type known"):
        with pytest.raises(rooms["running"].ToolFailedError, match="no report in"):
            rooms["running"].read(tool, raw, case)


def test_the_tables_count_what_ran(rooms: dict[str, ModuleType]) -> None:
    judgement = rooms["judging"].Judgement
    rows = [rooms["show"].CaseRow("first"), rooms["show"].CaseRow("second")]
    rows[0].before["leaklint"] = judgement(True, None, True, True, False)
    rows[1].before["leaklint"] = judgement(True, None, True, False, True)
    rows[0].before["memray"] = judgement(True, True, None, None, False)
    rows[0].quiet.update(leaklint=True, memray=False)
    table = rooms["show"].totals(rows, ["leaklint", "memray"])
    assert table[1] == ["leaklint", "2 of 2", "-", "2 of 2 (1 first)", "1 of 2", "1 of 1"]
    assert table[2] == ["memray", "1 of 1", "1 of 1", "-", "0 of 1", "0 of 1"]
    cells = rooms["show"].by_case(rows, ["leaklint", "memray"])
    assert cells[1:] == [["first", "GH / quiet", "GA / grows"], ["second", "GHS / -", "failed"]]
    assert rooms["show"].markdown(cells).splitlines()[1] == "| --- | --- | --- |"
    assert rooms["show"].plain(cells).splitlines()[0] == "case    leaklint    memray"


def test_the_cost_is_told_in_collections(rooms: dict[str, ModuleType]) -> None:
    cost = rooms["cost"].HeapCost(1_000_123, 0.5, {"leaklint profile, a round": 1.0})
    assert cost.table()[1:] == [
        ["gc.collect(), 1,000,123 objects", "0.50", "1.0"],
        ["leaklint profile, a round", "1.00", "2.0"],
    ]
    assert cost.to_json()["objects"] == 1_000_123
