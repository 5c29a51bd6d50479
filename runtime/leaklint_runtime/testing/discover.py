"""Watch what each test leaves behind, and in which container, without any finding.

After a test's protocol its fixtures are torn down and pytest has let go of its arguments. What the collector then lists as
younger than the test are survivors. Only where instances are among them, the lengths of all containers are compared with
those of before; a container that grew by such instances is a suspect, and looked at after each test from then on.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any, Iterator

import pytest

from ..discovery.measures import gauge_of
from ..early import collect, get_freeze_count, get_objects, process_time
from . import again, tracing
from .fence import LEAST, Fence
from .instances import Instances, class_name, machinery, names, parts, tables
from .keepers import keepers
from .suspects import Crowd, Suspect, reference

#: Of CPU time, which other programs on the machine do not change: seconds that looks for containers may take, the share of
#: the run on top, and the share that tests may take while traced.
CREDIT, SHARE, TRACED = 0.05, 0.05, 0.02
MOST_SUSPECTS, MOST_TRACED, QUICK = 64, 3, 0.5  # the last in seconds
#: looks and traces that are due whatever they cost
RECURS, MOST_FORCED, FIRST_TRACES = 3, 10, 3


class Discover:
    """A pytest plugin; its results are plain data (see ``naming_left``)."""

    def __init__(self, config: Any, repeat: bool) -> None:
        self.config = config
        self.instances = Instances(machinery(config))
        self.repeat = repeat
        self.fence = Fence()
        self.suspects: list[Suspect] = []
        self.crowds: dict[str, Crowd] = {}
        self.wide: list[Any] = []
        self.tests: set[Any] = set()
        self.number = 0
        self.failed = False
        self.begun = process_time()
        self.spent = self.traced = 0.0
        self.forced = self.traces = 0
        self.counts: dict[tuple[str, str], int] = {}
        self.due: list[Suspect] = []
        self.quick: dict[str, float] = {}
        self.repeats = again.Repeats()

    @pytest.hookimpl(hookwrapper=True, trylast=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        """Look before and after, next to the test itself."""
        self._begin(item)
        tracer = self._tracer(item)
        modules, started = len(sys.modules), process_time()
        if tracer is not None:
            tracer.start()
        yield
        if tracer is not None:
            tracer.stop()
        now = process_time()
        file = item.nodeid.partition("::")[0]
        if tracer is None:
            self.quick[file] = now - started
        else:
            self.traced += now - started
        self._end(item, tracer, len(sys.modules) > modules)
        self.spent += process_time() - now

    def _begin(self, item: Any) -> None:
        started = process_time()
        self.tests.add(getattr(item, "module", None))
        self.number += 1
        self.repeats.begin()
        if self.fence.up:
            self._quiet(self.fence.move)
        else:
            self._quiet(self.fence.put_up)
        self.failed = False
        for suspect in self.suspects:
            suspect.begin()
        self.spent += process_time() - started

    def _quiet(self, work: Any, *arguments: Any) -> Any:
        """Do what collects garbage; of what other tests have left open this one is not to blame."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            return work(*arguments)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A test that failed or was skipped, or is to be run again, shows nothing: its frames are still there."""
        if report.outcome != "passed" or hasattr(report, "wasxfail"):
            self.failed = True

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """What a fixture of a wider scope makes is not the test's, nor is what lives inside its value."""
        yield
        if fixturedef.scope != "function":
            value = (fixturedef.cached_result or (None,))[0]
            self.wide += [item for item in [reference(value)] if item is not None]
            self.fence.move()
            for suspect in self.suspects:
                suspect.begin()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem: Any) -> Iterator[None]:
        """With repetitions: call the function of a test again that left something."""
        outcome: Any = yield
        if self.repeat and outcome.excinfo is None and not self.repeats.active and not self.failed:
            self.repeats.look(pyfuncitem, self)

    def young(self, certain: bool = True) -> list[Any]:
        """Return what was made since the fence was moved; garbage is collected before, if ``certain``."""
        if certain:
            self._quiet(collect)
        found = get_objects()
        if len(found) > LEAST and not get_freeze_count():
            self.fence.up = False  # the code under test tore it down
            found.clear()
        return found

    def _end(self, item: Any, tracer: Any, imported: bool) -> None:
        """Say what the test left, unless it shows nothing."""
        self.suspects = [suspect for suspect in self.suspects if not suspect.lonely()]
        if tracer is not None:
            self._take(tracer)
        if self.failed or imported:
            return
        if not self.instances.among(self.young(certain=False)):
            return
        young = self.young()
        left = self.instances.among(young)
        if left:
            places = {id(obj): obj for obj in young}
            del young[:]
            self._note(item.nodeid, left, places)

    def _note(self, test: str, left: list[Any], places: dict[int, Any]) -> None:
        """Find the containers that keep what a test left."""
        kept = [obj for suspect in self.suspects if suspect.grew for obj in self.fill(suspect, test, places)]
        rest = _unexplained(left, kept, places)
        if rest and (self.affordable() or self._recurs(test, rest)):
            for suspect in self.scanned(rest, places):
                self.fill(suspect, test, places)  # that it grows is not known yet, so this explains nothing
        by_name: dict[str, list[Any]] = {}
        for obj in rest:
            by_name.setdefault(class_name(type(obj)), []).append(obj)
        for name, members in by_name.items():
            self.crowds.setdefault(name, Crowd()).note(test, members)

    def fill(self, suspect: Suspect, test: str, places: dict[int, Any]) -> list[Any]:
        """Note and return what a test left in a suspect."""
        kept = self.instances.nearest(suspect.container, places)
        if kept and (not self.repeat or self.repeats.confirms(suspect.container)):
            suspect.note(test, self.number, kept, again=self.repeat)
            suspect.stores = suspect.stores or self.repeats.stores(suspect.container)
        return kept

    def affordable(self) -> bool:
        """Tell whether a look for containers is within what the run may cost."""
        return self.repeat or self.spent < self._allowed()

    def _recurs(self, test: str, objects: list[Any]) -> bool:
        """Tell whether a look is due whatever it costs: so many tests, or cases of one test, left a class."""
        due = False
        for name in names(objects):
            for place in ((name, ""), (name, test.partition("[")[0])):
                self.counts[place] = self.counts.get(place, 0) + 1
                due = due or self.counts[place] == RECURS
        self.forced += due
        return due and self.forced <= MOST_FORCED

    def _allowed(self) -> float:
        return CREDIT + SHARE * (process_time() - self.begun - self.spent - self.traced)

    def scanned(self, left: list[Any], places: dict[int, Any]) -> list[Suspect]:
        """Return new suspects: containers of before that keep what is left."""
        known = {id(suspect.container) for suspect in self.suspects}
        known.update(id(table) for suspect in self.suspects for table in tables(suspect.container))
        owns, nearest = self.instances.machinery.owns, self.instances.nearest
        fresh = [obj for obj in keepers(left, places) if id(obj) not in known and not owns(obj)]
        found = [Suspect(obj) for obj in fresh if nearest(obj, places)]
        if len(self.suspects) + len(found) > MOST_SUSPECTS:
            self.suspects = [suspect for suspect in self.suspects if suspect.rose]
        found = found[: MOST_SUSPECTS - len(self.suspects)]
        self.suspects += found
        return found

    def _tracer(self, item: Any) -> Any:
        """Return a tracer if this test is likely to fill a suspect whose line is not known, and was quick before."""
        file = item.nodeid.partition("::")[0]
        due = [
            suspect
            for suspect in self.suspects
            if file in suspect.files and not suspect.stores and suspect.traced < MOST_TRACED and suspect.recurs()
        ]
        if not due or self.quick.get(file, QUICK) >= QUICK or not tracing.possible():
            return None
        if self.traces >= FIRST_TRACES and self.traced > TRACED * (process_time() - self.begun):
            return None
        self.traces += 1
        for suspect in due:
            suspect.traced += 1
        self.due = due
        return tracing.LimitedTracer(
            [gauge_of(suspect.container) for suspect in due], self.instances.machinery.owns_module
        )

    def _take(self, tracer: Any) -> None:
        for suspect, stores in zip(self.due, tracer.stores()):
            suspect.stores = suspect.stores or stores
        self.due = []

    def results(self, worker: bool) -> list[Any]:
        """End the watch and return what it showed, as records of ``naming_left``."""
        self.fence.take_down()
        if not self.suspects and not self.crowds:
            return []
        self._quiet(collect)
        # imported here because it loads what few runs need
        from . import naming_left

        found = naming_left.records(self, worker)
        self.suspects, self.crowds = [], {}
        return found


def _unexplained(left: list[Any], kept: list[Any], places: dict[int, Any]) -> list[Any]:
    """Return what is neither among the objects that were kept nor part of one of them."""
    explained = {id(obj) for obj in kept}
    rest = [obj for obj in left if id(obj) not in explained]
    if rest and kept:
        explained = parts(kept, places)
        rest = [obj for obj in rest if id(obj) not in explained]
    return rest
