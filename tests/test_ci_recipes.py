"""The GitHub Action and the recipes of ``docs/ci.md``: read as a runner reads them, and run where a shell is enough."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from leaklint import demo
from leaklint.cli import COMMANDS, load
from leaklint.cli.parsing import Parser

ROOT = Path(__file__).parents[1]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
RECIPES = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "ci.md").read_text(), re.DOTALL)


def step(name: str) -> dict[str, Any]:
    (found,) = [item for item in STEPS if item.get("name") == name]
    return found


def test_inputs_reach_the_shell_as_environment_alone() -> None:
    for item in STEPS:
        assert "${{" not in item.get("run", "")
        assert ("shell" in item) == ("run" in item)
    used = set(re.findall(r"\$\{\{ inputs\.([\w-]+) \}\}", (ROOT / "action.yml").read_text()))
    assert used == set(ACTION["inputs"])
    documented = re.findall(r"(?m)^\| `([\w-]+)` \|", (ROOT / "docs" / "ci.md").read_text())
    assert set(documented) == set(ACTION["inputs"])
    assert all(isinstance(item["default"], str) for item in ACTION["inputs"].values())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    demo.copy_example(tmp_path / "src")
    return tmp_path


def check(project: Path, paths: str, arguments: str = "", sarif: str = "") -> tuple[int, str, str]:
    """Run the action's check as a runner does; return its status, its output and what it put out for later steps."""
    stub = project / "leaklint"
    stub.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m leaklint "$@"\n')
    stub.chmod(0o755)
    script = project / "step.sh"
    script.write_text(step("Check")["run"])
    given = {"PATHS": paths, "ARGUMENTS": arguments, "SARIF": sarif, "LEAKLINT": str(stub)}
    environment = {**os.environ, **given, "GITHUB_OUTPUT": str(project / "output")}
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
    done = subprocess.run(words, cwd=project, capture_output=True, text=True, check=False, env=environment)
    told = (project / "output").read_text() if (project / "output").exists() else ""
    return done.returncode, done.stdout + done.stderr, told


def test_the_action_annotates_and_fails(project: Path) -> None:
    status, told, output = check(project, "src")
    assert (status, output) == (1, "status=1\n")
    assert "::error title=leaklint (LK101),file=src/assistant/processor.py,line=10," in told


def test_the_action_passes_arguments_and_writes_sarif(project: Path) -> None:
    status, told, output = check(project, "src more*.py $(touch_x)", "--ignore LK101", "out.sarif")
    assert status == 2  # paths that do not exist; what looks like a command or a pattern is only a name
    assert "$(touch_x)" in told
    status, told, output = check(project, "src", "--ignore LK101", "out.sarif")
    assert (status, told) == (0, "")
    assert output.endswith("status=0\n")
    assert json.loads((project / "out.sarif").read_text())["version"] == "2.1.0"


@pytest.mark.parametrize("recipe", RECIPES, ids=range(len(RECIPES)))
def test_recipes_say_what_the_action_and_the_commands_know(recipe: str) -> None:
    document = yaml.safe_load(recipe)
    jobs = document.get("jobs", document)
    for job in jobs.values():
        for item in job.get("steps", ()):
            if "/leaklint@" in item.get("uses", ""):
                assert set(item.get("with", {})) <= set(ACTION["inputs"])
        lines = [item["run"] for item in job.get("steps", ()) if "run" in item] + job.get("script", [])
        for line in (line for line in lines if line.startswith("leaklint ")):
            _, command, *words = shlex.split(line)
            assert command in COMMANDS
            parser = Parser(command, "")
            load(command).add_arguments(parser)
            parser.parse(words)
