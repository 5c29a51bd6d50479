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

    def confirms(self, container: Any) -> bool:
        """Tell whether a container grew at each further call of this test's function."""
        return id(container) in self._grew

    def stores(self, container: Any) -> tuple[StoringLine, ...]:
        """Return the lines at which a container grew in the last call."""
        return self._grew.get(id(container), ())

    def look(self, item: Any, watch: Discover) -> None:
        """Call the function of a test that has passed and that left instances in a container again."""
        places = {id(obj): obj for obj in watch.young()}
        left = watch.instances.among(list(places.values()))
        if not left:
            return
        known = [suspect.container for suspect in watch.suspects if suspect.grew]
        objects = keepers(left, places)
        objects += [obj for obj in known if not any(obj is other for other in objects)]
        objects = [obj for obj in objects if watch.instances.nearest(obj, places)]
        places.clear()
        left.clear()
        if not objects:
            return
        self.active = True
        try:
            self._rounds(item, watch, objects)
        except _ENDS:
            self._grew = {}  # it cannot be called twice, so nothing is known of it
        finally:
            self.active = False

    def _rounds(self, item: Any, watch: Discover, containers: list[Any]) -> None:
        for number in range(REPEATS):
            before = [length_of(obj) for obj in containers]
            last = number == REPEATS - 1 and tracing.possible()
            gauges = [gauge_of(obj) for obj in containers] if last else []
            tracer = tracing.LimitedTracer(gauges, watch.instances.machinery.owns_module)
            if last:
                watch.fence.move()
                tracer.start()
            try:
                item.ihook.pytest_pyfunc_call(pyfuncitem=item)
            finally:
                tracer.stop()
            watch.young()
            grew = [length_of(obj) > size for obj, size in zip(containers, before)]
            stores = tracer.stores() or [()] * len(containers)
            self._grew = {id(obj): lines for obj, rose, lines in zip(containers, grew, stores) if rose}
            containers = [obj for obj, rose in zip(containers, grew) if rose]
            del gauges
            if not containers:
                return
