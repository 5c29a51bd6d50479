"""Adds the request's number to each log record that the request writes."""

# holder: filters
# kind: logging filters
# what: RequestFilter

from __future__ import annotations

import itertools
import logging

LOG = logging.getLogger("growth.requests")
LOG.addHandler(logging.NullHandler())
LOG.propagate = False
_numbers = itertools.count(1)


class RequestFilter(logging.Filter):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def filter(self, record: logging.LogRecord) -> bool:
        record.request = self.number
        return True


def work() -> None:
    LOG.addFilter(RequestFilter(next(_numbers)))  # stores
    LOG.warning("slow")
