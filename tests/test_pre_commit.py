"""pre-commit itself, on a temporary repository: the hooks of this checkout, installed by it and run in place."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.samples import LEAKY

ROOT = Path(__file__).parents[1]
STARTING = f"""{LEAKY}

def start(names):
    running = [Processor(name) for name in names]
    return running
"""
CLEAN = "def name(path):\n    return path\n"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a git repository with a leak, a clean file, and an excluded leak, all staged."""
    folder = tmp_path / "project"
    (folder / "vendored").mkdir(parents=True)
    (folder / "leaky.py").write_text(STARTING)
    (folder / "clean.py").write_text(CLEAN)
    (folder / "vendored" / "other.py").write_text(STARTING)
    (folder / "pyproject.toml").write_text('[tool.leaklint]\nextend-exclude = ["vendored"]\n')
    monkeypatch.setenv("PRE_COMMIT_HOME", str(tmp_path / "pre-commit"))
    monkeypatch.setenv("PIP_NO_COMPILE", "no")  # which is how pip is told so: what is used once need not be compiled
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for name in ("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"):
        monkeypatch.setenv(name, "tester@example.org")
    for name in [name for name in os.environ if name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE")]:
        monkeypatch.delenv(name)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    return folder


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def pre_commit(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pre_commit", *words, "--color", "never"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def configure(folder: Path, hooks: list[dict[str, Any]]) -> None:
    """Write a configuration whose hooks run what this interpreter has installed."""
    local = {"repos": [{"repo": "local", "hooks": hooks}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(local))
    git(folder, "add", ".")


def own_hook(name: str) -> dict[str, Any]:
    """Return a hook as this project declares it, run as a program of the system."""
    declared = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    return {**declared[name], "language": "system"}


def test_the_check_hook_fails_on_a_leak_and_passes_without(repository: Path) -> None:
    configure(repository, [own_hook("leaklint")])
    failed = pre_commit(repository, "run", "--all-files")
    assert failed.returncode == 1, failed.stdout
    assert "leaky.py:2:5: LK101" in failed.stdout
    assert "vendored" not in failed.stdout
    passed = pre_commit(repository, "run", "--files", "clean.py", "vendored/other.py")
    assert passed.returncode == 0, passed.stdout


def test_the_fix_hook_repairs_and_then_rests(repository: Path) -> None:
    configure(repository, [own_hook("leaklint-fix")])
    failed = pre_commit(repository, "run", "--all-files")
    assert failed.returncode == 1, failed.stdout
    assert "WeakValueDictionary" in (repository / "leaky.py").read_text()
    assert (repository / "vendored" / "other.py").read_text() == STARTING
    git(repository, "add", ".")
    passed = pre_commit(repository, "run", "--all-files")
    assert passed.returncode == 0, passed.stdout


def test_as_a_plugin_of_flake8(repository: Path) -> None:
    hook = {"id": "flake8", "name": "flake8", "entry": "flake8 --select=LK", "language": "system", "types": ["python"]}
    configure(repository, [hook])
    failed = pre_commit(repository, "run", "--all-files")
    assert failed.returncode == 1, failed.stdout
    assert "leaky.py:2:5: LK101" in failed.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with what is in this checkout, to be installed by pre-commit itself."""
    folder = tmp_path_factory.mktemp("checkout")
    got = folder / "got"
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(got), "hatchling"]
    if subprocess.run(fetch, capture_output=True, check=False).returncode:
        pytest.skip("pip has nothing to install from here")
    source = folder / "leaklint"
    list_files = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(list_files, cwd=ROOT, capture_output=True, check=True)
    for name in filter(None, os.fsdecode(listed.stdout).split("\0")):
        if (ROOT / name).is_file() and name.split("/")[0] not in ("tests", "benchmarks", "fixtures"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    git(source, "init", "--quiet")
    git(source, "add", ".")
    git(source, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "--no-verify", "-m", "all")
    return source


def test_pre_commit_installs_the_hook_from_the_checkout(repository: Path, checkout: Path) -> None:
    """Clone, environment and installation by pre-commit itself."""
    done = pre_commit(repository, "try-repo", str(checkout), "leaklint", "--all-files")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "leaky.py:2:5: LK101" in done.stdout


def test_as_an_additional_dependency_of_flake8(repository: Path, checkout: Path, tmp_path: Path) -> None:
    """As a wheel, as an index has it; the other test builds one in an environment of its own."""
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(checkout)]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    flake8 = {
        "id": "flake8",
        "name": "flake8",
        "entry": "flake8 --select=LK",
        "language": "python",
        "types": ["python"],
    }
    configure(repository, [{**flake8, "additional_dependencies": ["flake8", str(wheel)]}])
    done = pre_commit(repository, "run", "--all-files")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "leaky.py:2:5: LK101" in done.stdout
