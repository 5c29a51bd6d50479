"""Clean-ups at the end of an object: what ``__del__`` does anyway, and finalizers that are called by hand as well."""

from __future__ import annotations

import subprocess
import sys

import pytest
from repairing import call_in, lines, program_of, repaired

from leaklint.model import Fix
from leaklint.repairs import registry

CLOSED = lines("""
    import atexit

    class A:
        def __init__(self, name):
            self.name = name
            self.lines = []
            atexit.register(self.close)

        def add(self, line):
            self.lines.append(line)

        def close(self):
            if self.lines is not None:
                print(self.name, *self.lines, flush=True)
            self.lines = None

        def __del__(self):
            END

    kept, lost = A("kept"), A("lost")
    kept.add(1), lost.add(2)
    del lost
    print("here", flush=True)
    """)
CALLED = lines("""
    import weakref

    class A:
        def __init__(self, name):
            self.name = name
            self._end = weakref.finalize(self, self._say)

        def _say(self):
            print("closed", self.name, flush=True)

        def close(self):
            CLOSE

    kept, lost, done = A("kept"), A("lost"), A("done")
    done.close()
    del lost
    print("here", flush=True)
    """)


def registered(text: str, kind: str) -> Fix:
    """Ask for the repair of the registering call in ``A.__init__``."""
    program = program_of(text)
    last = {"atexit": "register", "finalize": "finalize"}[kind]
    return registry(program, program.modules["mod"], call_in(program, "A.__init__", last), kind)


def printed(text: str) -> list[str]:
    """Run a program of its own and return what it prints."""
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    "end",
    [
        "self.close()",
        "'''The end.'''\n        self.close()\n        print(end='')",
        "try:\n            self.close()\n        except Exception:\n            pass",
    ],
)
def test_what_the_end_of_an_object_does_anyway_is_held_weakly(end: str) -> None:
    text = CLOSED.replace("END", end)
    fix = registered(text, "atexit")
    after = repaired(text, fix)["mod.py"]
    assert fix.safety == "unsafe" and "__del__() may call close() as soon as nobody holds the A any more" in fix.reason
    assert sorted(printed(after)) == sorted(printed(text)) == ["here", "kept 1", "lost 2"]
    assert printed(after)[0] == "lost 2" and printed(text)[0] == "here"


@pytest.mark.parametrize(
    "end",
    [
        "if self.name: self.close()",
        "print(self.name) or self.close()",
        "other.close()",
        "pass\n\nclass B(A):\n    def __del__(self):\n        pass",
        "self.close()\n\nclass B(A):\n    def __del__(self):\n        pass",
        "self.close(1)",
    ],
)
def test_what_the_end_of_an_object_may_not_do_is_left(end: str) -> None:
    fix = registered(CLOSED.replace("END", end), "atexit")
    assert (fix.safety, fix.edits) == ("none", ()), fix.reason


def test_a_finalizer_that_is_called_by_hand_goes_with_its_object() -> None:
    text = CALLED.replace("CLOSE", "if self._end.alive:\n            self._end()")
    fix = registered(text, "finalize")
    after = repaired(text, fix)["mod.py"]
    assert fix.safety == "unsafe" and 'weakref.finalize(self, print, "closed", self.name, flush=True)' in after
    assert sorted(printed(after)) == sorted(printed(text))
    assert printed(after)[1] == "closed lost" and printed(text)[1] == "here"


@pytest.mark.parametrize(
    "close", ["return self._end()", "return self._end.peek()", "print(self._end)", "return self._end"]
)
def test_a_finalizer_that_is_looked_into_is_left(close: str) -> None:
    fix = registered(CALLED.replace("CLOSE", close), "finalize")
    assert fix.safety == "none" and "the result of the registration at mod.py:6 is used" in fix.reason
