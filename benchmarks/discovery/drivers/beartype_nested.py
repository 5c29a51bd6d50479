"""A checked function is defined inside another, and called."""

from beartype import beartype


def work():
    @beartype
    def doubled(number: int) -> int:
        return number * 2

    assert doubled(21) == 42
