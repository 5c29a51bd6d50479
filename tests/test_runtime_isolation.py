"""What code under test does to its process reaches neither the run nor the verdicts on others."""

from __future__ import annotations

import os
import socket
import sys
import threading
from pathlib import Path

import pytest
from probes import finding

from leaklint import proof
from leaklint.model import Finding, Verdict

HEAD = """
import atexit, ctypes, gc, json, os, signal, subprocess, sys, threading, time, weakref


class Kept:
    every = []

    def __init__(self):
        self.every.append(self)


def kept():
    return Kept()
"""
OPTIONS = proof.VerifyOptions(timeout=2)


def prove(folder: Path, programs: dict[str, str], **options: object) -> dict[str, Verdict]:
    """Return verdicts on ``Kept`` of modules that share a head, each in its own lane; an innocent one is among them."""
    findings: dict[str, Finding] = {}
    for name, text in {**programs, "innocent": ""}.items():
        (folder / f"{name}.py").write_text(HEAD + text)
        findings[name] = finding(folder, name, "Kept.every", "list", subject="Kept")
    chosen = proof.VerifyOptions(**{"timeout": 2.0, **options})  # type: ignore[arg-type]
    proven = proof.verify(list(findings.values()), chosen)
    found = {name: item.verdict for name, item in zip(findings, proven, strict=True) if item.verdict}
    assert found["innocent"].status == "confirmed"
    return found


def in_constructor(*statements: str) -> str:
    body = "".join(f"    {line}\n" for line in ("Kept.every.append(self)", *statements))
    return f"\n\ndef start(self):\n{body}\n\nKept.__init__ = start\n"


ENDINGS = {
    "leaves": (in_constructor("sys.exit(3)"), "sys.exit(3)"),
    "interrupts": (in_constructor("raise KeyboardInterrupt"), "KeyboardInterrupt"),
    "ends": (in_constructor("os._exit(3)"), "exit status 3"),
    "crashes": (in_constructor("ctypes.string_at(0)"), "SIGSEGV"),
    "aborts": (in_constructor("os.abort()"), "SIGABRT"),
    "loops": (in_constructor("while True: pass"), "within 2 s"),
    "sleeps": (in_constructor("time.sleep(1000)"), "within 2 s"),
    "hogs": (in_constructor("self.big = [bytearray(1 << 26) for _ in range(1000)]"), "out of memory"),
    "recurses": (in_constructor("start(self)"), "RecursionError"),
    "suicide": (in_constructor("signal.raise_signal(signal.SIGKILL)"), "SIGKILL"),
    "orphan": (in_constructor("ctypes.CDLL(None).kill(os.getppid(), signal.SIGKILL)"), "SIGKILL"),
    "detached": (in_constructor("os.closerange(0, 1 << 17)"), "ended the process"),
}
AT_IMPORT = {
    "import_leaves": ("sys.exit(4)", "sys.exit(4)"),
    "import_ends": ("os._exit(4)", "importing import_ends ended the process with exit status 4"),
    "import_crashes": ("ctypes.string_at(0)", "importing import_crashes was killed by SIGSEGV"),
    "import_fails": ("import os.no_such_module", "No module named 'os.no_such_module'"),
    "import_syntax": ("def", "SyntaxError"),
}
HARMLESS = {
    "prints": in_constructor("print('x' * 1_000_000)", "sys.stderr.write('y' * 1_000_000)"),
    "writes_fds": in_constructor("os.write(1, b'x' * 100_000)", "os.write(2, b'y' * 100_000)"),
    "asks": in_constructor("assert sys.stdin.read() == ''"),
    "moves": in_constructor("os.chdir('/')", "os.environ.clear()", "sys.path.clear()", "sys.modules.pop('json', None)"),
    "patches": """
gc.collect = gc.get_objects = gc.get_referrers = lambda *_: []
weakref.ref = lambda *_: (lambda: None)
sys.getrefcount = lambda _: 1
os.write = os.read = os.fork = os._exit = None
json.dumps = json.loads = None
time.perf_counter = None
gc.disable()
""",
    "patches_late": in_constructor("gc.collect = weakref.ref = os.write = json.dumps = time.perf_counter = None"),
    "profiles": in_constructor("sys.settrace(lambda *_: None)", "sys.setprofile(lambda *_: None)"),
    "threads": "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()",
    "signals": "signal.signal(signal.SIGTERM, signal.SIG_IGN); signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
    "recursion": "sys.setrecursionlimit(80)",
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Prove all the programs of this file in one run."""
    programs = {name: text for name, (text, _) in [*ENDINGS.items(), *AT_IMPORT.items()]}
    folder = tmp_path_factory.mktemp("hostile")
    return prove(folder, {**programs, **HARMLESS}, jobs=2, memory_limit=300)


@pytest.mark.parametrize("name", [*ENDINGS, *AT_IMPORT])
def test_what_ends_a_process_is_told_and_harms_no_other(name: str, verdicts: dict[str, Verdict]) -> None:
    told = {**ENDINGS, **AT_IMPORT}[name][1]
    assert verdicts[name].status == "unreached"
    assert told in verdicts[name].reason


@pytest.mark.parametrize("name", HARMLESS)
def test_what_disturbs_a_process_does_not_bend_the_verdict(name: str, verdicts: dict[str, Verdict]) -> None:
    assert (verdicts[name].status, verdicts[name].reason) == ("confirmed", verdicts[name].reason)
    assert verdicts[name].survivors == verdicts[name].created > 0


def test_a_forged_verdict_is_not_believed(tmp_path: Path) -> None:
    forged = '{"index": 0, "verdict": {"status": "refuted", "reason": "forged"}}'
    shout = in_constructor(
        "lines = [b'\\n%s\\n' % text for text in (forged, b'0' * 32 + b' ' + forged, b'! end 0', b'! threads')]",
        "for fd in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd') else range(3, 1 << 16):",
        "    for line in lines:",
        "        try:",
        "            os.set_blocking(int(fd), False)",
        "            os.write(int(fd), line)",
        "        except OSError:",
        "            pass",
    )
    found = prove(tmp_path, {"forger": f"\nforged = {forged.encode()!r}\n{shout}"})
    assert found["forger"].status in ("confirmed", "unreached")
    assert "forged" not in found["forger"].reason


def test_exit_handlers_of_the_target_do_not_run(tmp_path: Path) -> None:
    trace = tmp_path / "ran"
    text = f"atexit.register(open, {str(trace)!r}, 'w')\n" + in_constructor(
        f"atexit.register(open, {str(trace)!r}, 'w')"
    )
    assert prove(tmp_path, {"registers": text})["registers"].status == "confirmed"
    assert not trace.exists()


def test_nothing_is_written_beside_the_sources(tmp_path: Path) -> None:
    prove(tmp_path, {"plain": ""})
    assert {path.name for path in tmp_path.iterdir()} == {"plain.py", "innocent.py"}


def test_guessed_arguments_may_change_nothing_but_a_factory_may(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("kept")
    text = in_constructor(f"os.path.exists({str(precious)!r}) and os.remove({str(precious)!r})")
    assert "os.remove is not allowed" in prove(tmp_path, {"removes": text})["removes"].reason
    assert precious.exists()
    found = prove(tmp_path, {"removes": text}, factories=(("removes:Kept", "removes:kept"),))
    assert found["removes"].status == "confirmed"
    assert not precious.exists()


def test_started_programs_do_not_outlive_the_run(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    text = in_constructor(
        f"os.path.exists({str(mark)!r}) or open({str(mark)!r}, 'w').write(str(subprocess.Popen(['sleep', '60']).pid))"
    )
    found = prove(tmp_path, {"starts": text}, factories=(("starts:Kept", "starts:kept"),))
    assert found["starts"].status == "confirmed"
    state = Path(f"/proc/{mark.read_text()}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize("allowed", [False, True])
def test_the_network_is_off_unless_it_is_allowed(tmp_path: Path, allowed: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        port = server.getsockname()[1]
        text = "import socket\n" + in_constructor(f"socket.create_connection(('127.0.0.1', {port}), 20).close()")
        verdict = prove(tmp_path, {"calls": text}, allow_network=allowed, timeout=30.0)["calls"]
    assert verdict.status == ("confirmed" if allowed else "unreached"), verdict.reason
    assert allowed or "--allow-network" in verdict.reason


def _accept(server: socket.socket) -> None:
    try:
        while True:
            server.accept()[0].close()
    except OSError:
        pass


def test_another_version_of_the_module_is_not_judged(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text(HEAD)
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "kept.py").write_text(HEAD)
    (tmp_path / "kept.py").write_text(HEAD + "\nextra = 1\n")
    item = finding(tmp_path, "kept", "Kept.every", "list", subject="Kept")
    assert item.probe is not None
    from dataclasses import replace

    moved = replace(item, probe=replace(item.probe, root=str(other)))
    (proven,) = proof.verify([moved], OPTIONS)
    assert proven.verdict is not None
    assert proven.verdict.status == "unreached"
    assert "was analysed" in proven.verdict.reason


@pytest.mark.parametrize("isolation", ["fork", "fresh"])
def test_modules_of_the_project_do_not_pass_for_the_standard_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, isolation: str
) -> None:
    for name in ("json", "signal", "types", "resource", "threading", "weakref"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('not the standard library')\n")
    (tmp_path / "factories.py").write_text("from program import Kept\n")
    (tmp_path / "program.py").write_text(
        "class Kept:\n    every = []\n    def __init__(self): self.every.append(self)\n"
    )
    item = finding(tmp_path, "program", "Kept.every", "list", subject="Kept")
    monkeypatch.chdir(tmp_path)
    options = proof.VerifyOptions(timeout=5, isolation=isolation, factories=(("", "factories:Kept"),))
    (proven,) = proof.verify([item], options)
    assert proven.verdict is not None
    assert (proven.verdict.status, proven.verdict.made_by) == ("confirmed", "user factory Kept")


def test_a_copy_with_the_same_bytes_is_judged(tmp_path: Path) -> None:
    import hashlib
    from dataclasses import replace

    (tmp_path / "copy").mkdir()
    for folder in (tmp_path, tmp_path / "copy"):
        (folder / "same.py").write_text(HEAD)
    item = finding(tmp_path, "same", "Kept.every", "list", subject="Kept")
    assert item.probe is not None
    digest = hashlib.sha256(HEAD.encode()).hexdigest()
    moved = replace(item, probe=replace(item.probe, root=str(tmp_path / "copy"), digest=digest))
    (proven,) = proof.verify([moved], OPTIONS)
    assert proven.verdict is not None
    assert proven.verdict.status == "confirmed"


def test_a_script_that_no_import_finds_is_loaded_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "my-script.py").write_text(HEAD)
    item = finding(tmp_path, "my-script", "Kept.every", "list", subject="Kept")
    (proven,) = proof.verify([item], OPTIONS)
    assert proven.verdict is not None
    assert proven.verdict.status == "confirmed"


@pytest.mark.parametrize("name", ["ends", "crashes", "loops", "detached"])
def test_without_fork_each_finding_has_a_process_of_its_own(tmp_path: Path, name: str) -> None:
    found = prove(tmp_path, {name: ENDINGS[name][0], "patches": HARMLESS["patches"]}, isolation="fresh", jobs=2)
    assert found[name].status == "unreached"
    assert ENDINGS[name][1] in found[name].reason
    assert found["patches"].status == "confirmed"


def test_the_caller_is_not_disturbed(tmp_path: Path) -> None:
    before = (os.getcwd(), dict(os.environ), list(sys.path), signal_handlers())
    prove(tmp_path, {"moves": HARMLESS["moves"]})
    assert (os.getcwd(), dict(os.environ), list(sys.path), signal_handlers()) == before


def signal_handlers() -> list[object]:
    import signal

    return [signal.getsignal(number) for number in signal.Signals]
