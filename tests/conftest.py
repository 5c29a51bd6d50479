"""What holds for the whole suite."""

import compileall
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings
from probes import THOROUGH, others

ROOT = Path(__file__).parents[1]

# One revision always gives one result; a search for new examples, and for what one interpreter alone does, is asked for:
# LEAKLINT_TESTS=search pytest
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("search" if THOROUGH else "repeatable")


# A shell starts what runs in the background with Ctrl-C ignored, and every process of the tests would ignore it, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Let one worker run the tests that share what a fixture of their file makes, and any worker all others."""
    if config.getoption("numprocesses", None) and config.getoption("dist") == "no":
        config.option.dist = "loadgroup"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of files whose fixtures are made once a file as a group, for xdist."""
    paths = {item.path for item in items}
    sharing = {path for path in paths if "fixture(scope=" in path.read_text(encoding="utf-8")}
    for item in items:
        if item.path in sharing:
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile the packages once where no process may do so: hundreds of them are started, and each would compile anew."""
    if sys.dont_write_bytecode and not hasattr(session.config, "workerinput"):
        for name in ("leaklint", "runtime"):
            compileall.compile_dir(ROOT / name, quiet=2)
        for python in others():
            subprocess.run([python, "-m", "compileall", "-qq", str(ROOT / "runtime")], check=False)
