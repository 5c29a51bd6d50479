"""The plugin inside the real flake8: the findings of ``leaklint check``, at the same places, by flake8's own rules."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.samples import LEAKY

WIDE = """\
class Part:
    é = "日本"; parts = []

    def __init__(self):
        Part.parts.append(self)
"""
# What the class seems to share, its base gives every instance of its own.
BASE = """\
class Base:
    def __init__(self):
        self.parts = []
"""
DERIVED = """\
from base import Base


class Derived(Base):
    parts = []

    def start(self):
        self.parts.append(self)
"""
SUBSCRIBES = """\
from events import subscribe


class Part:
    def __init__(self):
        subscribe(self.on_event)

    def on_event(self, event):
        return event
"""
BOUNDED_MEMO = """\
from functools import lru_cache


class Shape:
    @lru_cache(maxsize=4)
    def area(self, scale):
        return scale
"""


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("leaky.py").write_text(LEAKY)
    Path("wide.py").write_text(WIDE, encoding="utf-8")
    Path("clean.py").write_text("x = 1\n")
    return tmp_path


def run(*words: str) -> tuple[int, list[str]]:
    """Run a module and return its status and the lines it printed."""
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def flake8(*words: str) -> tuple[int, list[str]]:
    return run("flake8", "--select=LK", *words)


def test_prints_what_check_prints() -> None:
    status, lines = flake8("leaky.py", "wide.py", "clean.py")
    assert status == 1
    assert [line.split(" ")[:2] for line in lines] == [["leaky.py:2:5:", "LK101"], ["wide.py:2:15:", "LK101"]]
    checked, same = run("leaklint", "check", "--output-format", "concise", "leaky.py", "wide.py", "clean.py")
    assert (checked, same) == (1, lines)
    assert flake8("clean.py") == (0, [])


def test_flake8_is_told_the_plugin_and_its_options() -> None:
    status, lines = run("flake8", "--version")
    assert status == 0
    assert "flake8-leaklint: " in lines[0] + "".join(lines[1:])
    _, usage = run("flake8", "--help")
    assert "--leaklint-confidence" in "".join(usage)


def test_noqa_and_its_switch() -> None:
    Path("leaky.py").write_text(LEAKY.replace("{}", "{}  # noqa: LK101"))
    assert flake8("leaky.py") == (0, [])
    assert flake8("--disable-noqa", "leaky.py")[0] == 1


def test_per_file_ignores_and_other_selections() -> None:
    assert flake8("--per-file-ignores=leaky.py:LK1", "leaky.py") == (0, [])
    assert run("flake8", "--select=E", "leaky.py") == (0, [])
    assert run("flake8", "leaky.py")[0] == 1


def test_confidence_comes_from_flake8s_own_files() -> None:
    with Path("leaky.py").open("a") as file:  # else nobody makes many
        file.write("\n\ndef parts(names):\n    return [Processor(name) for name in names]\n")
    _, found = run("leaklint", "check", "--output-format", "json", "leaky.py")
    (finding,) = json.loads("".join(found))["findings"]
    assert finding["confidence"] == "high"
    Path("memo.py").write_text(BOUNDED_MEMO)
    counts = []
    for level in ("high", "medium", "low"):
        Path(".flake8").write_text(f"[flake8]\nleaklint-confidence = {level}\n")
        counts.append(len(flake8("leaky.py", "memo.py")[1]))
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    Path(".flake8").write_text("[flake8]\nleaklint-confidence = sure\n")
    status, lines = run("flake8", "leaky.py")
    assert status == 1
    assert "leaklint-confidence is 'sure'; it must be one of high, medium, low" in lines


def test_facts_of_the_project() -> None:
    once = "--leaklint-singletons=leaky.Processor"
    assert flake8("leaky.py")[0] == 1
    assert flake8(once, "leaky.py") == (0, [])
    Path(".flake8").write_text("[flake8]\nleaklint-singletons = leaky.Processor,other.Thing\n")
    assert flake8("leaky.py") == (0, [])
    Path("subscribes.py").write_text(SUBSCRIBES)
    assert flake8("subscribes.py") == (0, [])
    _, lines = flake8("--leaklint-registrars=events.subscribe", "subscribes.py")
    assert [line.split(" ")[:2] for line in lines] == [["subscribes.py:6:9:", "LK401"]]


CONTRACT = """\
[tool.leaklint]
confidence = "high"

[[tool.leaklint.contracts.callable]]
name = "events.subscribe"
retains = [{ parameter = "callback", position = 0 }]
"""


def test_what_the_project_declares_in_its_own_file() -> None:
    Path("subscribes.py").write_text(SUBSCRIBES)
    Path("pyproject.toml").write_text(CONTRACT)
    kept = flake8("subscribes.py")
    assert [line.split(" ")[:2] for line in kept[1]] == [["subscribes.py:6:9:", "LK601"]]
    assert run("leaklint", "check", "--confidence", "medium", "--output-format", "concise", "subscribes.py") == kept
    assert flake8("--leaklint-isolated", "subscribes.py") == (0, [])
    Path("pyproject.toml").write_text('[tool.leaklint]\nregistrars = ["events.subscribe"]\n')
    assert [line.split(" ")[1] for line in flake8("subscribes.py")[1]] == ["LK401"]
    Path("pyproject.toml").write_text(CONTRACT.replace("retains", "retain"))
    status, lines = run("flake8", "subscribes.py")
    assert status == 1
    assert any("callable events.subscribe: retain: no key of a callable" in line for line in lines)


def test_standard_input() -> None:
    words = [sys.executable, "-m", "flake8", "--select=LK", "--stdin-display-name", "shown.py", "-"]
    done = subprocess.run(words, input=LEAKY, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith("shown.py:2:5: LK101 ")


def test_the_file_sees_what_it_imports() -> None:
    Path("derived.py").write_text(DERIVED)
    assert [line.split(" ")[0] for line in flake8("derived.py")[1]] == ["derived.py:5:5:"]
    Path("base.py").write_text(BASE)
    assert flake8("derived.py") == (0, [])


def test_a_syntax_error_is_flake8s_to_tell() -> None:
    Path("broken.py").write_text("def f(:\n")
    status, lines = run("flake8", "--select=LK,E9", "broken.py")
    assert status == 1
    assert [line.split(" ")[1] for line in lines] == ["E999"]


def test_many_files_at_once() -> None:
    for number in range(6):
        Path(f"leaky{number}.py").write_text(LEAKY)
    _, lines = flake8("--jobs=2", ".")
    assert sum("LK101" in line for line in lines) == 8


def test_what_is_remembered_is_what_is_found() -> None:
    Path("base.py").write_text(BASE.replace("self.parts", "self.other"))
    Path("derived.py").write_text(DERIVED)
    words = ["--leaklint-cache-dir=kept", "derived.py", "leaky.py"]
    first = flake8(*words)
    assert [line.split(":")[0] for line in first[1]] == ["derived.py", "leaky.py"]
    assert any(path.is_file() for path in Path("kept").glob("v-*/single/*/*"))
    assert flake8(*words) == first
    Path("base.py").write_text(BASE)  # what another file says decides
    assert [line.split(":")[0] for line in flake8(*words)[1]] == ["leaky.py"]
    assert not Path(".leaklint_cache").exists()


def test_what_is_remembered_is_not_read_again() -> None:
    script = """
import ast, sys
from pathlib import Path
from leaklint.cache.folder import Folder
from leaklint.cache.singles import Singles
from leaklint.flake8_plugin import Plugin
Plugin.memory = Singles(Folder("kept"))
for name in ("leaky.py", "clean.py"):
    text = Path(name).read_text()
    print(len(list(Plugin(ast.parse(text), name, text.splitlines(keepends=True)).run())))
print([name for name in ("libcst", "leaklint.heap.retention", "leaklint.analysis", "leaklint.engine") if name in sys.modules])
"""
    outputs = [
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False) for _ in range(2)
    ]
    assert [done.stdout.splitlines()[:2] for done in outputs] == [["1", "0"], ["1", "0"]]
    assert outputs[0].stdout.splitlines()[2] != outputs[1].stdout.splitlines()[2] == "[]"


def test_damage_to_what_is_remembered_changes_nothing() -> None:
    words = ["--leaklint-cache-dir=kept", "leaky.py", "wide.py", "clean.py"]
    first = flake8(*words)
    kept = [path for path in Path("kept").rglob("*") if path.is_file() and "v-" in str(path)]
    assert len(kept) == 3
    contents = [path.read_bytes() for path in kept]
    for damage in (lambda data: data[:-5], lambda data: b"", lambda data: data[::-1], lambda data: b"[[1, 1]]\n" * 9):
        for path, content in zip(kept, contents, strict=True):
            path.write_bytes(damage(content))
        assert flake8(*words) == first


def test_a_registrar_may_be_called_by_a_file_in_which_nothing_else_is_kept() -> None:
    Path("subscribes.py").write_text(SUBSCRIBES)
    assert flake8("--leaklint-cache-dir=kept", "subscribes.py") == (0, [])  # and remembers that
    registrar = "--leaklint-registrars=events.subscribe"
    assert flake8("--leaklint-cache-dir=kept", registrar, "subscribes.py")[0] == 1
    assert flake8("--leaklint-cache-dir=kept", registrar, "subscribes.py")[0] == 1
    assert flake8("--leaklint-cache-dir=kept", "subscribes.py") == (0, [])


def test_test_files_are_passed_over_as_check_does() -> None:
    Path("test_leaky.py").write_text(LEAKY)
    Path("tests").mkdir()
    Path("tests/leaky.py").write_text(LEAKY)
    assert flake8("test_leaky.py", "tests/leaky.py") == (0, [])
    assert run("leaklint", "check", "test_leaky.py", "tests/leaky.py")[0] == 0


def test_nothing_is_remembered_unless_wanted() -> None:
    assert flake8("--leaklint-no-cache", "leaky.py")[0] == 1
    assert not Path(".leaklint_cache").exists()
