"""Linters beside each other on releases that shipped a leak: who points at it, and who is quiet once it is repaired?

    python benchmarks/peers/run.py --cache DIR [--only NAME ...] [--write]

takes the cases of ``../proof/releases.toml``, fetches both releases of each from the package index, unpacks them below DIR, and
runs leaklint's default selection, ruff (B006, B019, RUF012) and pylint (W0102, W1518) on the whole package, never its code.
A tool *points at* the leak if one of its findings stands on a line that names the container (for a memoised method: on its
decorators or its ``def`` line; where no expression names the holder: inside the class that is kept). ``--write`` keeps the
table in ``README.md``. ruff and pylint are installed into an environment of their own below DIR.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from fetching import ONLY_BINARY, unpacked

HERE = Path(__file__).parent
CASES = HERE.parent / "proof" / "releases.toml"
PEERS = ("ruff==0.17.5", "pylint==4.1.4")
Place = tuple[str, int]


def main() -> int:
    """Run the cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True, help="the folder for what is fetched")
    parser.add_argument("--only", action="append", metavar="NAME", help="a case to run; may be repeated")
    parser.add_argument("--write", action="store_true", help="keep the table in README.md")
    args = parser.parse_args()
    cache = args.cache.absolute()
    peers = _peers(cache / "peers")
    rows = []
    for name, case in tomllib.loads(CASES.read_text()).items():
        if args.only and name not in args.only:
            continue
        cells = [_cell(name, case, cache, peers, tool) for tool in ("leaklint", "ruff", "pylint")]
        rows.append(f"| {name}: {case['package']} {case['before']} → {case['after']} | {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    if args.write:
        (HERE / "README.md").write_text(_page(rows))
    return 0


def _cell(name: str, case: dict[str, Any], cache: Path, peers: Path, tool: str) -> str:
    """Say whether the tool points at the leak before and is quiet about it after, and how much else it says."""
    places = []
    for when in ("before", "after"):
        folder = unpacked(f"{case['package']}=={case[when]}", cache, ONLY_BINARY)
        found = list(RUNNERS[tool](folder, peers))
        wanted = _places(folder, case)
        places.append((any(place in wanted for place in found), len(found)))
    (before, count), (after, later) = places
    word = "found" if before else "missed"
    quiet = "quiet" if not after else "still there"
    return f"{word}, {quiet} ({count}; {later})"


def _peers(folder: Path) -> Path:
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(folder / "bin" / "python"), "-m", "pip", "install", "-q", *PEERS], check=True)
    return folder / "bin"


def _places(folder: Path, case: dict[str, Any]) -> set[Place]:
    """Return (file, line) of everything that would be pointing at the leak."""
    file = f"{case['module'].replace('.', '/')}.py"
    path = folder / file
    if not path.exists():
        file = f"{case['module'].replace('.', '/')}/__init__.py"
        path = folder / file
    tree = ast.parse(path.read_text())
    if not case["container"]:
        wanted = case["subject"].rpartition(":")[2]
        classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == wanted)
        return {(file, line) for node in classes for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    owner, _, name = case["container"].rpartition(".")
    private = f"_{owner.lstrip('_')}"  # as Python spells private names
    name = name.removeprefix(private) if name.startswith(f"{private}__") else name
    lines = path.read_text().splitlines()
    found = {(file, number) for number, line in enumerate(lines, 1) if re.search(rf"\b{re.escape(name)}\b", line)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            found |= {(file, line.lineno) for line in node.decorator_list}
    return found


def _leaklint(folder: Path, peers: Path) -> Iterator[Place]:
    words = [sys.executable, "-m", "leaklint", "check", "--isolated", "--output-format", "json", "."]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    return ((item["path"], item["line"]) for item in json.loads(done.stdout)["findings"])


def _ruff(folder: Path, peers: Path) -> Iterator[Place]:
    words = ["check", "--isolated", "--no-cache", "--select", "B006,B019,RUF012", "--output-format", "json", "."]
    done = subprocess.run([str(peers / "ruff"), *words], cwd=folder, capture_output=True, text=True, check=False)
    for item in json.loads(done.stdout):
        yield str(Path(item["filename"]).relative_to(folder.resolve())), item["location"]["row"]


def _pylint(folder: Path, peers: Path) -> Iterator[Place]:
    words = [
        "--disable=all",
        "--enable=W0102,W1518",
        "--output-format=json",
        "--recursive=y",
        "--rcfile=/dev/null",
        ".",
    ]
    done = subprocess.run([str(peers / "pylint"), *words], cwd=folder, capture_output=True, text=True, check=False)
    return ((item["path"].removeprefix("./"), item["line"]) for item in json.loads(done.stdout or "[]"))


RUNNERS = {"leaklint": _leaklint, "ruff": _ruff, "pylint": _pylint}


def _page(rows: list[str]) -> str:
    text = f"""# Linters on releases that shipped a leak

Written by `python benchmarks/peers/run.py --cache DIR --write` on {time.strftime("%Y-%m-%d", time.gmtime())}, with
{" and ".join(PEERS)}. *found*: a finding points at the leak in the first release; *quiet*: none points there in the release
that repaired it. In brackets, how many findings the tool has in the whole package before and after, the leak among them or not.

"""
    note = """
leaklint's rules were written with leaks like these in view, several of them with these very releases, so this says what the
other tools do not look for, not how leaklint fares on code that nobody has seen; `benchmarks/precision` is about that. On pyhf
0.5.2 leaklint still points at the container: it keeps one list for each name of an event, and the lists now hold weakly.
"""
    head = "| release | leaklint | ruff B006, B019, RUF012 | pylint W0102, W1518 |\n|---|---|---|---|\n"
    return text + head + "".join(f"{row}\n" for row in rows) + note


if __name__ == "__main__":
    sys.exit(main())
