"""What the fixture ``leakcheck`` gives to a test."""

from __future__ import annotations

from typing import Any

import pytest

from .. import asserts, paths
from ..early import collect, ref
from ..labels import node


class LeakCheck:
    """Checks that a test makes by hand. It keeps weak references and names alone."""

    def __init__(self) -> None:
        self._watched: list[tuple[str, Any]] = []

    def watch(self, subject: Any) -> None:
        """Demand that ``subject`` is dead when the test and its fixtures are done, after a collection.

        Raises ``TypeError`` if it takes no weak reference.
        """
        self._watched.append((f"{type(subject).__module__}.{node(subject)}", ref(subject)))

    def no_growth(self, container: str, allow: int = 0) -> asserts.Growth:
        """Return a context manager: ``pkg.mod:CACHE`` must not gain more than ``allow`` entries inside of it.

        Entries are counted after a collection, those of inner containers as well. Raises ``ValueError`` if there is no
        such container.
        """
        return asserts.Growth(container, allow)

    def assert_collected(self, kind: type, allow: int = 0) -> None:
        """Demand that at most ``allow`` instances of a class are alive after a full collection."""
        __tracebackhide__ = True
        asserts.assert_collected(kind, allow)

    def finish(self, item: Any) -> None:
        """Fail the test if a watched object is alive and no fixture of the test still has it."""
        if not self._watched:
            return
        values = _fixtures_in_use(item)
        collect()
        left = [
            (name, subject)
            for name, subject in [(name, known()) for name, known in self._watched]
            if subject is not None
        ]
        alive = [subject for _, subject in left]
        _, reached = paths.forward(values, {id(subject) for subject in alive}) if values and alive else ({}, {})
        lines: list[str] = []
        names: list[str] = []
        for name, subject in left:
            if id(subject) not in reached:
                names.append(name)
                lines += asserts.why(subject, [alive, left, *left]) if not lines else []
        del alive, left, reached, values
        if names:
            item.add_report_section("teardown", "leaklint", "\n".join(lines))
            pytest.fail("\n".join([f"still alive after the test: {', '.join(names)}", *lines]), pytrace=False)


def _fixtures_in_use(item: Any) -> list[Any]:
    """Take the arguments from the test, which is over, and return the values of fixtures that are not torn down yet."""
    arguments = getattr(item, "funcargs", None)
    if isinstance(arguments, dict):
        arguments.clear()
    known = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    results = [definition.cached_result for found in known.values() for definition in found]
    return [result[0] for result in results if result is not None and result[0] is not None]
