"""The standard libraries of the Pythons present, their own test files among them: nothing may crash.

    python benchmarks/precision/stdlib.py [FOLDER ...]

runs ``leaklint check`` on each folder (default: the library of every Python under pyenv, else of this one; installed
packages left out), and prints lines, seconds, findings of each code, and how many files could not be read: tests of
CPython's parser are broken on purpose. The exit status is 1 if a run crashed or met an internal error.
"""

from __future__ import annotations

import sys
import sysconfig
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from checking import RunLimits, check, defective, internal


def main() -> int:
    """Check every folder."""
    folders = [Path(name) for name in sys.argv[1:]] or libraries()
    defects = 0
    for folder in folders:
        report = check(folder, RunLimits(seconds=3600))
        run, codes = report["run"], Counter(finding["code"] for finding in report["findings"])
        print(f"{folder.name}: {run['files']} files, {run['lines']} lines, {run['wall']:.0f} s, {dict(codes)}")
        print(f"  {len(report['problems'])} not read, {len(internal(report))} internal errors {run['crash']}")
        defects += defective(report)
    return 1 if defects else 0


def libraries() -> list[Path]:
    """Return the folders of the standard libraries that are present."""
    found = sorted(Path.home().glob(".pyenv/versions/*/lib/python[23].*"))
    return [path for path in found if path.is_dir()] or [Path(sysconfig.get_path("stdlib"))]


if __name__ == "__main__":
    sys.exit(main())
