"""Serves pages through a middleware that measures."""

# holder: durations
# kind: instance attribute of a WSGI middleware
# what: tuple|dict

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable
from wsgiref.handlers import SimpleHandler
from wsgiref.util import setup_testing_defaults


class Timing:
    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application
        self.durations: list[tuple[dict[str, object], float]] = []  # holder here

    def __call__(self, environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
        started = time.perf_counter()
        answer = self.application(environ, start)
        self.durations.append((environ, time.perf_counter() - started))  # stores
        return answer


def application(environ: dict[str, object], start: Callable[..., object]) -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


timed_application = Timing(application)


def work() -> None:
    environ: dict[str, str] = {}
    setup_testing_defaults(environ)
    handler = SimpleHandler(io.BytesIO(), io.BytesIO(), io.StringIO(), environ)
    handler.run(timed_application)
