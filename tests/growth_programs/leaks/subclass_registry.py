"""Makes a form class for each table that is edited, and lists all forms in a registry."""

# holder: forms
# kind: class attribute filled by __init_subclass__
# what: type

from __future__ import annotations

import itertools


class Form:
    forms: list[type] = []  # holder here
    table = ""

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        cls.forms.append(cls)  # stores


_numbers = itertools.count()


def form_of(table: str) -> type:
    return type("TableForm", (Form,), {"table": table})


def work() -> None:
    form_of(f"table_{next(_numbers)}")()
