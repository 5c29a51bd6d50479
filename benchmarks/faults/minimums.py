"""The oldest dependencies that ``pyproject.toml`` admits: the tests of the main faces pass with them.

    python benchmarks/faults/minimums.py [--newest] [--audit] [--keep DIR] [TEST ...]

makes a virtual environment of this Python, installs the checkout in it with every dependency at its minimum (``--newest``:
at the newest that the index has), and runs the tests named (default: those of the engine, the command line, flake8, the
repairs, the pytest plugin and the memory ledger). ``--audit`` asks pip-audit for known vulnerabilities of what is installed
then, which needs its service on the network. The exit status is 1 if a test failed or a vulnerability is known.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[2]
PINNED = ("memory",)  # extras that a user may have beside what everybody has; pytest is a host
NEEDED_BY_TESTS = ["hypothesis", "jsonschema"]
TESTS = ["test_engine", "test_cli_check", "test_cli_fix", "test_flake8", "test_rules", "test_fixing", "test_source",
         "test_pytest_plugin", "test_memory"]  # fmt: skip


def minimums() -> list[str]:
    """Return ``name==version`` for what the project needs, its ``memory`` extra, and pytest."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *(item for name in PINNED for item in extras[name])]
    wanted += [item for item in extras["test"] if item.startswith("pytest>=")]
    return [re.sub(r">=([^,]+).*", r"==\1", item) for item in wanted]


def main() -> int:
    """Make the environment, run the tests, ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--newest", action="store_true", help="the newest instead")
    parser.add_argument("--audit", action="store_true", help="run pip-audit as well")
    parser.add_argument("--keep", type=Path, help="make the environment there and leave it")
    parser.add_argument("tests", nargs="*", default=TESTS, metavar="TEST")
    args = parser.parse_args()
    pins = minimums()
    if args.newest:
        pins = [pin.partition("==")[0] for pin in pins]
    with tempfile.TemporaryDirectory(prefix="leaklint-") as scratch:
        place = args.keep or Path(scratch, "env")
        venv.create(place, with_pip=True, symlinks=True)
        python = str(place / "bin" / "python")
        run([python, "-m", "pip", "install", "--quiet", *pins, *NEEDED_BY_TESTS, "-e", str(ROOT)])
        print(run([python, "-m", "pip", "list", "--format", "freeze"]).replace("\n", " "), flush=True)
        files = [f"tests/{name}.py" for name in args.tests]
        words = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-o", "addopts=", *files]
        status = subprocess.run(words, cwd=ROOT, check=False).returncode
        if args.audit:
            run([python, "-m", "pip", "install", "--quiet", "pip-audit"])
            status |= subprocess.run(
                [python, "-m", "pip_audit", "--skip-editable"], cwd=scratch, check=False
            ).returncode
    return 1 if status else 0


def run(words: list[str]) -> str:
    """Run a command that has to succeed and return its output."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words[:6])} failed: {done.stderr.strip()[-1500:]}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
