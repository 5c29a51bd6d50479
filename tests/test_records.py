"""Records behave as the frozen, slotted dataclasses of the standard library whose place they take."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable, Mapping
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaklint import model, records


def _kinds(module: Any) -> tuple[type[Any], type[Any], type[Any]]:
    """Return three classes made by the ``dataclass`` of ``module``: with all there is, without fields, without equality."""

    @module.dataclass(frozen=True, slots=True)
    class Part:
        """What it is."""

        name: str
        size: int | None = None
        inside: tuple[int, ...] = module.field(default=(), metadata={"json": False})
        told: dict[str, int] = module.field(default_factory=dict)

        @property
        def place(self) -> str:
            return f"{self.name}{self.size}"

        @classmethod
        def made(cls, name: str) -> Any:
            return cls(name)

    @module.dataclass(frozen=True, slots=True)
    class Empty: ...

    @module.dataclass(frozen=True, slots=True, eq=False)
    class Alone:
        name: str

    return Part, Empty, Alone


OURS, THEIRS = _kinds(records), _kinds(dataclasses)
BOTH = pytest.mark.parametrize("kinds", [OURS, THEIRS], ids=["records", "dataclasses"])
PARTS = st.fixed_dictionaries(
    {"name": st.text()},
    optional={"size": st.none() | st.integers(), "inside": st.just((1, 2)), "told": st.just({"a": 1})},
)


def _outcome(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except Exception as error:
        return type(error), str(error)


@given(PARTS, PARTS)
def test_instances_say_the_same(first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
    (ours, other), (theirs, another) = ([kinds[0](**given) for given in (first, second)] for kinds in (OURS, THEIRS))
    assert repr(ours) == repr(theirs)
    assert (ours == other, ours != other) == (theirs == another, theirs != another)
    assert (ours == first, ours == theirs) == (False, False)
    assert _outcome(lambda: hash(ours)) == _outcome(lambda: hash(theirs)) == (TypeError, "unhashable type: 'dict'")
    assert ours.place == theirs.place
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert repr(records.replace(ours, size=7)) == repr(dataclasses.replace(theirs, size=7))
    assert repr(dataclasses.replace(ours, size=7)) == repr(dataclasses.replace(theirs, size=7))
    assert repr(copy.copy(ours)) == repr(theirs)


def test_classes_say_the_same() -> None:
    for ours, theirs in zip(OURS, THEIRS, strict=True):
        assert str(inspect.signature(ours)) == str(inspect.signature(theirs))
        assert (ours.__slots__, ours.__match_args__) == (theirs.__slots__, theirs.__match_args__)
        assert (ours.__name__, ours.__qualname__, ours.__module__) == (
            theirs.__name__,
            theirs.__qualname__,
            theirs.__module__,
        )
        rows = ([(f.name, f.type, f.default, f.metadata) for f in dataclasses.fields(kind)] for kind in (ours, theirs))
        assert next(rows) == next(rows)
    assert OURS[0].__doc__ == "What it is."
    assert repr(OURS[0].made("a")) == repr(THEIRS[0].made("a"))
    assert get_type_hints(OURS[0]) == get_type_hints(THEIRS[0])


@BOTH
def test_instances_stay_as_they_are(kinds: tuple[type[Any], ...]) -> None:
    part = kinds[0]("a")
    assert part.told is not kinds[0]("a").told
    told = []
    for change in (lambda: setattr(part, "name", "b"), lambda: delattr(part, "name")):
        with pytest.raises(dataclasses.FrozenInstanceError) as raised:
            change()
        told.append(str(raised.value))
    assert told == ["cannot assign to field 'name'", "cannot delete field 'name'"]
    assert not hasattr(part, "__dict__")
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        kinds[0]()
    with pytest.raises(TypeError, match="unexpected keyword argument 'other'"):
        kinds[0]("a", other=1)


@BOTH
def test_equality_and_match(kinds: tuple[type[Any], ...]) -> None:
    _, empty, alone = kinds
    assert empty() == empty()
    assert hash(empty()) == hash(())
    assert alone("a") != alone("a")
    match alone("a"):
        case alone(name):
            assert name == "a"


def test_instances_cross_processes() -> None:
    finding = model.Finding("LK101", "name", "a.py", 1, 2, 3, 4, "a:B.c", "told", "high", "0" * 16)
    assert pickle.loads(pickle.dumps(finding)) == copy.deepcopy(finding) == finding
    assert {finding, finding, records.replace(finding, line=2)} == {finding, records.replace(finding, line=2)}


def test_nothing_else_is_made() -> None:
    other: Any = records.dataclass
    with pytest.raises(TypeError, match="only frozen classes with slots"):
        other(frozen=False, slots=True)
