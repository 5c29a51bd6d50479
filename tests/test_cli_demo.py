"""``leaklint demo``: the whole flow for real, and the README shows what it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from leaklint.demo import STORY

README = Path(__file__).parents[1] / "README.md"


def demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the demo in a fresh process whose temporary files go to ``folder``."""
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "leaklint", "demo", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, encoding="utf-8")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("demo")
    done = demo(folder)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert list(folder.iterdir()) == []
    return done.stdout


def test_found_proven_repaired_and_proven_gone(told: str) -> None:
    parts = re.split(r"^\$ leaklint ", told, flags=re.MULTILINE)[1:]
    assert len(parts) == len(STORY)
    found, kept, proven, shown, applied, gone, clean = parts
    assert "assistant/processor.py:10:5: LK101 Processor.instance_map" in found
    assert kept.strip().count("\n") == 2
    assert "CONFIRMED" in proven
    assert "├─ class Processor" in proven
    changed = [line for line in shown.splitlines() if re.match(r"[-+](?![-+])", line)]
    assert [line for line in changed if line != "+"] == [
        "+from weakref import WeakValueDictionary",
        "-    instance_map = {}",
        "+    instance_map = WeakValueDictionary()",
    ]
    assert "assistant/processor.py" in applied
    assert "REFUTED" in gone
    assert "no leak-prone pattern found" in clean


def test_plain_in_a_pipe_and_coloured_on_request(told: str, tmp_path: Path) -> None:
    assert "\x1b" not in told
    colored = demo(tmp_path, "--color", "always")
    assert colored.returncode == 0
    assert "\x1b[1;31mLK101\x1b[0m" in colored.stdout


def test_the_readme_shows_what_the_demo_prints(told: str) -> None:
    (transcript,) = re.findall(r"```text\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert normal(transcript) == normal(told)


def normal(text: str) -> list[str]:
    """Return the lines with figures that differ from run to run made alike."""
    return [re.sub(r"\d+", "N", line).rstrip() for line in text.strip().splitlines()]


def test_the_example_can_be_had_without_the_story(tmp_path: Path) -> None:
    done = demo(tmp_path, "--copy", str(tmp_path / "new" / "service"))
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "new" / "service" / "assistant" / "processor.py").is_file()
    again = demo(tmp_path, "--copy", str(tmp_path / "new" / "service"))
    assert again.returncode == 2
    assert again.stderr.endswith("exists already; it is left as it is\n")
