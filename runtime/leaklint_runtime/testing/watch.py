"""Watch the flagged holders while the tests run.

A test's objects must be gone from them when its protocol is over: then its fixtures are torn down and pytest has let go
of its arguments. Nothing of the program is kept here but its modules, classes and containers; objects are known by weak
references.
"""

from __future__ import annotations

from typing import Any, Iterator

import pytest

from .. import promises
from ..early import collect, ref
from ..paths import within
from . import record
from .fence import Fence
from .findings import Flagged
from .meters import Meters
from .record import Record
from .targets import Target, arm_loaded

SAMPLE = 64
EAGER = 8
CROWD = 20_000


class TargetHistory:
    """What the tests showed about one target so far. ``left`` are weak references to what stayed."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.record = record.empty("no test filled the holder")
        self.record["holder"] = target.label
        self.left: list[Any] = []
        self.first = target.size() or 0
        self.suspected = 0

    def due(self) -> bool:
        """Tell whether the next test that fills the holder is looked at: often enough confirmed, ever fewer are."""
        reached = self.record["reached"]
        return len(self.record["left"]) < record.TRACES or not (reached + 1) & reached

    def worth(self) -> bool:
        """Tell whether to look into one more suspicion: the first few, then ever fewer of them."""
        self.suspected += 1
        worth = self.suspected <= EAGER or not self.suspected & (self.suspected - 1)
        self.record["skipped"] += not worth
        return worth

    def grew(self) -> None:
        """Note how large the holder is after a test that left no object of its own."""
        size = self.target.size()
        if size is not None and not self.target.weak:
            self.record["points"].append([self.record["reached"], size])

    def note(self, test: str, left: list[Any], held: Any) -> None:
        """Note who keeps what a test has left."""
        if held is not None and not held.objects:
            self.record["elsewhere"] = self.record["elsewhere"] or held.owner
        elif held is not None:
            self.record["left"].append({"test": test, "count": len(held.objects)})
            self.record["facts"] = self.record["facts"] or held.facts
            self.left += [_reference(obj, keep=False) for obj in held.objects]

    def again(self, test: str, suspects: list[Any]) -> None:
        """Note another test of a finding that was explained before: what it left must be in the holder itself."""
        left = [obj for obj in [reference() for reference in suspects] if obj is not None]
        holder = self.target.holder
        reach = within(holder, left[:SAMPLE]) if holder is not None and holder.readable else []
        objects = [chain[-1] for chain in reach]
        if objects:
            self.record["left"].append({"test": test, "count": len(objects)})
            self.left += [_reference(obj, keep=False) for obj in objects]

    def result(self) -> Record:
        """Return the record as it is at the end of the run."""
        alive = sum([reference() is not None for reference in self.left])
        holder = self.target.holder
        bound = (holder.bound() or promises.farthest(holder)) if holder is not None else 0
        self.record.update(alive=alive, gone=len(self.left) - alive, bound=bound)
        self.record["rest"] = max(0, (self.target.size() or 0) - self.first)
        if self.record["points"] and not self.record["left"]:
            from ..evidence import holder_path

            path = holder_path(holder)
            self.record["growth"] = {name: list(v) if isinstance(v, tuple) else v for name, v in path.items()}
        return self.record


class Watch:
    """A pytest plugin; its results are plain data (see ``record``), by fingerprint."""

    def __init__(self, findings: list[Flagged]) -> None:
        self.why: dict[str, str] = {}
        self.pending = list(findings)
        self.seen: list[TargetHistory] = []
        self.fence = Fence()
        self.meters = Meters()
        self.failed = False
        self.stale = False
        self.wide: dict[int, Any] = {}

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: Any) -> Iterator[None]:
        """Look at the holders before and after."""
        self._arm()
        if self.seen and not self.fence.up:
            self.fence.put_up()
        elif self.stale and any(seen.due() for seen in self.seen):
            self.fence.move(len(self.fence.young()))
        self.failed = self.stale = False
        for seen in self.seen:
            seen.target.reset()
        yield
        touched = [seen for seen in self.seen if seen.target.touched()]
        if touched and self.failed:
            self._pass_over(touched)
        elif touched:
            self._look(item, touched)
        for seen in self.seen:
            seen.record["used"] += seen.target.used and not self.failed
        for seen in touched:
            seen.target.begin()

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A test that failed or was skipped, or is to be run again, shows nothing: its frames are still there."""
        if report.outcome != "passed" or hasattr(report, "wasxfail"):
            self.failed = True

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """What a fixture of a wider scope makes is not the test's."""
        yield
        if fixturedef.scope == "function":
            return
        self.wide[id(fixturedef)] = fixturedef
        touched = [seen for seen in self.seen if seen.target.touched()]
        if touched:
            self._pass_over(touched)
            for seen in touched:
                seen.target.begin()

    def pytest_fixture_post_finalizer(self, fixturedef: Any) -> None:
        """Forget a fixture that is torn down."""
        self.wide.pop(id(fixturedef), None)

    def _pass_over(self, touched: list[TargetHistory]) -> None:
        """Leave what was made until now behind the fence."""
        self.fence.move(len(self.fence.young()))

    def _arm(self) -> None:
        """Start to watch the findings whose modules have been loaded."""
        targets, refused, self.pending = arm_loaded(self.pending)
        self.why.update((finding.fingerprint, why) for finding, why in refused)
        for target in targets:
            target.meter(self.meters)
            target.begin()
            self.seen.append(TargetHistory(target))

    def _look(self, item: Any, touched: list[TargetHistory]) -> None:
        """Say of each holder that the test filled whether it still has something of the test's."""
        wanted = [seen for seen in touched if seen.due()]
        for seen in touched:
            seen.record["reached"] += 1
            seen.record["skipped"] += not any(seen is other for other in wanted) and seen.target.grown() > 0
        if not wanted:
            self.stale = True
            return
        young = self.fence.young(collected=False)
        if any(_suspects(wanted, young)):
            # much of it may be garbage
            young = self.fence.young()
        if not self.fence.up:
            self.fence.put_up()
            return
        cases = [(seen, suspects) for seen, suspects in zip(wanted, _suspects(wanted, young)) if suspects]
        count = len(young)
        del young
        for seen in wanted:
            if not any(seen is other for other, _ in cases):
                seen.grew()
        for seen, suspects in cases:
            if seen.record["left"]:
                seen.again(item.nodeid, suspects)
        fresh = [case for case in cases if not case[0].record["left"] and case[0].worth()]
        if fresh:
            self._settle(item, fresh)
        elif cases or count > CROWD:
            self.fence.move(len(self.fence.young()))

    def _settle(self, item: Any, cases: list[tuple[TargetHistory, list[Any]]]) -> None:
        """Collect everything, look again, and find out who keeps what is still there."""
        # imported here because few runs have something to explain
        from .trace import explain

        self.fence.take_down()
        collect()
        walls = [wall for seen in self.seen for wall in seen.target.walls()]
        owners = [value for fixture in self.wide.values() for value in (fixture.cached_result or ())[:1]]
        owners.append(getattr(getattr(item, "obj", None), "__self__", None))
        for seen, references in cases:
            left = [obj for obj in [reference() for reference in references] if obj is not None]
            if left:
                seen.note(item.nodeid, left, explain(seen.target, left[:SAMPLE], owners, walls))
            del left[:]
        del walls[:], owners[:]
        # references to what takes no weak ones are strong
        del cases[:]
        self.fence.put_up(collected=True)

    def results(self) -> dict[str, Record]:
        """End the watch and return what it showed: records by fingerprint."""
        self._arm()
        self.meters.remove()
        self.fence.take_down()
        collect()
        found = {finding.fingerprint: record.empty(f"{record.NEVER} {_module(finding)}") for finding in self.pending}
        found.update({mark: record.empty(why) for mark, why in self.why.items()})
        found.update({seen.target.finding.fingerprint: seen.result() for seen in self.seen})
        self.seen, self.pending = [], []
        self.wide.clear()
        return found


def _module(finding: Flagged) -> str:
    return finding.probe.module if finding.probe is not None else "its module"


def _suspects(touched: list[TargetHistory], young: list[Any]) -> list[list[Any]]:
    """Return for each target references to young objects that it may keep."""
    kinds = {type(obj) for obj in young}
    fitting = [[kind for kind in kinds if seen.target.fits(kind)] for seen in touched]
    places = dict(zip(map(id, young), young)) if any(seen.target.grown() > 0 for seen in touched) else {}
    found = []
    for seen, wanted in zip(touched, fitting):
        objects = seen.target.entries(places) if places else []
        known = {id(obj) for obj in objects}
        if wanted:
            objects += [obj for obj in young if type(obj) in wanted and id(obj) not in known]
        found.append([_reference(obj, keep=True) for obj in objects])
        del objects
    return found


def _reference(obj: Any, keep: bool) -> Any:
    """Return what gives the object as long as it lives. One that takes no weak reference is kept, or told by ``True``."""
    try:
        return ref(obj)
    except TypeError:
        held = obj if keep else True
        return lambda: held
