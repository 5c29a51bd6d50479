"""Extends a list of routes by each route that is mounted."""

# holder: ROUTES
# kind: list, rebuilt
# what: Route

from __future__ import annotations

import itertools


class Route:
    def __init__(self, path: str) -> None:
        self.path = path
        self.methods = {"GET"}


ROUTES: list[Route] = []  # holder here
_paths = itertools.count()


def mount(path: str) -> None:
    global ROUTES
    ROUTES = [*ROUTES, Route(path)]  # stores


def work() -> None:
    mount(f"/item/{next(_paths)}")
