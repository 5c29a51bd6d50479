"""Where the benchmark lives: the old Python, the environments made with it, and the application that is loaded."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).parent
VERSION, REPAIRED_UPSTREAM = "4.3.4", "4.4.0"


class SetupError(Exception):
    """The benchmark cannot be set up; the text is one line for people."""


def default_work() -> Path:
    """Return the folder below the user's caches that is used without ``--work``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "leaklint", "mindmeld")


def old_python() -> Path | None:
    """Return a Python 3.8 that starts: ``python3.8`` on the path, else one of pyenv's; None if there is none."""
    return next(filter(_is_wanted, _candidates()), None)


def _candidates() -> Iterator[Path]:
    found = shutil.which("python3.8")
    if found:
        yield Path(found)
    for root in (os.environ.get("PYENV_ROOT"), Path.home() / ".pyenv"):
        if root:
            yield from sorted(Path(root, "versions").glob("3.8*/bin/python"), reverse=True)


def _is_wanted(python: Path) -> bool:
    """Tell whether it runs and is a 3.8: a shim of pyenv may stand for a version that is switched off."""
    ask = "import sys; sys.exit(sys.version_info[:2] != (3, 8))"
    try:
        return subprocess.run([str(python), "-c", ask], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def environment(work: Path, python: Path) -> Path:
    """Return the interpreter of the environment that has MindMeld 4.3.4, making it if need be (about two minutes)."""
    requirements = HERE / "requirements.txt"
    steps = [["--no-deps", f"mindmeld=={VERSION}"], ["-r", str(requirements)]]
    return _made(work / "env", python, steps, requirements.read_text())


def plotting(work: Path) -> Path:
    """Return the interpreter of an environment that has matplotlib, made with the running Python if need be."""
    return _made(work / "plot", Path(sys.executable), [["matplotlib>=3.8"]], "")


def upstream(work: Path, python: Path) -> Path:
    """Return the folder that holds the unpacked release in which MindMeld's authors had repaired the leak."""
    folder = work / f"mindmeld-{REPAIRED_UPSTREAM}"
    if not _is_complete(folder, ""):
        shutil.rmtree(folder, ignore_errors=True)
        wanted = f"mindmeld=={REPAIRED_UPSTREAM}"
        _pip(python, "install", "--no-deps", "--no-compile", "--target", str(folder), wanted)
        _complete(folder, "")
    return folder


def _made(folder: Path, base: Path, steps: Sequence[Sequence[str]], recipe: str) -> Path:
    python = folder / "bin" / "python"
    if not _is_complete(folder, recipe):
        shutil.rmtree(folder, ignore_errors=True)
        _run([str(base), "-m", "venv", str(folder)])
        for words in steps:
            _pip(python, "install", *words)
        _complete(folder, recipe)
    return python


def _is_complete(folder: Path, recipe: str) -> bool:
    """Tell whether the folder was filled to its end by this recipe: an interrupted installation is made anew."""
    mark = folder / "complete"
    return mark.is_file() and mark.read_text() == _digest(recipe)


def _complete(folder: Path, recipe: str) -> None:
    (folder / "complete").write_text(_digest(recipe))


def _digest(recipe: str) -> str:
    return hashlib.sha256(recipe.encode()).hexdigest()


def _pip(python: Path, *words: str) -> None:
    _run([str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", *words])


def _run(command: Sequence[str]) -> None:
    """Run a command of the set-up. Raises ``SetupError`` with the last line it said if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        lines = done.stdout.strip().splitlines()
        raise SetupError(f"{' '.join(command)} failed: {lines[-1] if lines else f'status {done.returncode}'}")


def application(folder: Path, queries: int, config: str = "") -> Path:
    """Write the folder of a MindMeld application with one intent and so many training queries, and return it."""
    shutil.rmtree(folder, ignore_errors=True)
    intent = folder / "domains" / "greeting" / "hello"
    intent.mkdir(parents=True)
    (folder / "entities").mkdir()
    (folder / "config.py").write_text(config)
    (intent / "train.txt").write_text("".join(f"{line}\n" for line in itertools.islice(_phrases(), queries)))
    return folder


_WORDS = (
    ("hello", "hi", "hey", "greetings", "welcome"),
    ("there", "friend", "everyone", "folks", "all"),
    ("how are you", "nice to see you", "good morning", "what is up"),
    ("today", "now", "again", "tomorrow", "please"),
)


def _phrases() -> Iterator[str]:
    """Yield up to 500 different greetings."""
    return map(" ".join, itertools.product(*_WORDS))


def copied(python: Path, folder: Path) -> Path:
    """Copy the installed package as it was released into ``folder``, which becomes its import root."""
    shutil.rmtree(folder, ignore_errors=True)
    ask = "import sysconfig; print(sysconfig.get_paths()['purelib'])"
    site = subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True).stdout.strip()
    shutil.copytree(Path(site, "mindmeld"), folder / "mindmeld", ignore=shutil.ignore_patterns("__pycache__"))
    return folder
