"""Findings that look alike and are apart: two registrations of one function, the part and the whole, the one and the many."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import Verdict
from leaklint.proof import VerifyOptions, verify

INSTANCE = """
    import os
    class _Desk:
        _one = None
        def __init__(self):
            os.register_at_fork(after_in_child=self.reset)
        @classmethod
        def shared(cls):
            MADE
        def reset(self):
            pass
    def use():
        return _Desk.shared()
    """
ACCESSOR = """
    import os
    _desk = None
    _desks = {}
    class _Desk:
        def __init__(self):
            os.register_at_fork(after_in_child=self.reset)
        def reset(self):
            pass
    def shared(name="x"):
        global _desk
        MADE
    """
ONE = "the program makes one _Desk, by an accessor"
MEMO = """
    from functools import lru_cache
    class Shape:
        shapes = []
        def __init__(self, sides=3):
            self.sides = sides
            KEPT
    @lru_cache(maxsize=16)
    def corners(shape: Shape):
        return shape.sides
    """
TEXT = """
    _seen = []
    def see(topic, more=1):
        # type: (COMMENT) -> None
        if topic not in _seen:
            _seen.append(topic)
    """


def _verdicts(folder: Path, text: str) -> dict[tuple[str, int], Verdict]:
    """Check and prove a program; return the verdicts by code and line."""
    (folder / "app.py").write_text(textwrap.dedent(text).lstrip())
    found = verify(check([str(folder)], Settings(confidence="low")).findings, VerifyOptions(timeout=60))
    return {(one.code, one.line): one.verdict for one in found if one.verdict is not None}


def test_two_registrations_of_one_function_have_a_verdict_each(tmp_path: Path) -> None:
    found = _verdicts(
        tmp_path,
        """
        import atexit
        class Line:
            def close(self):
                pass
        class Box:
            def __init__(self, user="me", line=None):
                if line is None:
                    self.line = Line()
                    atexit.register(self.line.close)
                    return
                self.line = line
                atexit.register(self.leave)
            def leave(self):
                pass
        class Never:
            def __init__(self):
                self.line = Line()
                atexit.register(self.line.close)
                if self.line is None:
                    atexit.register(self.leave)
            def leave(self):
                pass
        """,
    )
    assert {key: verdict.status for key, verdict in found.items()} == {
        ("LK401", 9): "confirmed",  # the line stays, not the box that makes it
        ("LK401", 12): "confirmed",
        ("LK401", 18): "confirmed",
        ("LK401", 20): "unreached",
    }


@pytest.mark.parametrize(
    "made",
    [
        "if cls._one is None:\n                cls._one = cls()\n            return cls._one",
        """if cls._one is not None:
                return cls._one
            made = cls()
            cls._one = made
            return made""",
    ],
)
def test_the_one_object_that_a_class_method_makes_is_no_series(tmp_path: Path, made: str) -> None:
    found = _verdicts(tmp_path, INSTANCE.replace("MADE", made))
    assert [(one.status, ONE in one.reason) for one in found.values()] == [("bounded", True)]
    many = "cls._one = cls()\n            return cls._one"
    assert [one.status for one in _verdicts(tmp_path, INSTANCE.replace("MADE", many)).values()] == ["confirmed"]


@pytest.mark.parametrize(
    ("made", "status"),
    [
        ("if _desk:\n            return _desk\n        _desk = _Desk()\n        return _desk", "bounded"),
        ("if _desk is None:\n            made = _Desk()\n            _desk = made\n        return _desk", "bounded"),
        ("if 'a' not in _desks:\n            _desks['a'] = _Desk()\n        return _desks['a']", "bounded"),
        (
            "try:\n            return _desks['a']\n        except KeyError:\n            _desks['a'] = _Desk()",
            "bounded",
        ),
        ("if name not in _desks:\n            _desks[name] = _Desk()\n        return _desks[name]", "confirmed"),
        ("desk = _Desk()\n        return desk", "confirmed"),
    ],
)
def test_an_accessor_makes_one_object_where_it_asks_for_it_first(tmp_path: Path, made: str, status: str) -> None:
    found = _verdicts(tmp_path, ACCESSOR.replace("MADE", made))
    assert [one.status for (code, _), one in found.items() if code == "LK401"] == [status], found


def test_what_a_bounded_memo_was_called_with_may_stay_elsewhere(tmp_path: Path) -> None:
    found = _verdicts(tmp_path, MEMO.replace("KEPT", "Shape.shapes.append(self)"))
    (memo,) = [one for (code, _), one in found.items() if code == "LK204"]
    assert memo.status == "refuted" and "Shape.shapes keeps it: the Shape that is passed" in memo.reason
    (memo,) = _verdicts(tmp_path, MEMO.replace("KEPT", "pass")).values()
    assert (memo.status, memo.reason) == ("bounded", "corners keeps at most 16 entries")


@pytest.mark.parametrize(("comment", "status"), [("str, int", "bounded"), ("Topic, int", "confirmed")])
def test_a_type_comment_says_what_a_parameter_is(tmp_path: Path, comment: str, status: str) -> None:
    text = TEXT.replace("COMMENT", comment) + "\n    class Topic:\n        pass\n"
    assert [one.status for one in _verdicts(tmp_path, text).values()] == [status]
