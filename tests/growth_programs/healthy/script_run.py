"""Runs a user's script."""

# kind: compile and exec

from __future__ import annotations

SCRIPT = """
class Total:
    def __init__(self):
        self.value = 0

    def add(self, number):
        self.value += number
        return self

answer = Total().add(40).add(2).value
"""


def work() -> None:
    names: dict[str, int] = {}
    exec(compile(SCRIPT, "<script>", "exec"), names)
    assert names["answer"] == 42
