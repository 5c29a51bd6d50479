"""A time zone is read from a POSIX string."""

import datetime
import itertools
import string

from dateutil import tz

_names = ("".join(letters) for letters in itertools.product(string.ascii_uppercase, repeat=4))


def work():
    zone = tz.tzstr(f"{next(_names)}5")
    assert datetime.datetime(2020, 1, 1, tzinfo=zone).isoformat()
