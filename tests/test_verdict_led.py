"""Objects on the path of a finding, and what their methods take: set up as the program does it, seen through decorators."""

from __future__ import annotations

import pytest
from programs_proven import proven

from leaklint.model import Verdict

# A query whose method is decorated by ``builder``, and how a copy of it is made.
QUERY = """\
        class Field:
            pass
        class Query:
            def __init__(self):
                self.updates = []
            @builder
            def change(self, field: Field, value: int):
                self.updates.append((field, value))
        QUERY = Query()
        def change(field: Field, value: int):
            return QUERY.change(field, value)
        """
COPIED = """\
            def __copy__(self):
                made = type(self).__new__(type(self))
                made.__dict__.update(self.__dict__)
                made.updates = list(self.updates)
                return made
"""
PROGRAMS = {
    "set_up_by_a_method": """
        class Entry:
            pass
        class Book:
            def __init__(self, ready):
                if ready is not True:
                    raise ValueError(ready)
                self.entries = {}
            def note(self, key: str) -> Entry:
                if key not in self.entries:
                    self.entries[key] = Entry()
                return self.entries[key]
        class Session:
            def __init__(self):
                self.book = None
            def load(self, colour=None):
                self.book = Book(True)
        SESSION = Session()
        def note(key: str):
            return SESSION.book.note(key)
        """,
    "builder_of_copies": """
        import copy
        def builder(function):
            def call(self, *args, **kwargs):
                made = copy.copy(self) if getattr(self, "immutable", True) else self
                result = function(made, *args, **kwargs)
                return made if result is None else result
            return call
"""
    + QUERY.replace("            @builder", f"{COPIED}            @builder"),
    "builder_in_place": """
        def builder(function):
            def call(self, *args, **kwargs):
                function(self, *args, **kwargs)
                return self
            return call
"""
    + QUERY,
    "filter_of_a_logger": """
        import logging
        class Quiet(logging.Filter):
            pass
        class Bot:
            def __init__(self):
                logging.getLogger("bot.http").addFilter(Quiet())
        """,
    "memo_with_a_bound": """
        import functools
        @functools.lru_cache(maxsize=64)
        def suggest(command, env):
            # Suggest a command like another one.
            if env.get("LIMIT") is not command:
                raise LookupError(command)
            return command.lower()
        """,
    "package_that_is_missing": """
        import no_such_package.client as wire
        _made = []
        class Client(wire.Base):
            pass
        class Session:
            def __init__(self, name: str):
                self.link = wire.connect(name, wire.FAST)
                _made.append(self)
        """,
    "missing_package_decides": """
        _made = []
        class Session:
            def __init__(self, name: str):
                from no_such_package import ready
                if ready(name):
                    _made.append(self)
        """,
    "missing_package_is_kept": """
        from no_such_package import Base
        _made = []
        class Session(Base):
            def __init__(self, name: str):
                _made.append(self)
        """,
    "missing_package_may_keep": """
        import sys
        import no_such_package
        _made = []
        class Session:
            def __init__(self, name: str):
                no_such_package.register(self)
                _made.append(self)
                if len(sys.argv) < 1000:
                    _made.clear()
        """,
    "call_of_what_is_decorated": """
        import functools
        _results = {}
        class Result:
            pass
        def stored(size=1):
            def decorate(function):
                @functools.wraps(function)
                def call(*args):
                    if args not in _results:
                        _results[args] = Result()
                    return _results[args]
                return call
            return decorate
        """,
    "optional_that_must_be_given": """
        from typing import Optional
        _nodes = []
        class Root:
            pass
        class Node:
            def __init__(self, name: str, root: Optional[Root] = None):
                assert root is not None
                self.root = root
                _nodes.append(self)
        """,
    "last_type_of_several": """
        from typing import Union
        _terms = []
        class Term:
            pass
        def order_by(*fields: Union[str, Term]) -> None:
            for field in fields:
                if isinstance(field, Term):
                    _terms.append(field)
        """,
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Return the verdict on each program."""
    return proven(tmp_path_factory.mktemp("led"), PROGRAMS)


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_what_the_finding_leads_to_is_tried(verdicts: dict[str, Verdict], program: str) -> None:
    others = {"builder_of_copies": "refuted", "memo_with_a_bound": "bounded"}
    expected = "unreached" if program.startswith("missing_package") else others.get(program, "confirmed")
    assert verdicts[program].status == expected, verdicts[program]


def test_what_no_call_fills_keeps_its_bound(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["memo_with_a_bound"].reason == "suggest keeps at most 64 entries"


def test_a_verdict_says_which_package_is_missing(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["package_that_is_missing"].made_by.endswith(", with a stand-in for no_such_package")
    lacking = "No module named 'no_such_package', and what stands in for it"
    assert verdicts["missing_package_decides"].reason == f"{lacking} decides what runs"
    assert verdicts["missing_package_is_kept"].reason == f"{lacking} decides what runs"
    assert verdicts["missing_package_may_keep"].reason == f"{lacking} keeps nothing"
