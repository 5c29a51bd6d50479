"""Call a test's function again: what each further call leaves in a container is a leak, what the first has left a cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from ..discovery.measures import gauge_of, length_of
from ..discovery.model import StoringLine
from . import tracing
from .keepers import keepers

if TYPE_CHECKING:
    from .discover import Discover

REPEATS = 3
_ENDS = (Exception, pytest.skip.Exception, pytest.fail.Exception, pytest.xfail.Exception)


class Repeats:
    """``active`` tells whether a function is being called again; what it showed holds until the next test."""

    def __init__(self) -> None:
        self.active = False
        self._grew: dict[int, tuple[StoringLine, ...]] = {}

    def begin(self) -> None:
        """Forget what the test before has shown."""
        self._grew = {}

    def confirms(self, thing: Any) -> bool:
        """Tell whether a container grew at each further call of this test's function."""
        return id(thing) in self._grew

    def stores(self, thing: Any) -> tuple[StoringLine, ...]:
        """Return the lines at which a container grew in the last call."""
        return self._grew.get(id(thing), ())

    def look(self, item: Any, watch: Discover) -> None:
        """Call the function of a test that has passed and that left instances in a container again."""
        places = {id(thing): thing for thing in watch.young()}
        left = watch.instances.among(list(places.values()))
        if not left:
            return
        known = [suspect.thing for suspect in watch.suspects if suspect.grew]
        things = keepers(left, places)
        things += [thing for thing in known if not any(thing is other for other in things)]
        things = [thing for thing in things if watch.instances.nearest(thing, places)]
        places.clear()
        left.clear()
        if not things:
            return
        self.active = True
        try:
            self._rounds(item, watch, things)
        except _ENDS:
            self._grew = {}  # it cannot be called twice, so nothing is known of it
        finally:
            self.active = False

    def _rounds(self, item: Any, watch: Discover, things: list[Any]) -> None:
        for number in range(REPEATS):
            before = [length_of(thing) for thing in things]
            last = number == REPEATS - 1 and tracing.possible()
            gauges = [gauge_of(thing) for thing in things] if last else []
            tracer = tracing.LimitedTracer(gauges, watch.instances.machinery.owns_module)
            if last:
                watch.fence.move()
                tracer.start()
            try:
                item.ihook.pytest_pyfunc_call(pyfuncitem=item)
            finally:
                tracer.stop()
            watch.young()
            grew = [length_of(thing) > size for thing, size in zip(things, before)]
            stores = tracer.stores() or [()] * len(things)
            self._grew = {id(thing): lines for thing, rose, lines in zip(things, grew, stores) if rose}
            things = [thing for thing, rose in zip(things, grew) if rose]
            del gauges
            if not things:
                return
