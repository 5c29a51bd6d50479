"""Small programs that are edited, moved and deleted, for tests of what runs remember."""

from __future__ import annotations

import itertools
import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import strategies as st

from leaklint.cli import main

LEAK = "class Part:\n    every = []\n\n    def __init__(self):\n        Part.every.append(self)\n"
USER = "from leak import Part\n\n\ndef drop(one):\n    Part.every.remove(one)\n"
PLAIN = "def name(x):\n    return str(x)\n"
BROKEN = "def (:\n"
MORE = "\n\ndef more_{0}(value):\n    return value + {0}\n"

NAMES = st.sampled_from(
    ["leak.py", "user.py", "plain.py", "pkg/__init__.py", "pkg/leak.py", "pkg/part.py", "tests/test_it.py"]
)
TEXTS = st.sampled_from(
    [
        LEAK,
        LEAK.replace("Part.every", "self.every"),
        USER,
        USER.replace("remove", "append"),
        PLAIN,
        BROKEN,
        "",
        "from leak import *\n",
        "from .leak import Part\nPART = Part()\n",
        "import leak\n\n\nclass More(leak.Part):\n    pass\n\n\ndef make():\n    return More(), leak.Part()\n",
        "EVERY = {}\n\n\ndef keep(one):\n    EVERY[id(one)] = one\n",
        "from plain import EVERY, keep\n\n\nclass One:\n    def __init__(self):\n        keep(self)\n",
        "import json\nfrom leak import Part\n\n\ndef dump():\n    return json.dumps(Part.every)\n",
        "import functools\n\n\nclass A:\n    @functools.cache\n    def f(self):\n        return 1\n",
    ]
)
# What is put at the end of a file: mostly nothing that matters, sometimes a name that may.
TAILS = st.sampled_from(
    [
        "# nothing\n",
        MORE.format(1),
        MORE.format(2),
        "\n\ndef less(one):\n    return [Part, one]\n",
        "\n\ndef none(one):\n    one.every.remove(one)\n",
        "\n\ndef all_of(leak):\n    return keep(leak.Part())\n",
        "\nEVERY = []\n",
        "\n\nclass Part:\n    pass\n",
        "\nimport leak\n",
        "\n)\n",
    ]
)
STEPS = st.one_of(
    st.tuples(st.just("write"), NAMES, TEXTS),
    st.tuples(st.just("append"), NAMES, TAILS),
    st.tuples(st.just("append"), NAMES, TAILS),
    st.tuples(st.just("move"), NAMES, NAMES),
    st.tuples(st.just("delete"), NAMES, st.just("")),
    st.tuples(st.just("touch"), NAMES, st.just("")),
)

_moments = itertools.count(1)


def age(folder: Path) -> None:
    """Let all files be a day old, so that their times can be trusted."""
    then = time.time() - 86_400
    for file in folder.rglob("*.py"):
        os.utime(file, (then, then))


def edit(file: Path, text: str) -> None:
    """Write ``text`` at a time at which nothing else was written: two edits of one tick of the clock look alike."""
    file.write_text(text)
    then = time.time_ns() - 3_600_000_000_000 + 1_000_000 * next(_moments)
    os.utime(file, ns=(then, then))


def do(folder: Path, act: str, name: str, more: str) -> None:
    """Do one of ``STEPS``."""
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    if act == "write":
        edit(file, more)
    elif file.exists() and act == "append":
        edit(file, file.read_text() + more)
    elif file.exists() and act == "move" and more != name:
        (folder / more).parent.mkdir(exist_ok=True)
        file.replace(folder / more)
    elif file.exists() and act == "delete":
        file.unlink()
    elif file.exists() and act == "touch":
        os.utime(file)


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run ``leaklint check``; return status and both outputs."""
    capsys.readouterr()
    status = main(["check", *words])
    captured = capsys.readouterr()
    return status, re.sub(r"\(\d+\.\d s\)", "(.. s)", captured.out), captured.err
