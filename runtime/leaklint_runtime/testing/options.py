"""The options of the pytest plugin: each on the command line, and under the same name in the ini file.

On the command line everything defaults to ``None``, so that a value of the ini file is not hidden by a default.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple

TIMEOUT = 20.0
_SWITCHES = (
    ("leaklint", "watch the findings of leaklint while the tests run, and give each a verdict"),
    ("leaklint-discover", "tell which tests leave objects behind, and in which holder, without any finding"),
    ("leaklint-discover-repeat", "the same, and call each test that leaves something again to be sure"),
    ("leaklint-verify", "add a test item for each finding, which proves it in a child process"),
    (
        "leaklint-exit-zero",
        "do not fail the run because of findings that the tests confirm, or of what tests leave behind",
    ),
    ("leaklint-strict", "fail where a finding could not be reached"),
)
_VALUES = (
    ("leaklint-findings", "FILE", "read the findings from this JSON report of leaklint check"),
    ("leaklint-harvest", "FILE", "record how flagged classes are made, for leaklint verify --harvest FILE"),
    ("leaklint-json", "FILE", "write the findings with their verdicts to this file"),
    ("leaklint-timeout", "SECONDS", f"for each item of --leaklint-verify (default: {TIMEOUT:g})"),
)
_LISTS = (
    ("leaklint-path", "PATH", "analyse this path instead of the root folder; may be repeated"),
    (
        "leaklint-discover-ignore",
        "PATTERN",
        "holders that --leaklint-discover leaves out, module:path; may be repeated",
    ),
    ("leaklint-scenario", "FILE", "make objects as this scenario or harvest says; may be repeated"),
)


_ASKING = ("leaklint", "leaklint_verify", "leaklint_harvest", "leaklint_discover", "leaklint_discover_repeat")


class PluginOptions(NamedTuple):
    """What was asked for; paths are absolute, ``timeout`` is in seconds."""

    root: str
    watch: bool
    verify: bool
    exit_zero: bool
    strict: bool
    findings: str
    harvest: str
    json: str
    timeout: float
    paths: tuple[str, ...]
    scenarios: tuple[str, ...]
    discover: bool = False
    repeat: bool = False
    ignored: tuple[str, ...] = ()

    @property
    def needs_findings(self) -> bool:
        """Tell whether anything was asked for that is about findings."""
        return self.watch or self.verify or bool(self.harvest)


def add(parser: Any) -> None:
    """Declare the options and their twins."""
    group = parser.getgroup("leaklint", "proving memory leaks (leaklint)")
    for name, text in _SWITCHES:
        place = name.replace("-", "_")
        group.addoption(f"--{name}", dest=place, action="store_const", const=True, default=None, help=text)
        group.addoption(f"--no-{name}", dest=place, action="store_const", const=False, help=f"not --{name}")
        parser.addini(place, text, type="bool", default=False)
    for name, shown, text in _VALUES:
        group.addoption(f"--{name}", dest=name.replace("-", "_"), metavar=shown, default=None, help=text)
        parser.addini(name.replace("-", "_"), text, default="")
    for name, shown, text in _LISTS:
        place = name.replace("-", "_")
        group.addoption(f"--{name}", dest=place, metavar=shown, action="append", default=None, help=text)
        parser.addini(place, text, type="args", default=[])


def asked(config: Any) -> bool:
    """Tell whether the run has to do more than serve the fixture and the marker."""
    return any(_value(config, name) for name in _ASKING)


def _value(config: Any, name: str) -> Any:
    given = config.getoption(name, default=None)
    return config.getini(name) if given is None else given


def read(config: Any) -> PluginOptions:
    """Return the settings of a run. Raises ``ValueError`` with one line for a value that cannot be used."""
    root = str(getattr(config, "rootpath", "") or config.rootdir)

    def path(name: str) -> str:
        found = _value(config, name)
        folder = root if config.getoption(name, default=None) is None else os.getcwd()
        return os.path.join(folder, found) if found else ""

    def paths(name: str) -> tuple[str, ...]:
        folder = root if config.getoption(name, default=None) is None else os.getcwd()
        return tuple(os.path.join(folder, item) for item in _value(config, name))

    scenarios = paths("leaklint_scenario")
    for file in scenarios:
        if not os.path.isfile(file):
            raise ValueError(f"leaklint_scenario: {file}: no such file")
    harvest = path("leaklint_harvest")
    if harvest and not harvest.endswith(".json"):
        raise ValueError(f"leaklint_harvest: {harvest}: the name must end in .json")
    return PluginOptions(
        root=root,
        watch=bool(_value(config, "leaklint")),
        verify=bool(_value(config, "leaklint_verify")),
        exit_zero=bool(_value(config, "leaklint_exit_zero")),
        strict=bool(_value(config, "leaklint_strict")),
        findings=path("leaklint_findings"),
        harvest=harvest,
        json=path("leaklint_json"),
        timeout=_seconds(_value(config, "leaklint_timeout")),
        paths=paths("leaklint_path") or (root,),
        scenarios=scenarios,
        discover=bool(_value(config, "leaklint_discover") or _value(config, "leaklint_discover_repeat")),
        repeat=bool(_value(config, "leaklint_discover_repeat")),
        ignored=tuple(_value(config, "leaklint_discover_ignore")),
    )


def _seconds(text: Any) -> float:
    if not text:
        return TIMEOUT
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ValueError(f"leaklint_timeout: must be a number of seconds above 0, not {text}")
    return value
