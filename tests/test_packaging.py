"""The distribution: what it holds, and that it works installed, from another folder."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from leaklint import __version__

ROOT = Path(__file__).parents[1]
STEM = f"flake8_leaklint-{__version__}"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and the wheel from it; nothing is downloaded."""
    folder = tmp_path_factory.mktemp("dist")
    words = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Install the wheel into a folder of its own and return what runs its modules from an unrelated one."""
    target, elsewhere = tmp_path_factory.mktemp("target"), tmp_path_factory.mktemp("elsewhere")
    wheel = built / f"{STEM}-py3-none-any.whl"
    words = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, *words], check=True)

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(target)}
        environment.pop("COVERAGE_PROCESS_START", None)
        return subprocess.run(
            [sys.executable, *words], capture_output=True, text=True, check=False, cwd=elsewhere, env=environment
        )

    return run


def test_the_wheel_holds_both_packages(built: Path) -> None:
    with zipfile.ZipFile(built / f"{STEM}-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())
        entry_points = wheel.read(f"{STEM}.dist-info/entry_points.txt").decode()
        metadata = wheel.read(f"{STEM}.dist-info/METADATA").decode()
    assert {
        "leaklint/__init__.py",
        "leaklint/py.typed",
        "leaklint/demo/example/assistant/processor.py",
        "leaklint/reports/page.css",
        "leaklint/reports/page.html.jinja",
        "leaklint_runtime/__init__.py",
        "leaklint_runtime/py.typed",
        f"{STEM}.dist-info/licenses/LICENSE",
    } <= names
    tops = {name.split("/", 1)[0] for name in names}
    assert tops == {"leaklint", "leaklint_runtime", f"{STEM}.dist-info"}
    assert not [name for name in names if "__pycache__" in name]
    assert "[flake8.extension]\nLK = leaklint.flake8_plugin:Plugin" in entry_points
    assert "[pytest11]\nleaklint = leaklint_runtime.pytest_plugin" in entry_points
    assert "[console_scripts]\nleaklint = leaklint.cli:main" in entry_points
    needs = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert sorted(line.split()[1].split(">")[0] for line in needs) == ["flake8", "libcst", "msgpack", "pathspec"]


def test_the_sdist_can_be_tested(built: Path) -> None:
    with tarfile.open(built / f"{STEM}.tar.gz") as sdist:
        names = {name.split("/", 1)[1] for name in sdist.getnames() if "/" in name}
    assert {"pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md", "tests/test_packaging.py"} <= names
    assert {"docs/json.md", ".pre-commit-hooks.yaml", ".ci/run"} <= names
    assert not [name for name in names if name.startswith((".venv", "benchmarks/")) and "/out/" in name]


def test_what_is_installed_works_from_elsewhere(installed: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    where = installed("-c", "import leaklint, leaklint_runtime as r; print(leaklint.__file__, r.__file__)")
    assert str(ROOT) not in where.stdout
    assert installed("-m", "leaklint", "--version").stdout == f"leaklint {__version__}\n"
    told = installed("-m", "leaklint", "demo")
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_metadata_is_what_an_index_accepts(built: Path) -> None:
    pytest.importorskip("twine")
    files = sorted(str(path) for path in built.iterdir())
    words = [sys.executable, "-m", "twine", "check", "--strict", *files]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2


def test_the_public_names_are_there_and_documented() -> None:
    from leaklint import api

    for name in api.__all__:
        assert getattr(api, name, None) is not None, name
        assert name == "FORMATS" or getattr(api, name).__doc__, name


def test_the_versions_agree() -> None:
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()
