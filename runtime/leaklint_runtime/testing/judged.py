"""Which holders the tests of all processes fill again and again, and the sentence on each."""

from __future__ import annotations

import fnmatch
from typing import Any, Dict, NamedTuple, Sequence

from ..discovery.model import SHOWN, GrowingHolder, from_json, to_json
from ..discovery.text import shown_path
from .suspects import AGAIN, ENTRIES_BY_VALUE, IDENTITY, LEAST_BY_VALUE, VALUE

Record = Dict[str, Any]
#: tests that have to leave objects which no other test could meet with again
LEAST = 3
NAMED_TESTS = 3


class LeavingTest(NamedTuple):
    """What one test left in a holder: ``number`` objects, by class."""

    name: str
    number: int
    classes: dict[str, int]


class LeftBehind(NamedTuple):
    """A holder that tests fill, those first that left most."""

    holder: GrowingHolder
    tests: tuple[LeavingTest, ...]


def judged(records: Sequence[Record], ignored: Sequence[str]) -> list[LeftBehind]:
    """Return the leaks among what all processes saw, those of most tests first; ``ignored`` are patterns for their symbols."""
    by_symbol: dict[str, list[Record]] = {}
    for record in records:
        by_symbol.setdefault(record["holder"]["symbol"], []).append(record)
    found = [
        _joined(symbol, some)
        for symbol, some in by_symbol.items()
        if _is_leak(some) and not any(fnmatch.fnmatchcase(symbol, pattern) for pattern in ignored)
    ]
    return sorted(found, key=lambda item: (-len(item.tests), item.holder.symbol))


def _is_leak(records: Sequence[Record]) -> bool:
    """Tell whether tests leave something again and again, without a bound, and most of it is still there."""
    rows = [row for record in records for row in record["left"]]
    alive, followed = (sum(record["alive"][place] for record in records) for place in (0, 1))
    if 2 * alive < followed or not any(record["rose"] for record in records):
        return False
    for record in records:
        bound = record["holder"]["bound"]
        if bound is not None and record["entries"] <= bound:
            return False
    if any(row[3] == AGAIN for row in rows):
        return True
    if len({row[0] for row in rows if row[3] == IDENTITY}) >= LEAST:
        return True
    by_value = [row for row in rows if row[3] == VALUE]
    return len({row[0] for row in by_value}) >= LEAST_BY_VALUE and sum(row[1] for row in by_value) >= ENTRIES_BY_VALUE


def _joined(symbol: str, records: Sequence[Record]) -> LeftBehind:
    """Return what several processes saw of a holder as one."""
    tests: dict[str, LeavingTest] = {}
    for name, number, classes, _ in [row for record in records for row in record["left"]]:
        before = tests.get(name, LeavingTest(name, 0, {}))
        merged = {key: before.classes.get(key, 0) + classes.get(key, 0) for key in (*before.classes, *classes)}
        tests[name] = LeavingTest(name, before.number + number, merged)
    first = max(records, key=lambda record: (bool(record["holder"]["stores"]), len(record["left"])))
    holder = from_json(first["holder"])
    alive, followed = (sum(record["alive"][place] for record in records) for place in (0, 1))
    still = f"{alive} of {followed} objects that were followed were" if followed else "its entries were"
    reason = f"{_count(len(tests), 'test')} left objects in it; {still} still alive when the run ended"
    ordered = sorted(tests.values(), key=lambda test: (-test.number, test.name))
    return LeftBehind(holder._replace(certainty=SHOWN, reason=reason), tuple(ordered))


def document(left: LeftBehind) -> Record:
    """Return the JSON form: that of the holder, with the tests."""
    tests = [{"test": test.name, "left": test.number, "classes": test.classes} for test in left.tests]
    value: Record = {**to_json(left.holder), "tests": tests}
    return value


def sentence(left: LeftBehind) -> str:
    """Say what which test left where, stored by which line."""
    first, others = left.tests[0], left.tests[1:]
    text = f"{first.name} left {_classes(first.classes)} in {left.holder.symbol}{_place(left.holder)}"
    if others:
        named = [f"{test.name} ({test.number})" for test in others[:NAMED_TESTS]]
        text += f"; so did {', '.join(named)}"
        text += f" and {len(others) - NAMED_TESTS} more" if len(others) > NAMED_TESTS else ""
    return text


def _place(holder: GrowingHolder) -> str:
    if holder.stores:
        store = holder.stores[0]
        return f" (stored at {shown_path(store.path)}:{store.line})"
    return f" (defined at {shown_path(holder.path)}:{holder.line})" if holder.line else ""


def _classes(classes: dict[str, int]) -> str:
    rows: list[str] = [
        f"{number} {name.rpartition(':')[2]}" for name, number in sorted(classes.items(), key=lambda row: -row[1])
    ]
    return ", ".join(rows[:3]) + (f" and {len(rows) - 3} more classes" if len(rows) > 3 else "")


def details(left: LeftBehind) -> list[str]:
    """Return the lines below the sentence: definition, callers of the store, the path that keeps it, and the evidence."""
    from ..discovery import text

    shown = left.holder._replace(keeps=())
    return text.lines(shown, "test")


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
