"""What the target's interpreter runs: take the request from the private pipe, prove, answer on the private pipe."""

from __future__ import annotations

import json
import sys
from typing import Any

from . import channel, child, early, sandbox
from .lanes import preload
from .supervisor import supervise
from .wire import plain, probe_from

IMPORTED = b"\n! imported\n"

# The working directory leads the import path of ``-c``. It is taken off while this package and what it needs of the standard
# library are loaded, for a project may have a ``json.py`` or ``signal.py`` of its own.
BOOT = (
    "import sys; here = sys.path[:1] == [''] and sys.path.pop(0);"
    "import importlib.util as u;"
    "s = u.spec_from_file_location('leaklint_runtime', sys.argv[1] + '/__init__.py',"
    " submodule_search_locations=[sys.argv[1]]);"
    "m = u.module_from_spec(s); sys.modules['leaklint_runtime'] = m; s.loader.exec_module(m);"
    "from leaklint_runtime.run import main; main([''] if here == '' else [])"
)


def main(first: list[str]) -> None:
    """Serve one request and leave without running anybody's exit handlers.

    ``first`` goes back to the head of the import path once all that is needed here is loaded.
    """
    incoming, outgoing = channel.take_over_standard_streams()
    early.write(outgoing, b"hello\n")
    request = _request(incoming)
    del sys.argv[1:]
    sys.dont_write_bytecode = True
    options = child.options_from(request["options"])
    probes = [probe_from(item) for item in request["probes"]]
    sandbox.guard(options.allow_network)
    sys.path[:0] = first
    if early.fork is not None and options.isolation == "fork":
        supervise(probes, options, incoming, outgoing)
    else:
        channel.silence((2,))
        sandbox.limit_memory(options.memory_limit)
        preload(probes[0])
        early.write(outgoing, IMPORTED)
        verdict = child.prove(probes[0], options)
        nonce = (channel.read_line(incoming) or b"").decode("ascii")
        channel.send(outgoing, {"index": 0, "verdict": plain(verdict)}, nonce)
    early.leave(0)


def _request(incoming: int) -> dict[str, Any]:
    """Read a line with a length and then so many bytes of JSON."""
    length = int(channel.read_line(incoming) or b"0")
    data = b""
    while len(data) < length:
        more = early.read(incoming, length - len(data))
        if not more:
            early.leave(64)
        data += more
    request: dict[str, Any] = json.loads(data.decode("utf-8"))
    return request
