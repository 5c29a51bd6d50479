"""Run a small project under many pythons, pytests and plugins, and write what came of it to ``compat.md``.

    python benchmarks/in_tests/compat.py --work FOLDER [--python PATH ...] [--pytest MAJOR ...]

What earlier runs in FOLDER have shown is kept, so that the table can be made in parts. Makes a virtual environment for
each pair in FOLDER; packages come from pip's index. Nothing of leaklint is installed in them but the runtime, by path.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RUNTIME = HERE.parents[1] / "runtime"
PYTESTS = ("7", "8", "9")
PLUGINS = ("pytest-xdist", "pytest-asyncio", "anyio", "coverage", "pytest-cov")

APP = """\
class Part:
    registry = {}

    def __init__(self):
        Part.registry[id(self)] = self


class Door:
    doors = []

    def __init__(self):
        Door.doors.append(self)

    def close(self):
        Door.doors.remove(self)
"""
TESTS = """\
import pytest

import app


def test_part():
    app.Part()


def test_door():
    app.Door().close()


@pytest.mark.asyncio
async def test_door_under_asyncio():
    app.Door().close()


@pytest.mark.anyio
async def test_door_under_anyio():
    app.Door().close()


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.leaklint(rounds=3)
def test_rounds():
    app.Door().close()


@pytest.mark.leaklint(rounds=3)
@pytest.mark.asyncio
async def test_rounds_under_asyncio():
    app.Door().close()


@pytest.mark.leaklint(rounds=3)
@pytest.mark.anyio
async def test_rounds_under_anyio():
    app.Door().close()


@pytest.mark.xfail(strict=True)
@pytest.mark.leaklint(rounds=3)
def test_rounds_that_grow():
    app.Part()


def test_fixture(leakcheck):
    door = app.Door()
    leakcheck.watch(door)
    door.close()
    del door
    with leakcheck.no_growth("app:Door.doors"):
        app.Door().close()
    leakcheck.assert_collected(app.Door)
"""
# pytest-asyncio leaves an event loop to the collector on Python 3.9 and 3.10: it fails a plain run too if one comes then
IGNORED = (
    "ignore::DeprecationWarning",
    "ignore:unclosed event loop:ResourceWarning",
    "ignore:unclosed <socket:ResourceWarning",
)
RUNS = (
    ("watch", ["--leaklint"]),
    ("xdist", ["--leaklint", "-n", "2"]),
    ("coverage", ["--leaklint", "--cov", "app"]),
    ("items", ["--leaklint-verify", "-k", "LK101"]),
)
WANTED = {
    "watch": ("2 findings: 1 confirmed, 1 refuted", "8 passed, 1 xfailed in"),
    "xdist": ("2 findings: 1 confirmed, 1 refuted", "8 passed, 1 xfailed in"),
    "coverage": ("2 findings: 1 confirmed, 1 refuted", "8 passed, 1 xfailed in", "app.py"),
    "items": ("2 failed, 9 deselected in",),
}


def finding(folder: Path, name: str, kind: str) -> dict[str, object]:
    """Return a finding on a registry of the project."""
    symbol, subject = f"app:{name}", f"app:{name.partition('.')[0]}"
    common = {"code": "LK101", "symbol": symbol, "fingerprint": name}
    probe = {
        **common, "root": str(folder), "module": "app", "file": str(folder / "app.py"), "container": name,
        "container_kind": kind, "subject": subject, "trigger": "construct", "track": "subject",
    }  # fmt: skip
    return {**common, "path": "app.py", "line": 2, "probe": probe}


def project(folder: Path) -> Path:
    """Write the project."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.py").write_text(APP)
    (folder / "test_app.py").write_text(TESTS)
    ini = (
        "[pytest]\nleaklint_findings = findings.json\naddopts = -p leaklint_runtime.pytest_plugin -p no:cacheprovider\n"
    )
    (folder / "pytest.ini").write_text(ini + "\n    ".join(["filterwarnings = error", *IGNORED]) + "\n")
    found = [finding(folder, "Part.registry", "dict"), finding(folder, "Door.doors", "list")]
    (folder / "findings.json").write_text(json.dumps({"version": 1, "findings": found}))
    return folder


def environment(work: Path, python: str, major: str) -> tuple[Path, str]:
    """Make a virtual environment and return its interpreter and the versions in it; empty if pip finds no such pytest."""
    place = work / f"{Path(python).parents[1].name}-pytest{major}"
    found = place / "bin" / "python"
    if not found.exists():
        subprocess.run([python, "-m", "venv", str(place)], check=True)
    needs = [f"pytest>={major},<{int(major) + 1}", *PLUGINS]
    done = subprocess.run(
        [str(found), "-m", "pip", "install", "-q", *needs], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return found, ""
    listed = subprocess.run(
        [str(found), "-m", "pip", "list", "--format", "json"], capture_output=True, text=True, check=True
    )
    versions = {item["name"].lower(): item["version"] for item in json.loads(listed.stdout)}
    return found, ", ".join(f"{name} {versions[name]}" for name in ("pytest", *PLUGINS))


def outcome(python: Path, folder: Path, name: str, options: list[str]) -> str:
    """Run the project once; return ``ok`` or the first thing that is missing from the output."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(RUNTIME), str(folder)]), "PYTHONDONTWRITEBYTECODE": "1"}
    words = [str(python), "-m", "pytest", *options]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, env=env)
    missing = [word for word in WANTED[name] if word not in done.stdout]
    if missing:
        (folder / f"{python.parents[1].name}-{name}.txt").write_text(done.stdout + done.stderr)
    return "ok" if not missing else f"lacks: {missing[0]}"


def main() -> int:
    """Run everything and write the table; 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--python", action="append", default=[], help="an interpreter; may be repeated")
    parser.add_argument("--pytest", action="append", default=[], choices=PYTESTS, help="may be repeated")
    args = parser.parse_args()
    folder = project(args.work.absolute() / "project")
    kept = args.work / "rows.json"
    rows: dict[str, list[str]] = json.loads(kept.read_text()) if kept.exists() else {}
    for python in args.python or [sys.executable]:
        for major in args.pytest or PYTESTS:
            name = Path(python).parents[1].name
            found, versions = environment(args.work.absolute(), python, major)
            outcomes = [outcome(found, folder, one, options) for one, options in RUNS] if versions else []
            rows[f"{name} {major}"] = [name, versions or f"pytest {major} does not install here", *outcomes]
            print(rows[f"{name} {major}"], flush=True)
            kept.write_text(json.dumps(rows))
    return written(rows)


def written(rows: dict[str, list[str]]) -> int:
    """Write the table; 1 if anything failed."""
    cells = [[*row, *[""] * (2 + len(RUNS) - len(row))] for _, row in sorted(rows.items(), key=_order)]
    head = "| Python | versions | watch | xdist | coverage | items |\n|---|---|---|---|---|---|\n"
    note = "Written by `benchmarks/in_tests/compat.py`: a small project, with warnings as errors.\n\n"
    (HERE / "compat.md").write_text(
        f"# The plugin under many versions\n\n{note}{head}" + "".join(f"| {' | '.join(row)} |\n" for row in cells)
    )
    return int(any(text not in ("ok", "") for row in cells for text in row[2:]))


def _order(pair: tuple[str, list[str]]) -> list[int]:
    return [int(part) for part in pair[0].replace(" ", ".").split(".")]


if __name__ == "__main__":
    sys.exit(main())
