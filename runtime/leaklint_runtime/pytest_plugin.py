"""Inside users' test suites: watch the findings while the tests run, prove them as tests, and checks by hand.

This module is loaded in every run of pytest where leaklint is installed; it loads the rest when someone asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterator

import pytest

from .testing import options

if TYPE_CHECKING:
    from .testing.check import LeakCheck

MARKER = "leaklint(rounds=5, max_survivors=0, ignore=[]): run the test in rounds and fail if each leaves objects behind"

DISCOVER = "leaklint_discover(rounds=6): run the test in rounds and fail with each holder that grows in all of them"


def pytest_addoption(parser: Any) -> None:
    """Declare the options (see ``testing.options``)."""
    options.add(parser)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: Any) -> None:
    """Set up what the run asks for."""
    config.addinivalue_line("markers", MARKER)
    config.addinivalue_line("markers", DISCOVER)
    if options.asked(config):
        from .testing.start import start

        start(config)


def pytest_generate_tests(metafunc: Any) -> None:
    """Refuse wrong arguments of the marker while tests are collected."""
    marker = metafunc.definition.get_closest_marker("leaklint")
    if marker is not None:
        from .testing.rounds import checked

        checked(marker, metafunc.definition.name)
    marker = metafunc.definition.get_closest_marker("leaklint_discover")
    if marker is not None:
        from .testing import growing, rounds

        rounds.checked(marker, metafunc.definition.name, growing.parse)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: Any) -> None:
    """The markers cannot repeat what unittest runs."""
    for name in ("leaklint", "leaklint_discover"):
        if type(item).__name__ == "TestCaseFunction" and item.get_closest_marker(name) is not None:
            text = "cannot run a method of unittest.TestCase in rounds; use leaklint_runtime.assert_collected"
            pytest.fail(f"the marker {name} {text}", pytrace=False)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: Any) -> Iterator[None]:
    """Run a marked test in rounds, whoever calls it: other plugins call asynchronous functions in ways of their own."""
    outcome: Any = yield
    marker = pyfuncitem.get_closest_marker("leaklint")
    if marker is not None and outcome.excinfo is None:
        from .testing.rounds import run

        error = run(pyfuncitem, marker)
        if error is not None:
            outcome.force_exception(error)
    marker = pyfuncitem.get_closest_marker("leaklint_discover")
    if marker is not None and outcome.excinfo is None:
        from .testing import growing

        error = growing.run(pyfuncitem, marker)
        if error is not None:
            outcome.force_exception(error)


@pytest.fixture
def leakcheck(request: Any) -> Iterator[LeakCheck]:
    """Check by hand: ``leakcheck.watch(obj)``, ``leakcheck.no_growth("pkg.mod:CACHE")``, ``.assert_collected(cls)``."""
    from .testing.check import LeakCheck

    check = LeakCheck()
    yield check
    check.finish(request.node)
