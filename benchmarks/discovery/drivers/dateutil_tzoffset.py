"""A time with a named offset is made."""

import datetime
import itertools

from dateutil import tz

_numbers = itertools.count()


def work():
    number = next(_numbers)
    zone = tz.tzoffset(f"site-{number}", number % 1000)
    assert datetime.datetime(2020, 1, 1, tzinfo=zone).isoformat()
