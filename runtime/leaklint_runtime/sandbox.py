"""What a target may not do while it is watched: take all memory, dump core, fill the disk, use the network.

Limits are the operating system's where it has them (``resource``, a network namespace of its own on Linux); an audit
hook, which Python code cannot take out again, covers the rest and gives the clear message.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from contextlib import suppress
from typing import Any

from .early import kill, optional

ctypes, resource = optional("ctypes"), optional("resource")
MEGABYTE = 1 << 20
LARGEST_FILE = 256 * MEGABYTE
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_SET_FLAGS, _UP_AND_RUNNING = 0x8914, 0x41
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_NETWORK = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname")
_HARMFUL = frozenset(
    [
        "open",
        "os.chmod",
        "os.chown",
        "os.exec",
        "os.forkpty",
        "os.kill",
        "os.killpg",
        "os.link",
        "os.mkdir",
        "os.posix_spawn",
        "os.remove",
        "os.rename",
        "os.rmdir",
        "os.spawn",
        "os.startfile",
        "os.symlink",
        "os.system",
        "os.truncate",
        "os.utime",
        "pty.spawn",
        "shutil.copyfile",
        "shutil.copytree",
        "shutil.move",
        "shutil.rmtree",
        "subprocess.Popen",
    ]
)
_UNIX = getattr(optional("socket"), "AF_UNIX", None)


class CarefulError(PermissionError):
    """The target was about to change something outside, and nobody had said that it may."""


class NetworkError(PermissionError):
    """The target asked for the network, which is off."""


def limit_memory(megabytes: int) -> None:
    """Let this process map at most so many megabytes more than it has mapped now; no core dumps, no giant files."""
    if resource is None:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_FSIZE, LARGEST_FILE)
    if megabytes:
        _lower(resource.RLIMIT_AS, mapped() + megabytes * MEGABYTE)


def _lower(kind: int, limit: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (limit, limit))


def mapped() -> int:
    """Return the bytes of address space that this process has mapped; 0 where that cannot be asked."""
    try:
        with open("/proc/self/statm", encoding="ascii") as source:
            return int(source.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 512 * MEGABYTE


def guard(allow_network: bool) -> None:
    """Install the audit hook, and take the network away, by the kernel where it lets us, unless it is allowed."""
    if not allow_network:
        _leave_network()
    _Guard.network = allow_network
    sys.addaudithook(_audit)
    from . import stand_ins  # noqa: F401  (loads subprocess before the target can put one of its own in the way)

    for name, value in _WITHOUT_A_SCREEN.items():
        os.environ.setdefault(name, value)


_WITHOUT_A_SCREEN = {
    "QT_QPA_PLATFORM": "offscreen",
    "MPLBACKEND": "Agg",
    "SDL_VIDEODRIVER": "dummy",
    "SDL_AUDIODRIVER": "dummy",
}


def be_careful(scratch: str) -> None:
    """From now on let this process write to a folder of its own below ``scratch`` only, and start or signal no other.

    For objects made with guessed arguments: nobody has said that calling this code is harmless. It may even remove the
    folder, which is why no other process has the same one. The folder is the user's home from then on, and a child
    process that is asked for is answered by a stand-in.
    """
    own = os.path.join(os.path.realpath(scratch), str(os.getpid()))
    os.makedirs(own, exist_ok=True)
    os.environ["TMPDIR"] = own
    if "tempfile" in sys.modules:
        vars(sys.modules["tempfile"])["tempdir"] = own  # what it has found before would be refused
    _Guard.scratch = own + os.sep
    _Guard.careful = True
    os.chdir(own)
    for name in ("HOME", "USERPROFILE", "APPDATA", "LOCALAPPDATA"):
        os.environ[name] = own
    for name in [name for name in os.environ if name.startswith("XDG_") and name.endswith("_HOME")]:
        del os.environ[name]
    from . import stand_ins

    stand_ins.install()


def come_back() -> None:
    """Go back to the scratch folder, if the code under test has gone elsewhere: relative paths lead there."""
    if _Guard.careful and os.path.isdir(_Guard.scratch):
        os.chdir(_Guard.scratch)


def is_careful() -> bool:
    """Tell whether this process works in a folder of its own and writes nowhere else."""
    return _Guard.careful and bool(_Guard.scratch)


def stands_in() -> bool:
    """Tell whether a child process that the target started was a stand-in."""
    loaded = sys.modules.get("leaklint_runtime.stand_ins")
    return bool(loaded is not None and loaded.started)


def touch_nothing() -> None:
    """From now on let this process change nothing outside itself: no file, no process, no connection.

    For copies of a process, whose finalizers would do again, or too early, what they are for.
    """
    _Guard.network, _Guard.careful, _Guard.scratch = False, True, os.devnull + os.sep
    sys.addaudithook(_audit)


class _Guard:
    network = True
    careful = False
    scratch = ""


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _NETWORK:
        if not _Guard.network and not _stays_here(event, arguments):
            raise NetworkError("the network is off while a finding is proven (--allow-network turns it on)")
    elif _Guard.careful and event in _HARMFUL:
        if event == "open" and not _writes(arguments) and arguments[0] not in (0, 1, 2):
            return
        if event.startswith(("open", "os.", "shutil.")) and _inside(arguments):
            return
        raise CarefulError(f"{event} is not allowed while arguments are guessed; give a factory")


def _stays_here(event: str, arguments: tuple[Any, ...]) -> bool:
    """Tell whether an event of the network is one inside this machine: a local socket, or asking for the own address."""
    first = arguments[0] if arguments else None
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        name = first.decode("ascii", "replace") if isinstance(first, bytes) else first
        return not name or str(name).startswith(("127.", "0.0.0.0")) or name in ("localhost", "::", "::1")
    return getattr(first, "family", None) == _UNIX


def _writes(arguments: tuple[Any, ...]) -> bool:
    mode, flags = arguments[1], arguments[2]
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


def _inside(arguments: tuple[Any, ...]) -> bool:
    """Tell whether every path of an event is below the scratch folder, or is the null device."""
    paths = [os.fsdecode(item) for item in arguments if isinstance(item, (str, bytes, os.PathLike))]
    places = [os.path.realpath(path) for path in paths[: 1 if len(paths) < 2 else 2]]
    return bool(places) and all((place + os.sep).startswith(_Guard.scratch) or place == os.devnull for place in places)


def _leave_network() -> bool:
    """Move to an empty network namespace. Returns whether that was possible."""
    libc = _libc()
    if libc is None:
        return False
    try:
        user, group = os.getuid(), os.getgid()
        if libc.unshare(_CLONE_NEWNET) == 0:
            _open_loopback()
            return True
        if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
            return False
        for name, text in (("setgroups", "deny"), ("uid_map", "{0} {0} 1"), ("gid_map", "{0} {0} 1")):
            with open("/proc/self/" + name, "w", encoding="ascii") as target:
                target.write(text.format(group if name == "gid_map" else user))
    except (OSError, AttributeError):
        return False
    _open_loopback()
    return True


def _open_loopback() -> None:
    """Let servers have an address in an empty network namespace: that of the machine itself, which nobody else sees."""
    fcntl, socket = optional("fcntl"), optional("socket")
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(
            any_socket, _SET_FLAGS, b"lo".ljust(16, b"\0") + (_UP_AND_RUNNING).to_bytes(2, sys.byteorder) + bytes(14)
        )


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies (Linux; elsewhere the supervisor sees to it)."""
    libc = _libc()
    if libc is not None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent dies (Linux)."""
    libc = _libc()
    if libc is not None:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _libc() -> Any:
    """Return the C library of a Linux process, or None."""
    if ctypes is None or not sys.platform.startswith("linux"):
        return None
    try:
        return ctypes.CDLL(None, use_errno=True)
    except OSError:
        return None


def end(pid: int) -> None:
    """Kill a process, if it is still there."""
    with suppress(OSError):
        kill(pid, signal.SIGKILL)
