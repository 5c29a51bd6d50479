"""What holds for the whole suite."""

import compileall
import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]

# One revision always gives one result; a search for new examples is asked for: LEAKLINT_TESTS=search pytest
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("search" if os.environ.get("LEAKLINT_TESTS") == "search" else "repeatable")


# A shell starts what runs in the background with Ctrl-C ignored, and every process of the tests would ignore it, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile the package once where no process may do so: hundreds of them are started, and each would compile it anew."""
    if sys.dont_write_bytecode and not hasattr(session.config, "workerinput"):
        for name in ("leaklint", "runtime"):
            compileall.compile_dir(ROOT / name, quiet=2)
