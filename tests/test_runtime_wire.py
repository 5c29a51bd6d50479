"""What crosses the process boundary arrives as it was sent, and mirrors the static side's classes."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaklint import model
from leaklint_runtime import channel, wire

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize("name", ["Probe", "Refcount", "Verdict"])
def test_both_sides_have_the_same_fields(name: str) -> None:
    ours, theirs = getattr(wire, f"Wire{name}"), getattr(model, name)
    assert [item.name for item in fields(ours)] == [item.name for item in fields(theirs)]
    for mine, other in zip(fields(ours), fields(theirs), strict=True):
        assert (mine.default is mine.default_factory) == (other.default is other.default_factory)
        if not callable(mine.default_factory):
            assert mine.default == other.default


@given(PLAIN)
def test_dumps_writes_json(value: object) -> None:
    assert json.loads(wire.dumps(value)) == value


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", type])
def test_dumps_refuses_what_is_not_plain(value: object) -> None:
    with pytest.raises(TypeError, match="cannot write"):
        wire.dumps([value])


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_know_becomes_null(value: float) -> None:
    assert wire.dumps([value]) == "[null]"


@given(
    st.sampled_from(wire.STATUSES),
    st.text(),
    st.lists(st.text(), max_size=5),
    st.none() | st.integers(),
    st.integers(0, 1000),
)
def test_a_verdict_survives_the_journey(
    status: str, reason: str, path: list[str], count: int | None, survivors: int
) -> None:
    sent = wire.WireVerdict(
        status, reason, survivors=survivors, path=tuple(path), refcount=wire.WireRefcount(count, None, 2)
    )
    received = wire.verdict_from(json.loads(wire.dumps(wire.plain(sent))))
    assert received == sent
    static = model.from_json(model.Verdict, wire.plain(received))
    assert wire.verdict_from(model.to_json(static)) == sent


def test_a_verdict_of_another_world_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown status"):
        wire.verdict_from({"status": "perhaps", "reason": ""})
    with pytest.raises(TypeError):
        wire.verdict_from({})
    assert wire.verdict_from({"status": "refuted", "reason": "", "later": 1}).status == "refuted"


@given(st.lists(st.binary(max_size=30)), st.integers(1, 7))
def test_lines_are_the_same_however_they_arrive(parts: list[bytes], size: int) -> None:
    data = b"\n".join(parts) + b"\n"
    lines = channel.Lines()
    heard = [line for start in range(0, len(data), size) for line in lines.feed(data[start : start + size])]
    assert heard == [line for line in data.split(b"\n") if line]
