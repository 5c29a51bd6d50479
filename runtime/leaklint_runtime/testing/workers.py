"""What crosses between the processes of pytest-xdist."""

from __future__ import annotations

from typing import Any, Callable

import pytest


class Worker:
    """In a worker of pytest-xdist: hand over under ``key`` what was seen."""

    def __init__(self, key: str, results: Callable[[], Any]) -> None:
        self.key, self.results = key, results

    def pytest_sessionfinish(self, session: Any) -> None:
        """Send plain data to the controlling process."""
        session.config.workeroutput[self.key] = self.results()


class Controller:
    """In the process that the user started: take what each worker hands over; those that died without are ``lost``."""

    def __init__(self, key: str, take: Callable[[Any], None]) -> None:
        self._key, self._take_output = key, take
        self.lost: list[str] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of pytest-xdist has seen."""
        output = getattr(node, "workeroutput", None)
        if output is None or self._key not in output:
            self.lost.append(node.gateway.id)
        else:
            self._take_output(output[self._key])
