"""Compiles templates, the compiled form of which is cached."""

# holder: compiled
# kind: functools.lru_cache
# what: Template

from __future__ import annotations

import functools
import itertools
import string

_mails = itertools.count(1)


@functools.lru_cache(maxsize=None)  # noqa: UP033  # holder here
def compiled(text: str) -> string.Template:  # holder here
    return string.Template(text)


def render(text: str, name: str) -> str:
    return compiled(text).substitute(name=name)  # stores


def work() -> None:
    text = f"Dear $name, this is mail {next(_mails)}."
    assert "Ann" in render(text, "Ann")
    assert "Bob" in render(text, "Bob")
