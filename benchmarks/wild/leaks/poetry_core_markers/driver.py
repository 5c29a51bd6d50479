"""The markers of requirements are put together, as a resolver does for each project."""

import itertools

from poetry.core.version.markers import parse_marker

NUMBERS = itertools.count()


def work():
    marker = parse_marker(f'extra == "a{next(NUMBERS)}" and python_version >= "3.8"')
    assert not marker.union(parse_marker('sys_platform == "win32"')).is_empty()
