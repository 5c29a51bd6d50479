"""Handlers for each instance: a guard where the handler is the same for all, a reason where it is not."""

from __future__ import annotations

import pytest
from repairing import call_in, executed, program_of, repaired

from leaklint.model import Fix
from leaklint.repairs import guarded_handler

HEAD = "import logging\nimport sys\n\nlog = logging.getLogger('guarded')\n\n\n"
HEAD += "class A:\n    def __init__(self, path='x'):\n        "
COUNT = "first, second = A(), A()\nseen.append(len(LOG.handlers))\nLOG.handlers.clear()"


def fixed(body: str) -> tuple[str, Fix]:
    text = HEAD + body.replace("\n", "\n        ") + "\n"
    program = program_of(text)
    place = call_in(program, "A.__init__", "addHandler")
    return text, guarded_handler(program, program.modules["mod"], place)


@pytest.mark.parametrize(
    ("body", "logger"),
    [
        ("log.addHandler(logging.NullHandler())", "log"),
        ("log.addHandler(\n    logging.StreamHandler(sys.stderr),\n)", "log"),
        ("logging.getLogger('guarded').addHandler(logging.NullHandler())", "logging.getLogger('guarded')"),
        (
            "self.log = log\nhandler = logging.StreamHandler()\nhandler.setLevel(40)\nself.log.addHandler(handler)",
            "self.log",
        ),
        ("if path:\n    log.addHandler(logging.NullHandler())  # all\nself.path = path", "log"),
    ],
)
def test_later_objects_share_the_first_handler(body: str, logger: str) -> None:
    text, fix = fixed(body)
    assert fix.safety == "unsafe" and "later objects may share the handler of the first one" in fix.reason
    after = repaired(text, fix)["mod.py"]
    assert f"if not {logger}.handlers:\n" in after
    script = COUNT.replace("LOG", "log")
    assert (executed(text, script), executed(after, script)) == ([2], [1])


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("log.addHandler(logging.FileHandler(path))", "is made of path, which differs from object to object"),
        ("log.addHandler(Own(self))", "is made of self"),
        ("handler = Own(path)\nlog.addHandler(handler)", "is made of path"),
        ("log.addHandler(path)", "is made elsewhere"),
        ("log.addHandler(self.handler)", "is not made here"),
        (
            "handler = logging.NullHandler()\nself.handler = handler\nlog.addHandler(handler)",
            "is also kept at mod.py:10",
        ),
        ("handler = logging.NullHandler()\nkeep(handler)\nlog.addHandler(handler)", "is also kept at mod.py:10"),
        ("log.addHandler(logging.NullHandler())\nlog.addHandler(Own())", "another handler is added at mod.py:10"),
        ("make_logger(path).addHandler(logging.NullHandler())", "a second time"),
        ("done = log.addHandler(logging.NullHandler())", "part of a larger statement"),
        ("one = 1; log.addHandler(logging.NullHandler())", "part of a larger statement"),
    ],
)
def test_handlers_that_are_left(body: str, told: str) -> None:
    _, fix = fixed(body)
    assert fix.safety == "none" and told in fix.reason and not fix.edits
