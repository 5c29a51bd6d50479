"""Logs the steps of each job to a logger of its own."""

# holder: logging|loggerDict
# kind: loggers
# what: Logger

from __future__ import annotations

import itertools
import logging

_jobs = itertools.count(1)


class Job:
    def __init__(self, number: int) -> None:
        self.log = logging.getLogger(f"jobs.{number}")  # stores

    def run(self) -> None:
        self.log.debug("done")


def work() -> None:
    Job(next(_jobs)).run()
