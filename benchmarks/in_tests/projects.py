"""Findings on released packages, put to their own unedited tests, before and after the release that repaired them.

    python benchmarks/in_tests/projects.py --work FOLDER --python PATH [--only NAME]

PATH is a Python 3.9, for which these releases were made. For each project: a virtual environment, the sdist of the
release before from pip's index, ``leaklint check`` on what was installed, the tests under ``--leaklint``; then the
release after in its place, and its own tests with the same findings. Everything is written to ``projects.md``; what
earlier runs in FOLDER have shown is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from fetching import ONLY_SOURCE, downloaded, extract

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


class Project(NamedTuple):
    """``tests`` are arguments of pytest, ``files`` what the tests need beside the installed package."""

    name: str
    before: str
    after: str
    package: str
    needs: tuple[str, ...]
    files: tuple[str, ...]
    tests: tuple[str, ...]


PROJECTS = (
    Project(
        "python-dateutil", "2.7.5", "2.8.0", "dateutil",
        ("pytest<9", "six", "freezegun==1.5.1", "hypothesis"), ("dateutil/test",), ("dateutil/test",),
    ),
    Project(
        "flake8", "4.0.1", "5.0.0", "flake8",
        ("pytest<9", "mccabe<0.8", "pycodestyle<2.10", "pyflakes<2.6", "setuptools<66"), ("tests",), ("tests",),
    ),
    Project(
        "tornado", "5.0.1", "5.0.2", "tornado",
        ("pytest<8", "setuptools<66"), (),
        ("--pyargs", "tornado.test.ioloop_test", "tornado.test.gen_test", "tornado.test.asyncio_test"),
    ),
)  # fmt: skip
OPTIONS = ("-q", "-p", "no:cacheprovider", "-p", "leaklint_runtime.pytest_plugin", "-W", "ignore", "--tb=no")
CONFIRMED, REFUTED = "confirmed", "refuted"


def run(words: list[str], folder: Path, **environment: str) -> str:
    """Run a command and return what it printed. Byte code is kept, as where leaklint is installed."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        words, cwd=folder, text=True, check=False, env={**kept, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    return done.stdout


def sdist(project: Project, version: str, work: Path, python: Path) -> Path:
    """Return the folder of a release's unpacked source distribution. Raises ``CalledProcessError`` if pip has none."""
    pin = f"{project.name}=={version}"
    folder = work / "sources" / pin
    if not folder.exists():
        downloaded(pin, work / "files" / pin, (*ONLY_SOURCE, "--no-build-isolation"), python)
        extract(work / "files" / pin, folder)
    return next(path for path in folder.iterdir() if path.is_dir())


def installed(project: Project, folder: Path, python: Path, work: Path) -> Path:
    """Install a release over the other and return where its package lies."""
    output = run([str(python), "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", str(folder)], work)
    asked = f"import importlib.util as u; print(u.find_spec({project.package!r}).submodule_search_locations[0])"
    place = run([str(python), "-c", asked], work).strip()
    if not Path(place).is_dir():
        sys.exit(f"{project.name}: not installed: {output}")
    return Path(place)


def own_tests(project: Project, folder: Path, place: Path) -> list[str]:
    """Copy a release's tests into the folder ``place``, made anew; return the arguments of pytest that run them there."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name in project.files:
        shutil.copytree(folder / name, place / name.rpartition("/")[2])
    return [name.rpartition("/")[2] if name in project.files else name for name in project.tests]


def tested(project: Project, folder: Path, python: Path, work: Path, findings: Path) -> tuple[str, dict[str, str]]:
    """Run a release's tests from a folder of their own; return the output's end and the verdicts by symbol."""
    place = work / f"tests-{folder.name}"
    tests = own_tests(project, folder, place)
    options = ["--leaklint", "--leaklint-findings", str(findings), "--leaklint-json", str(place / "verdicts.json")]
    words = [str(python), "-m", "pytest", *OPTIONS, *options, *tests]
    output = run(words, place, PYTHONPATH=str(ROOT / "runtime"))
    report = json.loads((place / "verdicts.json").read_text())
    verdicts = {one["symbol"]: one["verdict"]["status"] for one in report["findings"]}
    at = output.find("= leaklint =")
    return output[output.rfind("\n", 0, at) + 1 :], verdicts


def measured(project: Project, work: Path, base: str) -> tuple[str, bool]:
    """Return the section on a project, and whether a finding was confirmed before and refuted after."""
    python = work / f"env-{project.name}" / "bin" / "python"
    if not python.exists():
        subprocess.run([base, "-m", "venv", str(python.parents[1])], check=True)
    run([str(python), "-m", "pip", "install", "-q", "wheel", *project.needs], work)
    before, after = (sdist(project, version, work, python) for version in (project.before, project.after))
    findings = work / f"{project.name}.json"
    place = installed(project, before, python, work)
    words = [sys.executable, "-m", "leaklint", "check", "--exit-zero", "--output-format", "json"]
    run([*words, "--output-file", str(findings), str(place)], work)
    first, was = tested(project, before, python, work, findings)
    installed(project, after, python, work)
    second, became = tested(project, after, python, work, findings)
    flipped = [name for name, status in was.items() if status == CONFIRMED and became.get(name) == REFUTED]
    command = f"pytest --leaklint --leaklint-findings {findings.name} {' '.join(project.tests)}"
    parts = [f"## {project.name} {project.before} and {project.after}\n"]
    parts.append(
        f"Confirmed by the tests before, refuted after: {', '.join(f'`{one}`' for one in flipped) or 'none'}.\n"
    )
    for version, output in ((project.before, first), (project.after, second)):
        parts.append(f"`{command}` on {version}:\n\n```text\n{_plain(output, work)}\n```\n")
    return "\n".join(parts), bool(flipped)


def _plain(text: str, work: Path) -> str:
    """Take the folders of this machine and the addresses out of an output."""
    text = text.replace(str(work) + "/", "").strip()
    text = re.sub(r"(\.\./)*[\w./-]*site-packages/", "", text)
    return re.sub(r"(?m)^FAILED .*\n?", "", text)


def main() -> int:
    """Measure all projects; 1 if one of them shows no flip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--only", default="", choices=[project.name for project in PROJECTS])
    args = parser.parse_args()
    work = args.work.absolute()
    work.mkdir(parents=True, exist_ok=True)
    kept = work / "sections.json"
    sections: dict[str, tuple[str, bool]] = json.loads(kept.read_text()) if kept.exists() else {}
    for project in PROJECTS:
        if args.only in ("", project.name):
            sections[project.name] = measured(project, work, args.python)
            kept.write_text(json.dumps(sections))
    found = [sections[project.name] for project in PROJECTS if project.name in sections]
    head = (
        "# Findings before and after, by the projects' own tests\n\nWritten by `benchmarks/in_tests/projects.py`.\n\n"
    )
    (HERE / "projects.md").write_text(head + "\n".join(text for text, _ in found))
    return 0 if all(flipped for _, flipped in found) else 1


if __name__ == "__main__":
    sys.exit(main())
