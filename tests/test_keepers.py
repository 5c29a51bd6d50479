"""Which containers of before keep what a test has made."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from leaklint_runtime.testing.fence import Fence
from leaklint_runtime.testing.instances import Instances, Machinery
from leaklint_runtime.testing.keepers import MOST, keepers


class Session:
    """What a test makes."""


@functools.lru_cache(maxsize=8)
def remembered(session: Session) -> int:
    return 1


@functools.cache
def remembered_for_good(session: Session) -> int:
    return 1


LIST: list[Any] = []
DICT: dict[Any, Any] = {"first": [1]}  # the collector knows a dict from the first container in it on
INNER: dict[str, list[Any]] = {"sessions": []}


@pytest.fixture
def fence() -> Iterator[Fence]:
    fence = Fence()
    yield fence
    fence.take_down()
    for container in (LIST, INNER["sessions"]):
        container.clear()
    for key in list(DICT)[1:]:
        del DICT[key]
    remembered.cache_clear()
    remembered_for_good.cache_clear()


def kept_by(fence: Fence, store: Callable[[Session], Any]) -> list[Any]:
    """Return what keeps a session once it is stored."""
    fence.put_up()
    store(Session())
    young = {id(thing): thing for thing in fence.young()}
    left = Instances(Machinery(frozenset(), frozenset())).among(list(young.values()))
    return keepers([thing for thing in left if type(thing) is Session], young)


@pytest.mark.parametrize(
    ("container", "store"),
    [
        (LIST, LIST.append),
        (LIST, lambda session: LIST.append((1, [{"session": session}]))),
        (LIST, lambda session: LIST.append(lambda: session)),
        (DICT, lambda session: DICT.update({session: 1})),
        (INNER["sessions"], INNER["sessions"].append),
        (remembered, remembered),
    ],
    ids=["list", "nested", "closure", "key", "inner", "memo"],
)
def test_the_container_of_before_is_found_alone(fence: Fence, container: Any, store: Callable[[Session], Any]) -> None:
    assert [thing is container for thing in kept_by(fence, store)] == [True]


def test_a_memoiser_without_a_bound_shows_its_table(fence: Fence) -> None:
    remembered_for_good(Session())
    (table,) = kept_by(fence, remembered_for_good)
    assert any(table is thing for thing in gc.get_referents(remembered_for_good))


def test_what_dies_is_kept_by_nothing(fence: Fence) -> None:
    assert kept_by(fence, lambda session: None) == []


def test_of_many_objects_some_of_each_type_are_followed(fence: Fence) -> None:
    fence.put_up()
    LIST.extend(Session() for _ in range(10 * MOST))
    INNER["sessions"].append(range(3).__iter__)
    DICT[1] = Fence()
    young = {id(thing): thing for thing in fence.young()}
    left = [thing for thing in young.values() if type(thing) in (Session, Fence)]
    assert {id(thing) for thing in keepers(left, young)} == {id(LIST), id(DICT)}


def test_objects_that_hold_one_another_lead_to_their_container(fence: Fence) -> None:
    def store(session: Session) -> None:
        first: Any = Session()
        first.next, session.next = session, first  # type: ignore[attr-defined]
        LIST.append(first)

    assert [thing is LIST for thing in kept_by(fence, store)] == [True]
