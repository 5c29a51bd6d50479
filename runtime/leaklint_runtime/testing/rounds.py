"""``@pytest.mark.leaklint``: run a test in rounds, and fail if every round leaves objects behind."""

from __future__ import annotations

import fnmatch
import logging
import warnings
from typing import Any, Callable, NamedTuple

import pytest

from .. import asserts, fit
from .fence import Fence

WARM = 2
LEAST = 3
TRIES = 16
_KNOWN = ("rounds", "max_survivors", "ignore")
_active: list[str] = []


class RoundsMarker(NamedTuple):
    """The arguments of the marker. ``max_survivors`` objects of a class may stay a round; ``ignore`` are patterns."""

    rounds: int = 5
    max_survivors: float = 0
    ignore: tuple[str, ...] = ()


def parse(marker: Any) -> RoundsMarker:
    """Return the arguments of the marker. Raises ``ValueError`` with one line."""
    if marker.args:
        raise ValueError("leaklint takes its arguments by name: rounds, max_survivors, ignore")
    unknown = [name for name in marker.kwargs if name not in _KNOWN]
    if unknown:
        raise ValueError(f"leaklint has no argument {unknown[0]}; it takes {', '.join(_KNOWN)}")
    given = {**RoundsMarker()._asdict(), **marker.kwargs}
    rounds, most, ignore = given["rounds"], given["max_survivors"], given["ignore"]
    if type(rounds) is not int or rounds < LEAST:
        raise ValueError(f"rounds must be a whole number of at least {LEAST}, not {rounds!r}")
    if type(most) not in (int, float) or most < 0:
        raise ValueError(f"max_survivors must be a number of at least 0, not {most!r}")
    if not isinstance(ignore, (list, tuple)) or not all(isinstance(item, str) for item in ignore):
        raise ValueError(f"ignore must be a list of patterns for class names, not {ignore!r}")
    return RoundsMarker(rounds, most, tuple(ignore))


def checked(marker: Any, function: str, parse: Callable[[Any], Any] = parse) -> None:
    """Make wrong arguments of a marker an error of the collection."""
    try:
        parse(marker)
    except ValueError as error:
        raise pytest.Collector.CollectError(f"{function}: {error}") from None


def run(item: Any, marker: Any) -> BaseException | None:
    """Call the test function in more rounds, through the hook that has called it once.

    Returns the failure of a round or of the whole, or None; None as well inside of such a call.
    """
    if item.nodeid in _active:
        return None
    wanted = parse(marker)
    _active.append(item.nodeid)
    fence = Fence()
    try:
        text = _grown(item, wanted, fence)
    except BaseException as error:
        return error
    finally:
        _active.remove(item.nodeid)
        fence.take_down()
    if not text:
        return None
    item.add_report_section("call", "leaklint", text)
    return pytest.fail.Exception(text, pytrace=False)


def _grown(item: Any, marker: RoundsMarker, fence: Fence) -> str:
    """Warm up, run the rounds, and say what grew, or nothing."""
    for number in range(1, WARM):
        if number == WARM - 1:
            # what the machinery itself makes for the first round behind the fence is then there
            with warnings.catch_warnings():
                # of what other tests have left open this one is not to blame
                warnings.simplefilter("ignore", ResourceWarning)
                fence.put_up()
        once(item)
    points: list[dict[type, int]] = []
    points.append(_census(fence, points))
    for _ in range(marker.rounds):
        once(item)
        points.append(_census(fence, points))
    return _failure(_growing(points, marker), fence, marker)


def once(item: Any) -> None:
    """One round; the log that pytest has captured of the last one would be a holder."""
    for handler in logging.root.handlers:
        if type(handler).__module__.startswith("_pytest.") and hasattr(handler, "reset"):
            handler.reset()
    item.ihook.pytest_pyfunc_call(pyfuncitem=item)


def _census(fence: Fence, mine: list[Any]) -> dict[type, int]:
    """Count the young objects by class, but for those in ``mine``."""
    found: dict[type, int] = {}
    young = fence.young()
    skipped = {id(obj) for obj in (young, found, mine, *mine)}
    for obj in young:
        if id(obj) not in skipped:
            found[type(obj)] = found.get(type(obj), 0) + 1
    return found


def _growing(points: list[dict[type, int]], marker: RoundsMarker) -> list[tuple[type, float]]:
    """Return the classes with more objects after every round than allowed, the program's own first, and the rise."""
    found = []
    for kind in points[-1]:
        counts = [point.get(kind, 0) for point in points]
        rise = (counts[-1] - counts[0]) / marker.rounds
        series: list[fit.Point] = [(float(place), float(count)) for place, count in enumerate(counts)]
        if rise > marker.max_survivors and fit.classify(series) == fit.LINEAR and _steady(counts, marker):
            if not any(fnmatch.fnmatch(name, pattern) for pattern in marker.ignore for name in _names(kind)):
                found.append((kind, rise))
    own = [pair for pair in found if pair[0].__module__ != "builtins"]
    return own or found


def _steady(counts: list[int], marker: RoundsMarker) -> bool:
    """Tell whether the objects became more in every round but at most one."""
    rises = sum(later > earlier for earlier, later in zip(counts, counts[1:]))
    return rises >= marker.rounds - 1


def _names(kind: type) -> tuple[str, str]:
    return f"{kind.__module__}.{kind.__qualname__}", f"{kind.__module__}:{kind.__qualname__}"


def _failure(growing: list[tuple[type, float]], fence: Fence, marker: RoundsMarker) -> str:
    """Return the failure: what grew, and the chain that keeps one of the first class alive."""
    if not growing:
        return ""
    lines = [f"every round leaves objects behind ({marker.rounds} rounds after {WARM} to warm up)"]
    lines += [f"  {_names(kind)[0]}: {rise:+.1f} a round (allowed: {marker.max_survivors:g})" for kind, rise in growing]
    kind = growing[0][0]
    alive = [obj for obj in fence.young() if type(obj) is kind]
    fence.take_down()
    for obj in alive[:TRIES]:
        chain = asserts.why(obj, [alive, growing, lines])
        if len(chain) > 1:
            return "\n".join([*lines, *chain])
    return "\n".join(lines)
