"""Traces a client's method while a request runs."""

# holder: HttpClient\.send
# alone: yes
# kind: method wrapped again and again
# what: function

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable


class HttpClient:
    def send(self, text: str) -> int:  # holder here
        return len(text)


_requests = itertools.count(1)


def traced(function: Callable[[HttpClient, str], int], request: int) -> Callable[[HttpClient, str], int]:
    @functools.wraps(function)
    def call(client: HttpClient, text: str) -> int:
        return function(client, text)

    call.request = request
    return call


def work() -> None:
    HttpClient.send = traced(HttpClient.send, next(_requests))  # stores
    assert HttpClient().send("hello") == 5
