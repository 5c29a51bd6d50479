"""Discovery: the holders that grow are named without a finding, with the line that stores; what does not leak is quiet."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from growth_programs_index import GrowthProgram, healthy, leaks
from probes import THOROUGH, VERSIONS, interpreters

from leaklint.cli import main

ROUNDS, TOGETHER = 40, {"leaks": 25, "healthy": 100}  # programs in one process
Document = dict[str, Any]


def numbers(version: str) -> tuple[int, int]:
    major, minor = map(int, version.split("."))
    return major, minor


HERE = "{}.{}".format(*sys.version_info[:2])
FOUND = [(version, place) for version in VERSIONS for place in interpreters([version])]
ENDS = dict(FOUND[:1] + FOUND[1:][-1:])
PYTHONS = {**ENDS, HERE: sys.executable}
#: The oldest and the newest interpreter take turns; this one runs every third program if it lies between them.
SHARES = {version: (number, 2) for number, version in enumerate(ENDS)} if len(ENDS) == 2 and not THOROUGH else {}
SHARES |= {HERE: (0, 3)} if len(ENDS) == 2 and HERE not in ENDS and not THOROUGH else {}


def profile(folder: Path, target: str, python: str, *options: str) -> tuple[int, Document]:
    """Return the status and the JSON of a profile without findings."""
    out = folder / "profile.json"
    words = ["profile", "--no-check", "--no-ledger", "--quiet", "--python", python, *options]
    with chdir(folder):
        status = main([*words, "--output-format", "json", "--output-file", str(out), target])
    return status, json.loads(out.read_text(encoding="utf-8"))


def driver(folder: Path, programs: Sequence[GrowthProgram]) -> Path:
    """Write a file whose ``work`` calls that of each program."""
    lines = ["import sys", f"sys.path.insert(0, {str(programs[0].path.parent)!r})"]
    lines += [f"import {item.name}" for item in programs]
    lines += ["", "def work():", *[f"    {item.name}.work()" for item in programs]]
    place = folder / "together.py"
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return place


def growing(found: Document) -> list[Document]:
    return [item for item in found["holders"] if item["kind"] == "linear"]


def named(program: GrowthProgram, holders: Sequence[Document]) -> list[str]:
    """Return what is wrong: a holder that is not named, or none of the lines that store."""
    wrong = []
    for pattern in program.holders:
        hits = [item for item in holders if pattern.search(item["symbol"].replace(":", "."))]
        lines = [(store["path"], store["line"]) for item in hits for store in item["stores"]]
        if not hits:
            wrong.append(f"{program.name}: {pattern.pattern} is not named")
        elif program.stores and not any((str(program.marks), line) in lines for line in program.stores):
            wrong.append(f"{program.name}: stored at {program.stores}, not at {lines}")
    return wrong


def groups(programs: Sequence[GrowthProgram], version: str) -> Iterator[list[GrowthProgram]]:
    fitting = [item for item in programs if item.runs_on(numbers(version)) and not item.alone and item.rounds == ROUNDS]
    first, step = SHARES.get(version, (0, 1))
    fitting = fitting[first::step]
    together = TOGETHER[fitting[0].path.parent.name]
    for start in range(0, len(fitting), together):
        yield fitting[start : start + together]


TOGETHER_LEAKS = [(version, group) for version in PYTHONS for group in groups(leaks(), version)]
TOGETHER_HEALTHY = [(version, group) for version in PYTHONS for group in groups(healthy(), version)]


def label(value: Any) -> str:
    return value if isinstance(value, str) else value[0].name


@pytest.mark.parametrize(("version", "group"), TOGETHER_LEAKS, ids=label)
def test_each_holder_of_many_leaks_at_once_is_named(version: str, group: list[GrowthProgram], tmp_path: Path) -> None:
    status, found = profile(tmp_path, f"{driver(tmp_path, group)}:work", PYTHONS[version], "--rounds", str(ROUNDS))
    assert [text for item in group for text in named(item, growing(found))] == []
    assert status == 1


@pytest.mark.parametrize("program", [item for item in leaks() if item.alone], ids=lambda item: item.name)
def test_holders_that_tell_by_their_objects_alone(program: GrowthProgram, tmp_path: Path) -> None:
    if not program.runs_on(sys.version_info[:2]):
        pytest.skip("the label holds for other versions of Python")
    status, found = profile(tmp_path, f"{program.path}:work", sys.executable, "--rounds", str(program.rounds))
    assert status == 1
    symbols = [item["symbol"].replace(":", ".") for item in growing(found)]
    assert any(pattern.search(symbol) for pattern in program.holders for symbol in symbols), symbols


@pytest.mark.parametrize("version", sorted(ENDS, key=numbers))
@pytest.mark.parametrize("name", ["close_at_exit", "subclass_registry"])
def test_what_c_code_has_of_it_is_not_told_again(name: str, version: str, tmp_path: Path) -> None:
    program = next(item for item in leaks() if item.name == name)
    _, found = profile(tmp_path, f"{program.path}:work", PYTHONS[version])
    assert len(growing(found)) == 1, [item["symbol"] for item in growing(found)]


def test_the_value_of_a_context_variable_goes_by_the_name_of_the_variable(tmp_path: Path) -> None:
    program = next(item for item in leaks() if item.name == "context_rebound")
    _, found = profile(tmp_path, f"{program.path}:work", sys.executable)
    (holder,) = growing(found)
    assert (holder["symbol"], holder["scope"]) == ("context_rebound:CALLERS", "module")


@pytest.mark.parametrize(
    ("name", "scope", "owner"),
    [
        ("generator_local", "frame", "medians"),
        ("dispatch_registry", "function", "dispatch_registry:describe"),
    ],
)
def test_a_holder_belongs_to_what_a_reader_would_say(name: str, scope: str, owner: str, tmp_path: Path) -> None:
    program = next(item for item in leaks() if item.name == name)
    _, found = profile(tmp_path, f"{program.path}:work", sys.executable)
    holder = growing(found)[0]
    assert (holder["scope"], holder["owner"]) == (scope, owner)
    assert not program.holder_lines or holder["line"] in program.holder_lines


def test_what_fills_a_chain_is_told_where_its_links_are_made_too_seldom(tmp_path: Path) -> None:
    program = next(item for item in leaks() if item.name == "tee_of_a_feed")
    _, found = profile(tmp_path, f"{program.path}:work", sys.executable)
    (holder,) = growing(found)
    assert [(store["how"], store["line"]) for store in holder["stores"]] == [("allocated", 13)]


INSIDE = """\
class Session:
    def __init__(self):
        self.pages = []


SESSIONS = {0: Session()}


def work():
    SESSIONS[len(SESSIONS)] = Session()
    if len(SESSIONS[0].pages) < 12:
        SESSIONS[0].pages.append(bytearray(100))
"""


def test_what_levels_off_inside_an_entry_of_a_growing_holder_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "inside.py").write_text(INSIDE, encoding="utf-8")
    _, found = profile(tmp_path, "inside.py:work", sys.executable)
    assert [item["symbol"] for item in found["holders"]] == ["inside:SESSIONS"]


AT_EXIT = """\
import atexit


def close():
    pass


def paired():
    atexit.register(close)
    atexit.unregister(close)


def again():
    atexit.register(close)
"""


@pytest.mark.parametrize("version", sorted(ENDS, key=numbers))
def test_what_has_been_unregistered_does_not_count(version: str, tmp_path: Path) -> None:
    (tmp_path / "ends.py").write_text(AT_EXIT, encoding="utf-8")
    status, found = profile(tmp_path, "ends.py:paired", PYTHONS[version], "--rounds", "60")
    assert (status, found["holders"]) == (0, [])
    status, found = profile(tmp_path, "ends.py:again", PYTHONS[version], "--rounds", "60")
    assert (status, [item["symbol"] for item in growing(found)]) == (1, ["atexit.register"])


WORKER = """\
import queue
import threading

jobs, results = queue.Queue(), queue.Queue()
local = threading.local()
finished = []


class Job:
    pass


def remember(job):
    local.jobs.append(job)


def run():
    local.jobs = []
    while True:
        job = jobs.get()
        remember(job)
        finished.append(id(job))
        results.put(job)


threading.Thread(target=run, daemon=True).start()


def work():
    jobs.put(Job())
    results.get()
"""


@pytest.mark.parametrize("version", sorted(PYTHONS, key=numbers))
def test_a_thread_that_ran_before_the_calls_is_traced(version: str, tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text(WORKER, encoding="utf-8")
    _, found = profile(tmp_path, "worker.py:work", PYTHONS[version])
    told = {item["symbol"]: (item["line"], [store["line"] for store in item["stores"]]) for item in growing(found)}
    assert told == {"worker:local.jobs": (18, [14]), "worker:finished": (6, [22])}
    assert found["notes"] == []


def test_of_tracebacks_the_raise_is_told_and_not_the_calls_that_made_their_frames(tmp_path: Path) -> None:
    program = next(item for item in leaks() if item.name == "raised_again")
    _, found = profile(tmp_path, f"{program.path}:work", PYTHONS[min(PYTHONS, key=numbers)])
    assert named(program, growing(found)) == []


@pytest.mark.parametrize(("version", "group"), TOGETHER_HEALTHY, ids=label)
def test_what_does_not_leak_is_quiet(version: str, group: list[GrowthProgram], tmp_path: Path) -> None:
    _, found = profile(tmp_path, f"{driver(tmp_path, group)}:work", PYTHONS[version], "--rounds", str(ROUNDS))
    assert [item["symbol"] for item in growing(found)] == []


SLOW = [item for item in healthy() if item.rounds != ROUNDS or item.alone]
SLOW_TO_SETTLE = [[item] for item in SLOW if item.alone]
SLOW_TO_SETTLE += [
    [item for item in SLOW if not item.alone and item.rounds == rounds]
    for rounds in sorted({item.rounds for item in SLOW if not item.alone})
]


@pytest.mark.parametrize("group", SLOW_TO_SETTLE, ids=label)
def test_what_takes_long_to_settle_is_quiet(group: list[GrowthProgram], tmp_path: Path) -> None:
    target = f"{driver(tmp_path, group)}:work"
    status, found = profile(tmp_path, target, sys.executable, "--rounds", str(group[0].rounds))
    assert [item["symbol"] for item in growing(found)] == []
    assert status == 0, found["verdict"]["sentences"]
