"""Records what a button's handler was called with."""

# holder: clicks
# kind: closure cell
# what: tuple

from __future__ import annotations

from collections.abc import Callable


def make_handler(button: str) -> Callable[[int, int], str]:
    clicks: list[tuple[int, int]] = []  # holder here

    def handle(x: int, y: int) -> str:
        clicks.append((x + len(clicks), y))  # stores
        return f"{button} at {clicks[-1]}"

    return handle


on_click = make_handler("OK")


def work() -> None:
    on_click(3, 4)
