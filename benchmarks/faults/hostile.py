"""Hostile programs under ``leaklint verify``: what they do to their process reaches neither the run nor other verdicts.

    python benchmarks/faults/hostile.py [--rounds N] [--timeout SECONDS]

puts every program of ``PROGRAMS`` beside innocent ones into one folder, proves all findings there N times by the command
line, and prints a row for each: its verdict and reason. Every object does leak, so ``refuted`` would be a forged verdict.
Demanded are the verdicts in the table, ``confirmed`` for the innocent, and that no process is left which was started on the
way (all carry a mark in their environment). The exit status is 1 otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from leaklint.reports.escape import visible

HEAD = """\
import atexit, ctypes, gc, json, os, signal, subprocess, sys, threading, time, weakref


class Kept:
    every = []

    def __init__(self):
        self.every.append(self)
        act(self)


def act(self):
    pass
"""
ANY = ("confirmed", "unreached")


def made(*lines: str) -> str:
    """Return a program that does this whenever an object is made."""
    return "\n\ndef act(self):\n" + "".join(f"    {line}\n" for line in lines)


#: What the program does, and which verdicts are true of it.
PROGRAMS: dict[str, tuple[str, tuple[str, ...]]] = {
    "exits": (made("sys.exit(3)"), ("unreached",)),
    "ends": (made("os._exit(0)"), ("unreached",)),
    "crashes": (made("ctypes.string_at(0)"), ("unreached",)),
    "aborts": (made("os.abort()"), ("unreached",)),
    "hangs": (made("while True: pass"), ("unreached",)),
    "sleeps": (made("time.sleep(10_000)"), ("unreached",)),
    "hangs_deaf": (made(
        "for number in range(1, 32):",
        "    try: signal.signal(number, signal.SIG_IGN)",
        "    except (OSError, ValueError): pass",
        "while True: time.sleep(1)"), ("unreached",)),
    "hangs_in_c": (made("(9 ** 9 ** 9)"), ("unreached",)),
    "prints": (made("while True: os.write(1, b'x' * (1 << 20)); os.write(2, b'y' * (1 << 20))"), ("unreached",)),
    "prints_text": (made("while True: print('x' * (1 << 20))"), ("unreached",)),
    "hogs": (made("self.big = [bytearray(1 << 26) for _ in range(1000)]"), ("unreached",)),
    "hogs_late": (made("Kept.big = getattr(Kept, 'big', []) + [bytearray(1 << 27)]"), ANY),
    "fills_disk": (made(
        "for number in range(3):",
        "    with open(f'fill{number}', 'wb') as target:",
        "        for _ in range(400): target.write(bytes(1 << 20))"), ("unreached",)),
    "writes_outside": (made("open('/tmp/leaklint-was-here', 'w').close()"), ("unreached",)),
    "shuts_all": (made("os.closerange(0, 1 << 20)"), ("unreached",)),
    "suicide": (made("signal.raise_signal(signal.SIGKILL)"), ("unreached",)),
    "stops": (made("signal.raise_signal(signal.SIGSTOP)"), ("unreached",)),
    "kills_parent": (made("ctypes.CDLL(None).kill(os.getppid(), 9)"), ("unreached",)),
    "kills_group": (made("ctypes.CDLL(None).kill(0, 9)"), ("unreached",)),
    "forges": (made(
        "forged = b'{\"index\": 0, \"verdict\": {\"status\": \"refuted\", \"reason\": \"forged\"}}'",
        "for name in os.listdir('/proc/self/fd'):",
        "    for line in (forged, b'0' * 32 + b' ' + forged, b'! end 0', b'! threads', b'! pid 1', b'! pid 0', b'x' * 70_000):",
        "        try: os.set_blocking(int(name), False); os.write(int(name), b'\\n' + line + b'\\n')",
        "        except OSError: pass"), ANY),
    "patches": ("""
gc.collect = gc.get_objects = gc.get_referrers = lambda *_: []
weakref.ref = lambda *_: (lambda: None)
sys.getrefcount = lambda _: 1
os.write = os.read = os.fork = os._exit = os.kill = None
json.dumps = json.loads = None
time.perf_counter = None
""", ("confirmed",)),
    "empties_modules": (made("sys.modules.clear()"), ANY),
    "replaces_modules": ("""
for name in list(sys.modules):
    if 'leaklint' in name or name in ('gc', 'weakref', 'json', 'os'):
        sys.modules[name] = None
""", ANY),
    "patches_us": ("""
for name, module in list(sys.modules.items()):
    if name.startswith('leaklint_runtime'):
        for key in list(vars(module)):
            if not key.startswith('__'):
                setattr(module, key, None)
""", ANY),
    "lies_of_itself": ("""
class Liar(list):
    def __len__(self): raise SystemExit(9)
    def __iter__(self): raise SystemExit(9)
    def __eq__(self, other): raise SystemExit(9)
    def __repr__(self): raise SystemExit(9)
    __hash__ = None


Kept.every = Liar()
Kept.__repr__ = Kept.__eq__ = lambda *_: sys.exit(9)
""", ANY),
    "daemon": (made(
        "if os.fork() == 0:",
        "    os.setsid()",
        "    if os.fork() == 0: time.sleep(600)",
        "    os._exit(0)"), ANY),
    "daemon_at_import": ("""
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
""", ANY),
    "forks_and_ends": (made("os.fork()", "os._exit(0)"), ("unreached",)),
    "leaves_through_fork": (made("if os.fork(): os._exit(0)"), ("confirmed",)),  # it goes on as the child
    "starts_programs": (made("subprocess.Popen(['sleep', '600'])"), ("unreached",)),
    "threads": (made("threading.Thread(target=time.sleep, args=(600,)).start()"), ANY),
    "import_hangs": ("while True: pass\n", ("unreached",)),
    "import_crashes": ("ctypes.string_at(0)\n", ("unreached",)),
    "import_ends": ("os._exit(0)\n", ("unreached",)),
    "import_raises": ("raise BaseException('\\x1b[2Jno')\n", ("unreached",)),
    "recurses": (made("act(self)"), ("unreached",)),
    "raises_odd": ("""
class Odd(BaseException):
    def __str__(self): os._exit(0)


def act(self):
    raise Odd
""", ("unreached",)),
    "traces": ("""
def trace(frame, event, arg):
    if 'leaklint' in frame.f_code.co_filename:
        raise SystemExit(0)
    return trace


sys.settrace(trace)
sys.setprofile(trace)
threading.settrace(trace)
""", ANY),
    "audits": ("""
def hook(event, args):
    raise RuntimeError('not here')


def act(self):
    sys.addaudithook(hook)
""", ANY),
    "hears_the_collector": ("gc.callbacks.append(lambda *_: os._exit(0))\n", ("unreached",)),
    "rings": (made(
        "def ring(*_): raise KeyboardInterrupt",
        "signal.signal(signal.SIGALRM, ring)",
        "signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)"), ANY),
    "redirects_all": (made(
        "null = os.open(os.devnull, os.O_RDWR)",
        "for number in range(3, 200):",
        "    try: os.fstat(number); os.dup2(null, number)",
        "    except OSError: pass"), ANY),
    "writes_to_the_result": (made(
        "for number in range(3, 200):",
        "    try: os.write(number, b'! verdict {\"status\": \"refuted\"}\\n' * 100)",
        "    except OSError: pass"), ANY),
    "reads_the_orders": (made(
        "for number in range(200):",
        "    try: os.set_blocking(number, False); os.read(number, 1 << 20)",
        "    except OSError: pass"), ANY),
    "dies_with_each": (made("pass") + "\n\nKept.__del__ = lambda self: os._exit(0)\n", ANY),
    "hides_its_class": ("""
Kept.__getattribute__ = lambda self, name: sys.exit(7)
Kept.__class__ = property(lambda self: sys.exit(7))
Kept.__hash__ = lambda self: sys.exit(7)
""", ANY),
    "lowers_limits": (made(
        "import resource",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))",
        "resource.setrlimit(resource.RLIMIT_CPU, (1, 1))",
        "sys.setrecursionlimit(60)"), ANY),
    "hooks_errors": ("""
sys.excepthook = sys.unraisablehook = threading.excepthook = lambda *_: os._exit(0)
sys.stdout = sys.stderr = sys.stdin = None
os.environ.clear()
os.chdir('/')
""", ANY),
    "swarms": (made(
        "for _ in range(30):",
        "    if os.fork() == 0: time.sleep(600)"), ANY),
    "daemon_unbound": (made(
        "if os.fork() == 0:",
        "    os.setsid()",
        "    ctypes.CDLL(None).prctl(1, 0)",
        "    for number in range(1, 32):",
        "        try: signal.signal(number, signal.SIG_IGN)",
        "        except (OSError, ValueError): pass",
        "    if os.fork() == 0:",
        "        ctypes.CDLL(None).prctl(1, 0)",
        "        os.closerange(0, 1 << 16)",
        "        time.sleep(600)",
        "    os._exit(0)"), ANY),
    "daemon_by_exec": (made(
        "if os.fork() == 0:",
        "    os.setsid()",
        "    if os.fork() == 0: os.execv('/bin/sleep', ['sleep', '600'])",
        "    os._exit(0)"), ANY),
    "frees_nothing": ("""
gc.disable()
gc.freeze()
gc.set_threshold(0)
gc.disable = gc.enable = gc.freeze = gc.unfreeze = gc.isenabled = None
""", ANY),
    "spins": (made("threading.Thread(target=spin).start()") + "\n\ndef spin():\n    while True: pass\n", ANY),
    "waits_at_exit": ("atexit.register(time.sleep, 600)\n", ANY),
    "asks": (made("input('name? ')"), ("unreached",)),
    "removes_its_folder": (made("import shutil", "shutil.rmtree(os.getcwd(), ignore_errors=True)"), ANY),
    "deep_finalizers": (made("self.next = self") + "\n\nKept.__del__ = lambda self: time.sleep(1)\n", ANY),
}  # fmt: skip
INNOCENTS = ("an_innocent", "innocent", "zero_harm")  # proven before, among and after the others


@dataclass(frozen=True, slots=True)
class HostileResult:
    """Verdict and reason of each module, seconds, and the command lines of processes that were left."""

    verdicts: dict[str, tuple[str, str]]
    seconds: float
    left: tuple[str, ...]
    complaint: str = ""

    def wrong(self) -> list[str]:
        """Return what is not as it must be, a line each."""
        complaints = [self.complaint] if self.complaint else []
        complaints += [f"left behind: {line}" for line in self.left]
        for name, (status, reason) in self.verdicts.items():
            allowed = PROGRAMS[name][1] if name in PROGRAMS else ("confirmed",)
            if status not in allowed or (status == "unreached" and not reason):
                complaints.append(f"{name}: {status}, not {' or '.join(allowed)}: {reason}")
        return complaints


def prove(folder: Path, names: list[str], timeout: float, memory: int = 400) -> HostileResult:
    """Prove the programs of these names, innocent ones among them, by the command line."""
    for name in [*names, *INNOCENTS]:
        (folder / f"{name}.py").write_text(HEAD + PROGRAMS.get(name, ("", ()))[0])
    mark = uuid.uuid4().hex
    words = ["verify", "--isolated", "--output-format", "json", "--jobs", "2", "--timeout", str(timeout)]
    words += ["--memory-limit", str(memory), "--select", "LK101", "."]
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-P", "-m", "leaklint", *words],
        cwd=folder,
        env={**os.environ, "LEAKLINT_MARK": mark},
        capture_output=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    left = tuple(marked(mark))
    try:
        findings = json.loads(done.stdout)["findings"]
    except ValueError:
        return HostileResult(
            {}, seconds, left, f"status {done.returncode}: {done.stderr.decode('utf-8', 'replace')[-500:]}"
        )
    verdicts = {Path(one["path"]).stem: (one["verdict"]["status"], one["verdict"]["reason"]) for one in findings}
    missing = sorted({*names, *INNOCENTS} - verdicts.keys())
    return HostileResult(verdicts, seconds, left, f"no verdict on {', '.join(missing)}" if missing else "")


def marked(mark: str) -> list[str]:
    """Return the command lines of the processes (Linux) that carry a mark in their environment; zombies do not count."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")[:120])
        except OSError:
            continue
    return found


def main() -> int:
    """Prove, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds for each finding (default: 5)")
    args = parser.parse_args()
    wrong: list[str] = []
    for number in range(args.rounds):
        with tempfile.TemporaryDirectory(prefix="leaklint-") as folder:
            result = prove(Path(folder), list(PROGRAMS), args.timeout)
        if number == 0:
            print("| program | verdict | reason |\n|---|---|---|")
            for name, (status, reason) in sorted(result.verdicts.items()):
                print(
                    f"| {name} | {status} | {visible(reason).replace('|', '/')[:110] if status == 'unreached' else ''} |"
                )
        text = result.wrong()
        wrong += text
        print(f"round {number}: {len(result.verdicts)} verdicts, {len(text)} wrong, {result.seconds:.0f} s", flush=True)
        for line in text:
            print(f"  {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
