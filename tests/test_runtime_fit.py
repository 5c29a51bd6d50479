"""Series that stay, level off, or rise without end are told apart."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from leaklint_runtime.fit import BOUNDED, CONSTANT, LINEAR, classify, slope

COUNTS = st.integers(8, 60)


@given(COUNTS, st.floats(0.1, 50), st.floats(-1000, 1000))
def test_a_steady_rise_is_linear(count: int, rate: float, start: float) -> None:
    assert classify([(x, start + rate * x) for x in range(count)]) == LINEAR


@given(COUNTS, st.floats(-1000, 1000))
def test_no_rise_is_constant(count: int, level: float) -> None:
    assert classify([(x, level) for x in range(count)]) == CONSTANT


@given(st.integers(30, 60), st.floats(0.5, 5), st.integers(2, 12))
def test_a_rise_that_ends_is_bounded(count: int, rate: float, bound: int) -> None:
    assume(rate * bound > 0.02 * count)
    assert classify([(x, min(rate * x, rate * bound)) for x in range(count)]) == BOUNDED


@given(st.integers(4, 12))
def test_a_container_that_is_emptied_is_bounded(period: int) -> None:
    points = [(x, x % period) for x in range(4 * period + 1)]
    assert classify(points) == BOUNDED


@given(COUNTS, st.floats(0.5, 5), st.floats(0.01, 100), st.floats(-50, 50))
def test_the_units_do_not_matter(count: int, rate: float, scale: float, shift: float) -> None:
    points = [(float(x), rate * x) for x in range(count)]
    moved = [(x, y * scale + shift) for x, y in points]
    assert classify(moved, noise=0.02 * scale) == classify(points)


@given(st.lists(st.tuples(st.floats(-100, 100), st.floats(-100, 100)), max_size=20))
def test_any_points_have_a_slope_and_a_shape(points: list[tuple[float, float]]) -> None:
    assert isinstance(slope(points), float)
    assert classify(points) in (CONSTANT, BOUNDED, LINEAR)


def test_one_object_that_stays_is_bounded() -> None:
    assert classify([(0, 0), *[(x, 1) for x in range(1, 9)]]) == BOUNDED
