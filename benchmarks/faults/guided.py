"""Fuzzing of ``leaklint check`` and ``leaklint fix`` that is guided by what the inputs reach, with atheris (libFuzzer).

    python benchmarks/faults/guided.py [--seconds S] [--seed N] [--keep DIR]

starts from the fixtures and small programs of leaks, mutates them as bytes, and keeps what reaches new code of leaklint.
Each input is a file of its own that is checked and, in memory, repaired; an exception that gets out, a problem of several
lines, or a repair that is no program any more ends the run with status 1, and the input is left in DIR. atheris must be
installed.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import pkgutil
import random
import sys
import tempfile
import warnings
from pathlib import Path

import atheris  # type: ignore[import-not-found, unused-ignore]

sys.path.insert(0, str(Path(__file__).parent))

from making import ROOT, program

ROOMS = ("facts", "program", "repairs", "rules")  # loaded late, and only then not instrumented
with atheris.instrument_imports(include=["leaklint"]):
    import leaklint

    for module in pkgutil.walk_packages(leaklint.__path__, "leaklint."):
        if module.name.split(".")[1] in ROOMS:
            importlib.import_module(module.name)
    from leaklint.config import Settings
    from leaklint.engine import check
    from leaklint.fixing import FixOptions, plan


def main() -> int:
    """Fuzz for so long."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="how long (default: 600)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path("complaints"), help="where a bad input is left")
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # inputs have invalid escapes
    args.keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="leaklint-") as scratch:
        corpus, place = Path(scratch, "corpus"), Path(scratch, "root")
        place.mkdir()
        corpus.mkdir()
        for number, data in enumerate(_seeds(args.seed)):
            (corpus / str(number)).write_bytes(data)
        limits = [f"-max_total_time={args.seconds}", f"-seed={args.seed}", "-max_len=4000", "-timeout=60"]
        outputs = ["-print_final_stats=1", f"-artifact_prefix={args.keep}/"]
        atheris.Setup([sys.argv[0], *limits, *outputs, str(corpus)], lambda data: _try(data, place))
        atheris.Fuzz()
    return 0


def _seeds(seed: int) -> list[bytes]:
    files = [*(ROOT / "fixtures").rglob("bad.py"), *(ROOT / "tests" / "programs").glob("*.py")]
    return [*(path.read_bytes() for path in files), *(program(random.Random(f"{seed} {one}")) for one in range(100))]


def _try(data: bytes, place: Path) -> None:
    file = place / "mod.py"
    file.write_bytes(data)
    settings = Settings(root=str(place), confidence="low")
    report = check([str(place)], settings)
    if any("\n" in problem.message for problem in report.problems):
        raise AssertionError("a problem of several lines")
    for change in plan(report, settings, FixOptions((str(place),), True)).changes:
        ast.parse(change.after)


if __name__ == "__main__":
    sys.exit(main())
