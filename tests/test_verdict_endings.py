"""What is kept only by another course of things: a with block that ends in an error, a second call, a callback that raises."""

from __future__ import annotations

import pytest
from programs_proven import proven

from leaklint.model import Verdict

PROGRAMS = {
    "left_by_an_error": """
        from contextlib import contextmanager
        _open = []
        class Span:
            pass
        @contextmanager
        def span():
            made = Span()
            _open.append(made)
            yield made
            _open.remove(made)
        """,
    "left_by_an_error_and_waited_for": """
        from contextlib import asynccontextmanager
        _open = {}
        class Span:
            pass
        @asynccontextmanager
        async def span():
            made = Span()
            _open[id(made)] = made
            yield made
            del _open[id(made)]
        """,
    "taken_back_on_every_error": """
        from contextlib import contextmanager
        _open = []
        class Span:
            pass
        @contextmanager
        def span():
            made = Span()
            _open.append(made)
            try:
                yield made
            except BaseException:
                _forget(made)
                raise
            _forget(made)
        def _forget(made):
            while made in _open:
                _open.pop(_open.index(made))
        """,
    "generator_that_is_closed": """
        _open = []
        class Page:
            pass
        def pages():
            made = Page()
            _open.append(made)
            yield made
            _open.remove(made)
        """,
    "error_of_the_block_is_kept": """
        from contextlib import contextmanager
        _errors = []
        @contextmanager
        def guarded():
            try:
                yield
            except Exception as error:
                _errors.append(error)
        """,
    "second_reading": """
        class remembered:
            def __init__(self, function):
                self.function, self.values = function, {}
            def __get__(self, instance, owner):
                if instance is None:
                    return self
                if instance in self.values:
                    return self.values[instance]
                value = self.function(instance)
                if getattr(instance, "read", False):
                    self.values[instance] = value
                instance.read = True
                return value
        class Line:
            @remembered
            def length(self):
                return 1.0
        """,
    "second_start": """
        _again = []
        class Motor:
            def __init__(self):
                self.runs = 0
            def start(self):
                self.runs += 1
                if self.runs > 1:
                    _again.append(self)
        """,
    "second_start_of_one": """
        _last = {}
        class Motor:
            def __init__(self):
                self.runs = 0
            def start(self):
                self.runs += 1
                if self.runs > 1:
                    _last[self.slot()] = self
            def slot(self):
                return len(str(self.runs))
        """,
    "decorator_with_an_option": """
        _known = []
        def on(event=None):
            def decorator(function):
                _known.append((event, function))
                return function
            return decorator
        """,
    "decorator_of_classes": """
        import inspect
        _known = {}
        class Registry:
            def entry(self, name):
                def decorator(kind):
                    if not inspect.isclass(kind):
                        raise TypeError(kind)
                    _known[kind] = name
                    return kind
                return decorator
        """,
    "decorator_that_keeps_the_last": """
        _last = {}
        def on(event=None):
            def decorator(function):
                _last[_place(event)] = function
                return function
            return decorator
        def _place(event):
            return len(str(type(event)))
        """,
    "only_a_subclass_does": """
        _known = []
        class Step:
            hooks = ()
            def __init__(self):
                for hook in self.hooks:
                    _known.append((self, hook))
        class Build(Step):
            hooks = ("before",)
        """,
    "callback_that_raises": """
        _failed = []
        class Job:
            def __init__(self, name, action):
                if not callable(action):
                    raise TypeError("no action")
                self.name, self.action = name, action
            def run(self):
                try:
                    return self.action(self.name)
                except Exception as error:
                    _failed.append(error)
        """,
    "callback_that_raises_what_is_caught": """
        _failed = []
        class Busy(Exception):
            pass
        def ask(handler):
            try:
                return handler()
            except Busy as error:
                _failed.append(error)
        """,
    "method_of_an_argument_raises": """
        _failed = []
        class Runner:
            def work(self, task):
                self._work(task)
            def _work(self, task):
                try:
                    task.prepare().run(1)
                except (OSError, LookupError) as error:
                    _failed.append(error)
        """,
    "one_of_each_error_is_kept": """
        _failed = {}
        def ask(handler):
            try:
                return handler()
            except Exception as error:
                _failed[_size(error)] = error
        def _size(error):
            return len(str(error))
        """,
    "handler_calls_what_keeps_it": """
        _failed = []
        def ask(handler):
            try:
                return handler()
            except TimeoutError as error:
                _note(error)
        def _note(error):
            _failed.append(error)
        """,
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Return the verdict on each program."""
    return proven(tmp_path_factory.mktemp("endings"), PROGRAMS)


@pytest.mark.parametrize(
    ("program", "status", "told"),
    [
        ("left_by_an_error", "confirmed", "ends in an error"),
        ("left_by_an_error_and_waited_for", "confirmed", "ends in an error"),
        ("generator_that_is_closed", "confirmed", "is closed early"),
        ("error_of_the_block_is_kept", "confirmed", ""),
        ("second_reading", "confirmed", "alive after"),
        ("second_start", "confirmed", "alive after"),
        ("second_start_of_one", "bounded", ""),
        ("decorator_with_an_option", "confirmed", ""),
        ("decorator_of_classes", "confirmed", ""),
        ("decorator_that_keeps_the_last", "refuted", "does not grow"),
        ("only_a_subclass_does", "confirmed", "alive after"),
        ("callback_that_raises", "confirmed", "grows"),
        ("callback_that_raises_what_is_caught", "confirmed", "grows"),
        ("method_of_an_argument_raises", "confirmed", "grows"),
        ("handler_calls_what_keeps_it", "confirmed", "grows"),
        ("one_of_each_error_is_kept", "refuted", "does not grow"),
    ],
)
def test_a_course_of_things(verdicts: dict[str, Verdict], program: str, status: str, told: str) -> None:
    found = verdicts[program]
    assert (found.status, told in found.reason) == (status, True), found


def test_what_is_taken_back_on_errors_is_not_confirmed(verdicts: dict[str, Verdict]) -> None:
    found = verdicts.get("taken_back_on_every_error")
    assert found is None or found.status == "refuted", found
