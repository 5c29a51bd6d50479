"""Discovery where calls cannot go on: threads, files, memory or time run out, or a call fails after others have leaked."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from repairing import lines
from test_growing_holders import Document, growing, profile

from leaklint.cli import main

PROGRAMS = {
    "waiting": """
        import threading


        def work():
            threading.Thread(target=threading.Event().wait, daemon=True).start()
        """,
    "large": """
        kept = []


        def work():
            kept.append(bytearray(40 << 20))
        """,
    "opened": """
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
        kept = []


        def work():
            kept.extend(open(__file__) for _ in range(40))
        """,
    "slow": """
        import time

        kept = []


        def work():
            time.sleep(0.5)
            kept.append(object())
        """,
    "busy": """
        kept = []


        def work():
            kept.append(object())
            for _ in range(3_000_000):
                pass
        """,
    "failing": """
        import itertools

        kept = []
        numbers = itertools.count(1)


        def work():
            if next(numbers) > 20:
                raise ValueError("no room")
            kept.append(object())
        """,
    "ending": """
        kept = []


        def work():
            if len(kept) == 20:
                raise ValueError("no room")
            kept.append(object())
        """,
    "seldom": """
        import itertools
        from typing import NamedTuple

        numbers = itertools.count(1)


        class Book(NamedTuple):
            name: str
            failures: list


        book = Book("failures", [])


        def work():
            number = next(numbers)
            if number % 23 == 0:
                book.failures.append(object())
        """,
    "renewed": """
        import itertools

        numbers = itertools.count(1)
        tokens = {}


        def work():
            global tokens
            number = next(numbers)
            tokens[f"token-{number}"] = number + 60
            if number % 20 == 0:
                tokens = {name: end for name, end in tokens.items() if end > number}
        """,
    "fields": """
        import dataclasses


        @dataclasses.dataclass
        class Channel:
            name: str
            backlog: list = dataclasses.field(default_factory=list)


        channels = [Channel("one"), Channel("two")]


        def work():
            channels[1].backlog.append(object())
        """,
    "buckets": """
        import itertools

        numbers = itertools.count()
        buckets = [[] for _ in range(97)]


        def work():
            number = next(numbers)
            buckets[number % 97].append({"number": number, "text": "x" * 200 + str(number)})
        """,
}


def profiled(name: str, folder: Path, *options: str) -> tuple[int, Document]:
    (folder / f"{name}.py").write_text(lines(PROGRAMS[name]), encoding="utf-8")
    return profile(folder, f"{name}.py:work", sys.executable, *options)


@pytest.mark.parametrize(
    ("name", "options", "holder", "line", "note"),
    [
        ("waiting", (), "threading:_active", 5, "what is left of the memory"),
        ("large", (), "large:kept", 5, "what is left of the memory"),
        ("opened", (), "opened:kept", 8, "what is left of the files"),
        ("slow", ("--timeout", "16"), "slow:kept", 8, "what is left of the time"),
        ("busy", ("--timeout", "16"), "busy:kept", 5, "it was traced in part"),
        ("failing", (), "failing:kept", 0, "call 21 failed: ValueError: no room"),
    ],
)
def test_what_grew_is_told_before_there_is_nothing_left(
    name: str, options: tuple[str, ...], holder: str, line: int, note: str, tmp_path: Path
) -> None:
    status, found = profiled(name, tmp_path, *options)
    assert [note in text for text in found["notes"]].count(True) == 1, found["notes"]
    first = growing(found)[0]
    assert (status, first["symbol"]) == (1, holder)
    assert not line or line in [store["line"] for store in first["stores"]]


def test_memory_that_grows_is_reason_enough_for_more_calls(tmp_path: Path) -> None:
    status, found = profiled("buckets", tmp_path)
    assert [item["symbol"] for item in growing(found)] == ["buckets:buckets"]
    assert found["samples"][-1]["x"] > 97
    assert status == 1


def test_what_grows_seldom_is_not_said_to_level_off_after_its_first_entry(tmp_path: Path) -> None:
    status, found = profiled("seldom", tmp_path)
    (holder,) = found["holders"]
    assert (status, holder["symbol"], holder["kind"], holder["line"]) == (1, "seldom:book.failures", "linear", 12)
    assert [store["line"] for store in holder["stores"]] == [18]


def test_what_is_made_anew_without_the_old_is_quiet(tmp_path: Path) -> None:
    status, found = profiled("renewed", tmp_path)
    assert (status, growing(found)) == (0, [])
    assert found["samples"][-1]["x"] > 80


def test_a_field_of_a_data_class_is_defined_there(tmp_path: Path) -> None:
    _, found = profiled("fields", tmp_path)
    (holder,) = growing(found)
    assert (holder["symbol"], holder["line"]) == ("fields:channels[1].backlog", 7)


def test_a_call_that_fails_where_nothing_grows_is_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ending.py").write_text(lines(PROGRAMS["ending"]), encoding="utf-8")
    assert main(["profile", "--no-check", "--no-ledger", f"{tmp_path / 'ending.py'}:work"]) == 2
    assert "failed in call 21: ValueError: no room" in capsys.readouterr().err
