"""A text that a user wrote defines a role; each calls it otherwise."""

import itertools

from docutils.core import publish_string

NUMBERS = itertools.count()


def work():
    name = f"mark{next(NUMBERS)}"
    assert publish_string(f".. role:: {name}\n\nA :{name}:`word`.\n", writer="html5")
