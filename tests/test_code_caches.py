"""What the interpreter adds to code that runs often is no growth of the program."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from probes import interpreters

from leaklint_runtime import code_caches

#: Each call makes five more functions run for the thousandth time, in a process that holds nothing.
HOT = """\
names = {}
for number in range(400):
    exec(f"def f{number}():\\n" + "    len\\n" * 60, names)
    names[f"f{number}"]()
_calls = iter(range(10**9))

def work():
    for step in range(5):
        function = names[f"f{next(_calls) % 400}"]
        for _ in range(1100):
            function()
"""


@pytest.mark.parametrize("python", list(interpreters(["3.8", "3.13"])))
def test_code_that_becomes_hot_is_no_leak(python: str, tmp_path: Path) -> None:
    (tmp_path / "hot.py").write_text(HOT)
    words = ["profile", "--no-check", "--no-ledger", "--quiet", "--rounds", "40", "--python", python]
    done = subprocess.run(
        [sys.executable, "-m", "leaklint", *words, "--output-format", "json", "hot.py:work"],
        cwd=tmp_path, capture_output=True, text=True, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == 0, json.loads(done.stdout)["verdict"]["sentences"]


def test_growth_is_since_the_last_look() -> None:
    caches = code_caches.CodeCaches()
    caches.look()
    assert caches.growth() == 0
    assert bool(caches.codes) == code_caches.SEPARATE
