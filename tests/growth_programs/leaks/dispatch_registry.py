"""Formats values by their type, for which each plug-in brings types and formatters."""

# holder: describe
# alone: yes
# kind: functools.singledispatch registry
# what: type|function

from __future__ import annotations

import functools


@functools.singledispatch  # holder here
def describe(value: object) -> str:  # holder here
    return "something"


def load_plugin(unit: str) -> type:
    quantity = type("Quantity", (), {"unit": unit})

    @describe.register(quantity)  # stores
    def _describe(value: object) -> str:
        return f"{unit} of {type(value).__name__}"

    return quantity


def work() -> None:
    assert describe(load_plugin("kg")()) == "kg of Quantity"
