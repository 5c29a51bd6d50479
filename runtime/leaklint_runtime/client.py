"""The caller's side: start an interpreter, send it probes, read verdicts from the private pipe.

Works from any Python 3.8+, so that a test plugin inside the target's environment can use it as well as the command
line.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Iterator, Sequence

from .child import Options
from .lanes import describe, import_limit
from .patience import WAITS
from .run import BOOT, IMPORTED
from .wire import WireProbe, WireVerdict, dumps, plain, unreached, verdict_from

FOLDER = os.path.dirname(os.path.abspath(__file__))
Listener = Callable[[int, WireVerdict], None]
_GRACE = 30.0


class InterpreterError(Exception):
    """The interpreter could not be started or does not run this package; the text says why."""


def prove(
    probes: Sequence[WireProbe], options: Options, python: str, on_verdict: Listener | None = None
) -> list[WireVerdict]:
    """Return a verdict for each probe, in order; ``on_verdict`` hears of each as it comes.

    Raises ``InterpreterError`` if ``python`` cannot be started at all. An interpreter that is lost on the way is
    started again for what is left.
    """
    found: dict[int, WireVerdict] = {}
    scratch = tempfile.mkdtemp(prefix="leaklint-")
    lock = threading.Lock()

    def keep(index: int, verdict: WireVerdict) -> None:
        with lock:
            found.setdefault(index, verdict)
            if on_verdict is not None:
                on_verdict(index, verdict)

    try:
        options = options._replace(scratch=scratch)
        forks = options.isolation == "fork" and hasattr(os, "fork")
        (_together if forks else _apart)(probes, options, python, found, keep)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return [found[index] for index in range(len(probes))]


def _together(
    probes: Sequence[WireProbe], options: Options, python: str, verdicts: dict[int, WireVerdict], keep: Listener
) -> None:
    """One supervisor for all; started again without the finding that was first in line if it is lost."""
    while len(verdicts) < len(probes):
        left = [index for index in range(len(probes)) if index not in verdicts]
        before = len(verdicts)
        with TargetSession(python, [probes[index] for index in left], options) as session:
            for place, verdict in session.verdicts():
                keep(left[place], verdict)
        if len(verdicts) == before:
            if not session.spoke:
                raise InterpreterError(f"{python} cannot run the probes: {session.complaint()}")
            keep(left[0], unreached("the proving process was lost"))


def _apart(
    probes: Sequence[WireProbe], options: Options, python: str, verdicts: dict[int, WireVerdict], keep: Listener
) -> None:
    """A fresh process for each, for platforms without fork."""

    def prove_alone(index: int) -> None:
        with TargetSession(python, [probes[index]], options._replace(isolation="fresh")) as session:
            for _, verdict in session.verdicts():
                keep(index, verdict)
            if index not in verdicts and session.spoke:
                keep(index, unreached(session.ending(options.timeout)))
        if not session.spoke:
            raise InterpreterError(f"{python} cannot run the probes: {session.complaint()}")

    with ThreadPoolExecutor(max(1, options.jobs)) as pool:
        list(pool.map(prove_alone, range(len(probes))))


class TargetSession:
    """One run of the target's interpreter; a context manager that never leaves it behind."""

    def __init__(self, python: str, probes: Sequence[WireProbe], options: Options) -> None:
        self.spoke = False
        self.alone = options.isolation != "fork"
        self._nonce = os.urandom(16).hex() if self.alone else ""
        self._timeout = options.timeout
        limit = import_limit(options.timeout)
        self._silence = limit if self.alone else WAITS * (limit + options.timeout) + _GRACE
        self._late = False
        self._errors: list[bytes] = []
        request = dumps({"probes": [plain(probe) for probe in probes], "options": _plain_options(options)}).encode()
        try:
            self._process = subprocess.Popen(
                [python, "-c", BOOT, FOLDER],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={"PYTHONHASHSEED": "0", **os.environ, "TMPDIR": options.scratch},
                start_new_session=True,
            )
        except OSError as error:
            raise InterpreterError(f"cannot start {python}: {error.strerror or error}") from None
        nonce = self._nonce + "\n" if self.alone else ""
        self._start(self._write, b"%d\n%s%s" % (len(request), request, nonce.encode()))
        self._start(self._drain)

    def __enter__(self) -> TargetSession:
        return self

    def __exit__(self, *_: Any) -> None:
        process = self._process
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _start(self, function: Callable[..., None], *arguments: Any) -> None:
        threading.Thread(target=function, args=arguments, daemon=True).start()

    def _write(self, data: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(data)
            self._process.stdin.flush()
        except (OSError, ValueError):
            pass

    def _drain(self) -> None:
        """Keep the first few kilobytes that the interpreter itself complains."""
        assert self._process.stderr is not None
        try:
            for line in self._process.stderr:
                if len(self._errors) < 50:
                    self._errors.append(line[:2000])
        except (OSError, ValueError):
            pass

    def _give_up(self) -> None:
        self._late = True
        self._process.kill()

    def verdicts(self) -> Iterator[tuple[int, WireVerdict]]:
        """Yield verdicts as they come, until the process ends or is silent for too long."""
        assert self._process.stdout is not None
        watchdog = self._watch(self._silence)
        try:
            for line in self._process.stdout:
                self.spoke = self.spoke or line.strip() == b"hello"
                message = self._message(line)
                if message is not None:
                    yield message
                    if self.alone:
                        return
                if message is not None or line.strip() == IMPORTED.strip():
                    watchdog.cancel()
                    watchdog = self._watch(self._timeout if self.alone else self._silence)
        finally:
            watchdog.cancel()

    def _watch(self, seconds: float) -> threading.Timer:
        watchdog = threading.Timer(seconds, self._give_up)
        watchdog.daemon = True
        watchdog.start()
        return watchdog

    def _message(self, line: bytes) -> tuple[int, WireVerdict] | None:
        if self._nonce:
            nonce, _, line = line.partition(b" ")
            if nonce != self._nonce.encode():
                return None
        try:
            value = json.loads(line.decode("ascii"))
            return int(value["index"]), verdict_from(value["verdict"])
        except (ValueError, TypeError, KeyError):
            return None

    def complaint(self) -> str:
        """Return the last line the interpreter wrote to its error stream, or how it ended."""
        lines = [line.decode("utf-8", "replace").strip() for line in self._errors if line.strip()]
        return lines[-1] if lines else f"exit status {self._process.poll()}"

    def ending(self, timeout: float) -> str:
        """Say why a process of its own gave no verdict."""
        if self._late:
            return f"no verdict within {timeout:g} s"
        with contextlib.suppress(subprocess.TimeoutExpired):
            return f"the target {describe(self._process.wait(timeout=2))}"
        return "the target closed the private channel"


def _plain_options(options: Options) -> dict[str, Any]:
    return dict(options._asdict())
