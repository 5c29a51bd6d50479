"""The settings of a run: their defaults, and the nearest ``pyproject.toml`` that speaks of leaklint.

Settings are values: a command line returns a changed copy. Nothing here imports the code under analysis, and a
configuration cannot run code; it can only name a factory that ``leaklint verify`` calls when the user asks for it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, get_args

from leaklint.model import Confidence, Finding
from leaklint.nearest import closest
from leaklint.records import dataclass, field, replace

if TYPE_CHECKING:
    from leaklint.contracts.model import Package

DEFAULT_EXCLUDE: tuple[str, ...] = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".hg",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tox",
    ".venv",
    ".vscode",
    "CVS",
    "__pycache__",
    "__pypackages__",
    "_build",
    "buck-out",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
)

LEVELS: tuple[Confidence, ...] = get_args(Confidence)


class ConfigError(Exception):
    """A configuration that cannot be used. The text is one line: file, line, what is wrong, the way out."""


@dataclass(frozen=True, slots=True)
class Verify:
    """``[tool.leaklint.verify]``: how ``leaklint verify`` makes objects and where it runs.

    ``factory`` is used for every subject that ``factories`` (``module:Qualified.Name`` of the subject to
    ``module:function`` or ``file.py:function``) does not name. ``scenarios`` are files that register factories.
    ``python`` is the interpreter of the child process, empty for the running one. ``rounds`` counts experiments a
    finding, ``timeout`` is in seconds a finding; 0 keeps the command's default. ``memory_limit`` is in megabytes a
    finding, 0 for none; -1 keeps the command's default.
    """

    factory: str = ""
    factories: tuple[tuple[str, str], ...] = ()
    scenarios: tuple[str, ...] = ()
    python: str = ""
    rounds: int = 0
    timeout: float = 0.0
    memory_limit: int = -1


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides what a run reads and shows.

    ``root`` is the folder that patterns and relative paths of the settings count from, ``source`` the file they were
    read from, if any. Codes are whole (``LK101``) or
    prefixes (``LK1``). ``confidence`` is the lowest level shown. ``per_file_ignores`` holds pairs of a path pattern and
    codes. ``bounded_classes`` to ``singletons`` declare facts of a project by dotted name: classes whose containers are
    bounded, containers that hold weakly, functions that keep their argument for as long as the process lives, and
    classes that are made once; ``contracts`` say the same and more, in the form of docs/contracts.md.
    ``jobs`` counts processes, 0 for as many as there are processors; no result depends on it.
    ``observed`` are findings of holders that a run has shown to grow; they come from a command line, not from a file.
    """

    root: str = ""
    source: str = ""
    select: tuple[str, ...] = ("LK",)
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    confidence: Confidence = "medium"
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    respect_gitignore: bool = True
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    baseline: str = ""
    noqa: bool = True
    bounded_classes: tuple[str, ...] = ()
    weak_containers: tuple[str, ...] = ()
    registrars: tuple[str, ...] = ()
    singletons: tuple[str, ...] = ()
    contracts: tuple[Package, ...] = ()
    verify: Verify = field(default_factory=Verify)
    jobs: int = 0
    observed: tuple[Finding, ...] = ()


def is_code(text: str) -> bool:
    """Tell whether ``text`` has the form of a code (``LK101``) or of what codes begin with."""
    return re.match(r"LK\d{0,3}\Z", text, re.ASCII) is not None


def load(start: str | os.PathLike[str]) -> Settings:
    """Return the settings of the nearest ``pyproject.toml`` at or above ``start`` that has a ``[tool.leaklint]`` table.

    Files without that table are passed over. Without any, the defaults count from the working directory. Raises
    ``ConfigError`` for a file that cannot be read or that says what leaklint does not know.
    """
    folder, below = os.path.abspath(start), ""
    while folder != below:
        settings = read(os.path.join(folder, "pyproject.toml"))
        if settings is not None:
            return _with_installed(settings)
        folder, below = os.path.dirname(folder), folder
    return _with_installed(Settings(root=os.getcwd()))


def _with_installed(settings: Settings) -> Settings:
    """Return settings with the contracts that packages installed beside the project bring along."""
    from leaklint.contracts.beside import installed

    found = installed(settings.root)
    return replace(settings, contracts=(*settings.contracts, *found)) if found else settings


def load_file(path: str | os.PathLike[str]) -> Settings:
    """Return the settings of one named file; a file without a ``[tool.leaklint]`` table is an error."""
    if not os.path.isfile(path):
        raise ConfigError(f"{path}: no such configuration file")
    settings = read(path)
    if settings is None:
        raise ConfigError(f"{path}: no [tool.leaklint] table; add one, or drop --config")
    return _with_installed(settings)


def read(path: str | os.PathLike[str]) -> Settings | None:
    """Return the settings of one ``pyproject.toml``, or None if it is missing or has no ``[tool.leaklint]`` table.

    Raises ``ConfigError``. A file that never mentions leaklint is not parsed, so its mistakes do not matter here.
    """
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path}: cannot read the configuration: {error.strerror}") from error
    if b"leaklint" not in data:
        return None
    import tomllib

    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
        table = tomllib.loads(text).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid TOML: {str(error).splitlines()[0]}") from error
    if not isinstance(table, dict) or "leaklint" not in table:
        return None
    return _TableReader(os.fspath(path), text).settings(table["leaklint"])


@dataclass(frozen=True, slots=True)
class _TableReader:
    """Turn a parsed table into settings, and every mistake into one line with its place."""

    path: str
    text: str

    def settings(self, table: Any) -> Settings:
        values = self._convert(table, _KEYS, "tool.leaklint")
        if "verify" in values:
            values["verify"] = Verify(**self._convert(values["verify"], _VERIFY_KEYS, "tool.leaklint.verify"))
        if "contracts" in values:
            values["contracts"] = (self._contracts(values["contracts"]),)
        folder = os.path.dirname(os.path.join(os.getcwd(), self.path))
        return replace(Settings(root=folder, source=self.path), **values)

    def _convert(self, table: Any, keys: Mapping[str, _Convert], name: str) -> dict[str, Any]:
        if not isinstance(table, dict):
            raise self._error(name, name.rsplit(".", 1)[-1], "must be a table")
        values = {}
        for key, value in table.items():
            if key not in keys:
                raise self._error(name, key, f"unknown key in [{name}]{closest(key, keys)}")
            try:
                values[key.replace("-", "_")] = keys[key](value)
            except ValueError as error:
                raise self._error(name, key, str(error)) from error
        return values

    def _contracts(self, tables: Any) -> Package:
        from leaklint.contracts.reader import ContractError, package

        if not isinstance(tables, dict):
            raise self._error("tool.leaklint", "contracts", "must be a table")
        try:
            return package(tables, "contracts")
        except ContractError as error:
            text = str(error).removeprefix("contracts: ")
            raise self._error("tool.leaklint", "contracts", text) from error

    def _error(self, table: str, key: str, message: str) -> ConfigError:
        return ConfigError(f"{self.path}:{line_of(self.text, table, key)}: {key}: {message}")


def line_of(text: str, table: str, key: str) -> int:
    """Return the line (from 1) where TOML ``text`` sets ``key`` of ``table``, else that of the table, else 1.

    ``tomllib`` gives no positions, so headers and keys are read by their shape; a key inside an inline table is
    answered with the line of its table.
    """
    header = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
    wanted, current, found = table.split("."), [], 1
    for number, line in enumerate(text.splitlines(), start=1):
        match = header.match(line)
        if match:
            current = [part.strip().strip("\"'") for part in match[1].split(".")]
            if current == [*wanted, key]:
                return number
            found = number if current == wanted else found
            continue
        name = re.match(r"\s*([^=#]+?)\s*=", line)
        if name and _dotted(current, name[1])[: len(wanted) + 1] == [*wanted, key]:
            return number
    return found


def _dotted(table: list[str], key: str) -> list[str]:
    return [*table, *(part.strip().strip("\"'") for part in key.split("."))]


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of strings")
    return tuple(value)


def _codes(value: Any) -> tuple[str, ...]:
    for code in _strings(value):
        if not is_code(code):
            raise ValueError(f"{code!r} is no code; write LK, LK1 or LK101")
    return tuple(value)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a string")
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _level(value: Any) -> Confidence:
    for level in LEVELS:
        if value == level:
            return level
    raise ValueError(f"must be one of {', '.join(LEVELS)}")


def _per_file(value: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise ValueError("must be a table of path patterns to lists of codes")
    return tuple((pattern, _codes(codes)) for pattern, codes in value.items())


def _factories(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ValueError("must be a table of subjects (module:Class) to factories (module:function)")
    return tuple((subject, _string(factory)) for subject, factory in value.items())


def _positive(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < float("inf"):
        raise ValueError("must be a number above 0")
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError("must be a whole number above 0")
    return value


def _amount(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("must be a whole number, 0 for no limit")
    return value


_Convert = Callable[[Any], Any]

_KEYS: dict[str, _Convert] = {
    "select": _codes,
    "extend-select": _codes,
    "ignore": _codes,
    "confidence": _level,
    "exclude": _strings,
    "extend-exclude": _strings,
    "force-exclude": _boolean,
    "respect-gitignore": _boolean,
    "per-file-ignores": _per_file,
    "baseline": _string,
    "bounded-classes": _strings,
    "weak-containers": _strings,
    "registrars": _strings,
    "singletons": _strings,
    "contracts": lambda value: value,
    "jobs": _amount,
    "verify": lambda value: value,
}

_VERIFY_KEYS: dict[str, _Convert] = {
    "factory": _string,
    "factories": _factories,
    "scenarios": _strings,
    "python": _string,
    "rounds": _count,
    "timeout": _positive,
    "memory-limit": _amount,
}
