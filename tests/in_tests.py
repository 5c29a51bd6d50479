"""A small project under test, and what runs its tests in a pytest of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

APP = '''\
from functools import lru_cache


class Part:
    """Entered into a registry for good."""

    registry = {}

    def __init__(self, name="x"):
        self.name = name
        Part.registry[id(self)] = self


class Door:
    """Entered, and taken out again."""

    open_doors = []

    def __init__(self):
        Door.open_doors.append(self)

    def close(self):
        Door.open_doors.remove(self)


class Calc:
    @lru_cache(None)
    def twice(self, number):
        return 2 * number


class Quiet:
    kept = []

    def __init__(self):
        Quiet.kept.append(self)


SEEN = {}


def remember(text):
    SEEN[text] = len(text)
    return SEEN[text]
'''


def probe(
    folder: Path, name: str, kind: str, subject: str, trigger: str, track: str = "subject", module: str = "app"
) -> dict[str, Any]:
    """Return a finding on ``module:name`` as ``leaklint check`` writes it."""
    symbol = f"{module}:{name}"
    mark = f"{abs(hash(symbol)):016x}"[:16]
    return {
        "code": "LK101", "name": "class-registry-of-self", "path": f"{module}.py", "line": 1, "column": 1, "end_line": 1,
        "end_column": 1, "symbol": symbol, "message": "", "confidence": "high", "fingerprint": mark, "retention": [],
        "related": [], "fix": {"safety": "none", "replacement": "", "reason": ""}, "verdict": None,
        "probe": {
            "code": "LK101", "symbol": symbol, "fingerprint": mark, "root": str(folder), "module": module,
            "file": str(folder / f"{module}.py"), "container": name, "container_kind": kind, "subject": subject,
            "trigger": trigger, "track": track, "factory": "", "stores": [], "digest": "",
        },
    }  # fmt: skip


def project(folder: Path, tests: str, app: str = APP, **files: str) -> Path:
    """Write a project whose findings are known: the registries of ``APP``. Returns its folder."""
    (folder / "app.py").write_text(app)
    (folder / "test_app.py").write_text(f"import pytest\n\nimport app\n\n\n{tests}")
    (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\nleaklint_findings = findings.json\n")
    for name, text in files.items():
        (folder / name.replace("_dot_", ".")).write_text(text)
    keep(folder, known(folder))
    return folder


def known(folder: Path, module: str = "app") -> list[dict[str, Any]]:
    """Return the findings on ``APP`` as a module of this name."""
    return [
        probe(folder, "Part.registry", "dict", f"{module}:Part", "construct", module=module),
        probe(folder, "Door.open_doors", "list", f"{module}:Door", "construct", module=module),
        probe(folder, "Calc.twice", "memo", f"{module}:Calc", "method:twice", module=module),
        probe(folder, "Quiet.kept", "list", f"{module}:Quiet", "construct", module=module),
        probe(folder, "SEEN", "dict", "", f"call:{module}:remember", "growth", module),
    ]


def keep(folder: Path, found: list[dict[str, Any]]) -> None:
    """Write the project's findings."""
    (folder / "findings.json").write_text(json.dumps({"version": 1, "findings": found, "problems": []}))


#: Plugins of other packages, by how the option or the word of the configuration begins that asks for them.
BESIDE = {"hypothesis": "_hypothesis_pytestplugin", "--cov": "pytest_cov.plugin", "-n": "xdist.plugin"}


def run(folder: Path, *options: str, cache: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the project's tests; warnings of pytest itself are errors.

    Of the plugins that are installed only leaklint's is loaded, and those of ``BESIDE`` that are asked for: all of them
    together take longer to load than the tests to run.
    """
    ini = folder / "pytest.ini"
    words = [*options, *(ini.read_text().split() if ini.exists() else ())]
    plugins = [plugin for word, plugin in BESIDE.items() if any(one.startswith(word) for one in words)]
    loaded = [word for plugin in ("leaklint_runtime.pytest_plugin", *plugins) for word in ("-p", plugin)]
    loaded += [] if cache else ["-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-W", "error::pytest.PytestWarning", *loaded, *options]
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


def verdicts(folder: Path, *options: str) -> dict[str, tuple[str, str]]:
    """Watch a run and return status and reason for each symbol."""
    done = run(folder, "--leaklint", "--leaklint-json", "out.json", *options)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return told(folder)


def told(folder: Path) -> dict[str, tuple[str, str]]:
    """Return status and reason for each symbol as a watched run has written them."""
    report = json.loads((folder / "out.json").read_text())
    return {one["symbol"]: (one["verdict"]["status"], one["verdict"]["reason"]) for one in report["findings"]}
