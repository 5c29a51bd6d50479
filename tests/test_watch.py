"""Services that run and leak: ``watch()`` in them, ``leaklint watch PID`` beside them, ``leaklint profile -- COMMAND``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from probes import ends

from leaklint.cli import main

ROOT = Path(__file__).parents[1]
if not sys.platform.startswith("linux"):
    pytest.skip("copies of a process are Linux's", allow_module_level=True)

#: Long enough for a machine that does other things as well.
PATIENCE = 240.0

#: Every program watches itself more often than a service would, so that the tests need not wait for minutes.
WATCHED = """\
import json, os, sys, threading, time
sys.path.insert(0, {runtime!r})
import leaklint_runtime
from functools import partial
watch = partial(leaklint_runtime.watch, every=0.1, share=0.5)

def tell(report):
    with open({folder!r} + "/told.jsonl", "a") as target:
        target.write(json.dumps(report) + "\\n")

"""
STATE = """\
class Registry:
    def __init__(self):
        self.items = []

class Session:
    def __init__(self, number):
        self.data = bytearray(3000)
        self.number = number

APP = Registry()

def handle(number):
    getattr(APP, "items").append(Session(number))
    return b"served"
"""
WSGI = """\
from socketserver import ThreadingMixIn
from urllib.request import urlopen
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

class Quiet(WSGIRequestHandler):
    def log_message(self, *words):
        pass

def application(environ, start_response):
    body = handle(environ["PATH_INFO"])
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]

watch(callback=tell)
server = make_server("127.0.0.1", 0, application, Server, Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
while True:
    urlopen("http://127.0.0.1:%d/%f" % (server.server_port, time.time())).read()
    time.sleep(0.01)
"""
ASGI = """\
import asyncio

class Application:
    def __init__(self):
        self.seen = {}

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            watch(callback=tell)
            await send({"type": "lifespan.startup.complete"})
            return
        self.seen[scope["path"]] = bytearray(3000)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"served"})

async def serve(application):
    started = asyncio.Event()
    async def startup():
        return {"type": "lifespan.startup"}
    async def begun(message):
        started.set()
    await application({"type": "lifespan"}, startup, begun)
    assert started.is_set()

    async def connected(reader, writer):
        line = await reader.readline()
        async def receive():
            return {"type": "http.request", "body": b""}
        async def send(message):
            writer.write(message.get("body", b"HTTP/1.0 200 OK\\r\\n\\r\\n"))
        await application({"type": "http", "path": line.split()[1].decode()}, receive, send)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    number = 0
    while True:
        number += 1
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /%d HTTP/1.0\\r\\n\\r\\n" % number)
        assert (await reader.read()).endswith(b"served")
        writer.close()
        await asyncio.sleep(0.01)

asyncio.run(serve(Application()))
"""


@contextmanager
def running(folder: Path, text: str, python: str = sys.executable, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run a program whose module is ``service``, and end it with the block."""
    program = folder / "service.py"
    program.write_text(WATCHED.format(runtime=str(ROOT / "runtime"), folder=str(folder)) + text)
    command = [python, "-W", "error", str(program), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder) as process:
        try:
            yield process
        finally:
            process.kill()


def told(folder: Path) -> list[dict[str, Any]]:
    """Return the reports that a callback wrote."""
    place = folder / "told.jsonl"
    lines = place.read_text().split("\n")[:-1] if place.exists() else []
    return [json.loads(line) for line in lines]


def awaited(process: subprocess.Popen[str], condition: Callable[[], Any]) -> Any:
    """Return what the condition is as soon as it is anything, while the process runs."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    raise AssertionError(f"nothing within {PATIENCE:g} s")


@pytest.mark.parametrize("python", [sys.executable, *ends()], ids=lambda path: Path(path).resolve().name)
def test_a_wsgi_service_with_threads_names_its_holder(tmp_path: Path, python: str) -> None:
    with running(tmp_path, STATE + WSGI, python) as process:
        report = awaited(process, lambda: told(tmp_path))[0]
        (holder,) = [item for item in report["holders"] if item["symbol"] == "service:APP.items"]
        assert report["growing"] is True and holder["kind"] == "linear"
        defined = tmp_path.joinpath("service.py").read_text().split("\n")
        assert defined[holder["line"] - 1].strip() == "self.items = []"
        assert {"bytearray", "service:Session"} & {item["type"] for item in holder["keeps"]}
        assert holder["bytes_per_hour"] > 3000 * holder["entries_per_hour"] / 2 > 0
        assert holder["hours_left"] > 0
        assert holder["certainty"] == "shown"
        assert holder["stores"] == []  # nothing is traced unless that was allowed
        process.kill()
        _, errors = process.communicate()
        assert "leaklint: service:APP.items grows" in errors and "an hour: out of memory after about" in errors


def test_an_asgi_service_names_state_that_only_its_loop_leads_to(tmp_path: Path) -> None:
    with running(tmp_path, ASGI) as process:
        report = awaited(process, lambda: told(tmp_path))[0]
    (holder,) = [item for item in report["holders"] if item["symbol"].endswith(".seen")]
    assert holder["owner"] == "service:Application"
    assert holder["container_kind"] == "dict"


PREFORK = """\
watched = watch(callback=tell)
parent = os.getpid()
child = os.fork()
number = 0
while True:
    time.sleep(0.01)
    number += 1
    if child == 0:
        os.getppid() == parent or os._exit(0)
        handle(number)
"""


def test_a_forked_worker_has_a_watch_of_its_own(tmp_path: Path) -> None:
    with running(tmp_path, STATE + PREFORK) as process:
        reports = awaited(process, lambda: told(tmp_path))
    assert {report["pid"] == process.pid for report in reports} == {False}
    assert reports[0]["holders"][0]["symbol"] == "service:APP.items"


FROZEN = """\
import gc
CACHE = {str(number): "text" for number in range(9)}
gc.freeze()
watch(callback=tell)
number = 0
while True:
    time.sleep(0.01)
    number += 1
    CACHE["key %d" % number] = "text" * 200
"""


def test_what_the_collector_was_told_to_pass_over_is_found_as_well(tmp_path: Path) -> None:
    with running(tmp_path, FROZEN) as process:
        report = awaited(process, lambda: told(tmp_path))[0]
    assert [item["symbol"] for item in report["holders"]] == ["service:CACHE"]


HEALTHY = """\
import gc, weakref
from collections import OrderedDict, deque
RECENT, CACHE, POOL = deque(maxlen=200), OrderedDict(), []

class Item:
    pass

def request(number):
    local = {place: [number] for place in range(20)}
    RECENT.append(number)
    CACHE[number] = local
    if len(CACHE) > 50:
        CACHE.popitem(last=False)
    POOL.append(number)
    if len(POOL) > 30:
        POOL.clear()

collections = []
gc.callbacks.append(lambda phase, info: collections.append(info["generation"]) if phase == "stop" else None)
gc.disable()
before = gc.get_threshold(), gc.get_freeze_count()
watched = watch(callback=tell)
assert watched is leaklint_runtime.watch(every=5)
number = 0
while watched.report()["samples"] < 40:
    number += 1
    request(number)
    item = Item()
    box = [item] * 20
    gone = weakref.ref(item)
    del item, box
    assert gone() is None or watched  # a sample may be looking at it
    time.sleep(0.002)
assert not collections and not gc.isenabled() and before == (gc.get_threshold(), gc.get_freeze_count())

growing = [Item()]
gone = weakref.ref(growing[0])
while not any(thing is growing for thing, _ in watched.lengths.series()):
    growing += [0] * 10
    time.sleep(0.01)
del growing
while gone() is not None:  # what grew was held, and is let go of when nobody else has it
    time.sleep(0.01)
report = watched.report()
watched.stop()
assert not watched.running and "leaklint watch" not in [thread.name for thread in threading.enumerate()]
again = leaklint_runtime.watch()
assert again is not watched and again.running
again.stop()
report["refused"] = []
for options in ({"every": 0}, {"share": 2}):
    try:
        leaklint_runtime.watch(**options)
    except ValueError as error:
        report["refused"].append(str(error))
print(json.dumps(report))
"""


def test_a_healthy_service_is_left_as_it_is(tmp_path: Path) -> None:
    with running(tmp_path, HEALTHY) as process:
        text, errors = process.communicate(timeout=PATIENCE)
    assert errors == ""
    report = json.loads(text)
    assert report["samples"] >= 40
    assert [item for item in report["holders"] if item["kind"] == "linear"] == [] == told(tmp_path)
    assert report["refused"] == [
        "every must be a number of seconds above 0, not 0",
        "share must be above 0 and at most 1, not 2",
    ]


LISTENING = """\
from leaklint_runtime import memory
memory.listen()
print("listening", flush=True)
number = 0
while True:
    time.sleep(0.01)
    number += 1
    if sys.argv[1:] == ["leak"]:
        handle(number)
"""


def test_a_process_that_listens_is_watched_from_outside(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(tmp_path, STATE + LISTENING, sys.executable, "leak") as process:
        assert process.stdout is not None and process.stdout.readline() == "listening\n"
        for seconds in ("8", "30", "60", "120"):
            status = main(["watch", str(process.pid), "--every", "0.2", "--for", seconds, "--trace"])
            text = capsys.readouterr().out
            if status:
                break
        assert status == 1, text
        assert "service:APP.items grows" in text and "an attribute of an object of Registry" in text
        assert "stored at " in text and "in handle" in text
        assert text.count("grows to the end:") == 1
        assert main(["watch", str(process.pid), "--every", "0.2", "--for", "0.5", "--output-format", "json"]) == 1
        reports = [json.loads(line) for line in capsys.readouterr().out.split("\n") if line]
        assert {report["pid"] for report in reports} == {process.pid}
        assert reports[-1]["holders"][0]["symbol"] == "service:APP.items"


def test_a_process_that_does_not_grow_or_does_not_listen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(tmp_path, STATE + LISTENING) as process:
        assert process.stdout is not None and process.stdout.readline() == "listening\n"
        assert main(["watch", str(process.pid), "--every", "0.1", "--for", "3"]) == 0
        assert "nothing is seen to grow to the end" in capsys.readouterr().out
        process.kill()
        process.wait()
        assert main(["watch", str(process.pid)]) == 2
        assert capsys.readouterr().err == f"leaklint: no process {process.pid}\n"
    assert main(["watch", str(os.getpid())]) == 2
    error = capsys.readouterr().err
    if sys.version_info < (3, 14):
        assert "has not called leaklint_runtime.memory.listen()" in error
        assert "leaklint_runtime.watch(listen=True)" in error and "leaklint profile -- COMMAND" in error


LEAKY_COMMAND = """\
import sys, time
sys.path.insert(0, {folder!r})
import state
number, end = 0, time.time() + {seconds}
while time.time() < end:
    number += 1
    state.handle(number)
    time.sleep(0.005)
"""


@pytest.mark.parametrize("python", [sys.executable, *ends()], ids=lambda path: Path(path).resolve().name)
def test_a_command_names_the_holders_that_grew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "state.py").write_text(STATE)
    words = ["profile", "--no-check", "--no-ledger", "--output-format", "json", "--", python, "command.py"]
    for seconds in (6, 20, 60):  # a machine that does other things as well takes few samples in a second
        (tmp_path / "command.py").write_text(LEAKY_COMMAND.format(folder=str(tmp_path), seconds=seconds))
        status = main(words)
        document = json.loads(capsys.readouterr().out)
        if document["holders"]:
            break
    assert status == 1
    (holder,) = document["holders"]
    assert (holder["symbol"], holder["kind"], holder["line"]) == ("state:APP.items", "linear", 3)
    assert holder["pid"] > 0 and holder["certainty"] == "shown"
    assert [(Path(item["path"]).name, item["line"]) for item in holder["stores"]] == [("state.py", 13)]


QUIET = {
    "imports": "import asyncio, email.mime.text, http.server, unittest.mock, xml.dom.minidom, json, sqlite3\n",
    "cache": """\
import time
CACHE = {}
for number in range(4000):
    CACHE[number % 400] = bytes(3000)
    time.sleep(0.001)
""",
    "result": """\
import time
def build():
    rows = []
    end = time.time() + 4
    while time.time() < end:
        rows.append(bytes(3000))
        time.sleep(0.005)
    return len(rows)
print(build())
""",
    "small": """\
import time
NAMES = []
end = time.time() + 4
while time.time() < end:
    NAMES.append("name")
    time.sleep(0.02)
""",
}


@pytest.mark.parametrize("name", QUIET)
def test_a_command_that_starts_fills_a_cache_or_builds_a_result_has_no_growing_holder(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "command.py").write_text(QUIET[name])
    words = ["--output-file", str(tmp_path / "told.json"), "--", sys.executable, str(tmp_path / "command.py")]
    main(["profile", "--no-check", "--no-ledger", "--output-format", "json", *words])
    document = json.loads((tmp_path / "told.json").read_text())
    assert [item["symbol"] for item in document["holders"] if item["kind"] == "linear"] == []
