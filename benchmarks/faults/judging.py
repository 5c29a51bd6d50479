"""Whether ``leaklint check`` and ``leaklint fix`` take a folder as they should, whatever lies in it.

Both run in a process of their own with a limit on its processor time, so that a crash of the interpreter and a hang are
complaints like any other. What is demanded: a status of 0 or 1, no internal error, problems of one line, no control
character on the terminal, and from ``fix`` also that every file that was a program is one still, that files without a
repair keep their bytes, and that nothing lies anywhere that did not lie there before.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import resource
import signal
import stat
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leaklint.cli import main
from leaklint.source import Source, SourceError

CPU_SECONDS = 60
Digests = dict[str, str]


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """What one command printed, and its status."""

    status: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Judged:
    """How many findings, problems and repairs a folder gave, and what was wrong."""

    findings: int = 0
    problems: int = 0
    repaired: int = 0
    complaints: tuple[str, ...] = ()


def judged(folder: Path, outside: Path | None = None, cpu: int = CPU_SECONDS) -> Judged:
    """Check and repair ``folder`` in a process of its own; nothing below ``outside`` may change meanwhile."""
    before = digests(outside) if outside else {}
    value, ending = in_child(lambda: _judge(folder), cpu)
    if ending:
        return Judged(complaints=(f"the process {ending}",))
    found = Judged(**{**value, "complaints": tuple(value["complaints"])})
    if outside and digests(outside) != before:
        return Judged(found.findings, found.problems, found.repaired, (*found.complaints, "wrote outside of the root"))
    return found


def in_child(function: Callable[[], Any], cpu: int) -> tuple[Any, str]:
    """Return what ``function`` returns (as JSON has it) in a fork of this process, or how that process ended."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 70
        try:
            os.close(reading)
            resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 1))
            warnings.simplefilter("ignore")  # the seeds have invalid escapes
            data = json.dumps(function()).encode()
            while data:
                data = data[os.write(writing, data) :]
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with open(reading, "rb") as stream:
        data = stream.read()
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        return None, f"took more than {cpu} s of processor time" if name == "SIGXCPU" else f"was killed by {name}"
    return (json.loads(data), "") if status == 0 else (None, "failed")


def run(*words: str) -> CommandOutcome:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main(words)
        except BaseException as error:
            return CommandOutcome(-1, out.getvalue(), f"{type(error).__name__} got out: {error}")
    return CommandOutcome(status, out.getvalue(), err.getvalue())


def digests(folder: Path) -> Digests:
    """Return the SHA-256 of every regular file below ``folder``, and the kind of everything else."""
    found = {}
    for top, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = os.path.join(top, name)
            mode = os.lstat(path).st_mode
            found[path] = f"kind {stat.S_IFMT(mode):o}"
            if stat.S_ISREG(mode):
                with contextlib.suppress(OSError):
                    found[path] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    return found


def _judge(folder: Path) -> dict[str, Any]:
    complaints: list[str] = []
    before, programs = digests(folder), _programs(folder)
    checked = run("check", "--isolated", "--no-cache", "--output-format", "json", str(folder))
    report = _report(checked, complaints)
    shown = run("check", "--isolated", "--no-cache", "--confidence", "low", str(folder))
    _plain(shown, complaints)
    if digests(folder) != before:
        complaints.append("check changed something")
    fixed = run("fix", "--isolated", "--unsafe-fixes", "--output-format", "json", str(folder))
    repairs = _report(fixed, complaints)
    changed = {item["path"] for item in repairs.get("changes", ())}
    after = digests(folder)
    for path in sorted(before.keys() | after.keys()):
        if before.get(path) != after.get(path) and path not in {os.path.abspath(item) for item in changed}:
            complaints.append(f"fix changed {path!r}, and did not say so")
    complaints += [f"{path!r} is no program any more" for path in sorted(programs - _programs(folder))]
    complaints += [
        f"a problem of several lines: {item!r}" for item in report.get("problems", ()) if "\n" in item["message"]
    ]
    return {
        "findings": len(report.get("findings", ())),
        "problems": len(report.get("problems", ())),
        "repaired": len(repairs.get("repaired", ())),
        "complaints": complaints,
    }


def _report(outcome: CommandOutcome, complaints: list[str]) -> dict[str, Any]:
    refused = outcome.status == 2 and '"was left alone: ' in outcome.out  # a file that cannot be written back
    if (outcome.status not in (0, 1) and not refused) or outcome.err:
        complaints.append(f"status {outcome.status}: {outcome.err.strip()[:500]}")
        return {}
    try:
        value: dict[str, Any] = json.loads(outcome.out)
    except ValueError as error:
        complaints.append(f"no JSON: {error}")
        return {}
    return value


def _plain(outcome: CommandOutcome, complaints: list[str]) -> None:
    """Demand lines without control characters, each a finding's or a problem's."""
    if outcome.status not in (0, 1):
        complaints.append(f"status {outcome.status} as text: {outcome.err.strip()[:500]}")
    odd = {letter for letter in outcome.out + outcome.err if not (letter.isprintable() or letter == "\n")}
    if odd - set("\u00a0\u3000\t"):
        complaints.append(f"control characters on the terminal: {sorted(odd)!r}")


def _programs(folder: Path) -> set[str]:
    found = set()
    for top, _, files in os.walk(folder):
        for name in files:
            path = os.path.join(top, name)
            if name.endswith(".py") and stat.S_ISREG(os.lstat(path).st_mode):
                with contextlib.suppress(SourceError):
                    _ = Source.read(path).tree
                    found.add(path)
    return found
