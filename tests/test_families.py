"""Containers that grow in turn are one holder."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

from leaklint_runtime import growth
from leaklint_runtime.discovery import families, naming
from leaklint_runtime.discovery.candidates import CONTAINER, FAMILY, Candidate, empty


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    made = ModuleType("made_for_families")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    return made


def candidate(chain: tuple[Any, ...], rises: set[int]) -> Candidate:
    """Return a candidate whose length rises by one at each of these rounds out of 40."""
    points = tuple((float(x), float(sum(rise <= x for rise in rises))) for x in range(40))
    fit = growth.count_trend(points)
    return Candidate(CONTAINER, chain[-1], points, fit, chain=chain, name=naming.named(chain))


def shards(module: ModuleType, rises: list[set[int]]) -> list[Candidate]:
    module.shards = [[0] for _ in rises]  # type: ignore[attr-defined]
    return [candidate((module, module.shards, shard), at) for shard, at in zip(module.shards, rises, strict=True)]


def test_those_that_rise_in_turn_are_one(module: ModuleType) -> None:
    members = shards(module, [{number} for number in range(1, 40, 3)])
    (found,) = families.gathered(members)
    assert (found.sort, found.trend.kind, found.label.symbol) == (FAMILY, "linear", "made_for_families:shards")
    assert found.size() == len(members)
    assert empty(found)
    assert found.size() == 0 and len(found.obj) == len(members)


def test_those_that_have_become_full_stay_bounded(module: ModuleType) -> None:
    members = shards(module, [{number} for number in range(1, 13)])
    assert families.gathered(members) == members


def test_a_few_that_grow_each_by_itself_are_told_each(module: ModuleType) -> None:
    members = shards(module, [set(range(40)) for _ in range(5)])
    assert families.gathered(members) == members


def test_many_that_grow_each_by_itself_are_one(module: ModuleType) -> None:
    (found,) = families.gathered(shards(module, [set(range(40)) for _ in range(9)]))
    assert found.sort == FAMILY


def test_what_grows_inside_of_what_grows_is_not_told_beside_it(module: ModuleType) -> None:
    members = shards(module, [set(range(40)) for _ in range(9)])
    outer = candidate((module, module.shards), set(range(40)))
    assert families.gathered([outer, *members]) == [outer]
