"""Time zones by their rule: letters make them differ."""

from dateutil import tz


def make(number):
    """Return a time zone that no round before has asked for."""
    letters = "".join(chr(ord("A") + int(digit)) for digit in str(number))
    return tz.tzstr("Z" + letters + "ZT5")
