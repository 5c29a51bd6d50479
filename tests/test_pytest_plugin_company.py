"""The plugin beside pytest-asyncio, anyio and coverage."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.in_tests import project, run

ASYNCIO = """\
@pytest.mark.asyncio
async def test_door():
    app.Door().close()

@pytest.mark.asyncio
async def test_part():
    app.Part()

@pytest.mark.asyncio
async def test_part_again():
    app.Part()

@pytest.mark.asyncio
@pytest.mark.leaklint(rounds=3)
async def test_rounds():
    app.Door().close()

@pytest.mark.asyncio
@pytest.mark.leaklint(rounds=3)
async def test_rounds_that_grow():
    app.Part()

@pytest.mark.asyncio
async def test_fixture(leakcheck):
    leakcheck.watch(app.Door())
    app.Door.open_doors.clear()
"""
ANYIO = (
    ASYNCIO.replace("mark.asyncio", "mark.anyio") + "\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
)


@pytest.mark.parametrize("options", [[], ["-n", "2"]], ids=["alone", "xdist"])
@pytest.mark.parametrize(
    ("plugin", "tests"), [("pytest_asyncio.plugin", ASYNCIO), ("anyio.pytest_plugin", ANYIO)], ids=["asyncio", "anyio"]
)
def test_asynchronous_tests(tmp_path: Path, plugin: str, tests: str, options: list[str]) -> None:
    pytest.importorskip(plugin)
    project(tmp_path, tests)
    if tests == ASYNCIO:
        with (tmp_path / "pytest.ini").open("a") as ini:
            ini.write("asyncio_default_fixture_loop_scope = function\n")
    done = run(tmp_path, "--leaklint", "-p", plugin, *options)
    assert "1 failed, 5 passed" in done.stdout, done.stdout
    assert "app.Part: +1.0 a round" in done.stdout
    assert "LK101 app:Part.registry CONFIRMED: test_app.py::test_part leaves an object" in done.stdout
    assert "LK101 app:Door.open_doors REFUTED" in done.stdout


@pytest.mark.parametrize("options", [[], ["-n", "1"]], ids=["alone", "xdist"])
def test_coverage_is_measured_as_ever(tmp_path: Path, options: list[str]) -> None:
    pytest.importorskip("pytest_cov")
    tests = "def test_door():\n    app.Door().close()\n\ndef test_part():\n    app.Part()\n"
    project(tmp_path, tests)
    lines = [
        next(
            line
            for line in run(tmp_path, "--cov", "app", *more, *options).stdout.splitlines()
            if line.startswith("app.py ")
        )
        for more in ([], ["--leaklint"])
    ]
    assert lines[0] == lines[1]
