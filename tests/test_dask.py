"""A real Dask cluster of separate worker processes: four kinds of memory told apart, and workers that do as they please."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from probes import others

from leaklint.cli import main
from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import to_json
from leaklint_runtime import dask_cluster, dask_plugin, dask_tables, footprint, shipping
from leaklint_runtime.ledger import Held, Ledger, Part, from_json

pytest.importorskip("distributed")
if not sys.platform.startswith("linux"):
    pytest.skip("clones and smaps are Linux's", allow_module_level=True)

PROGRAMS = Path(__file__).parents[1] / "benchmarks" / "memory"
NAMED = {"live": "programs:Session.sessions", "cycles": "gc-lag", "hoard": "hoard", "fragmented": "fragmented"}
MEGABYTE = 1_000_000
#: Long enough for a machine that does other things as well.
PATIENCE = 120.0


@pytest.fixture(scope="module")
def findings() -> list[Any]:
    found = check([str(PROGRAMS / "programs.py")], Settings(root=str(PROGRAMS))).findings
    return [to_json(item) for item in found]


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Return the client of four workers, each of which has run one of the four programs as a task."""
    from distributed import Client, LocalCluster

    sys.path.insert(0, str(PROGRAMS))
    try:
        import programs
    finally:
        sys.path.remove(str(PROGRAMS))
    options: dict[str, Any] = {
        "n_workers": 4,
        "threads_per_worker": 1,
        "memory_limit": "4GB",
        "dashboard_address": ":0",
    }
    with LocalCluster(processes=True, **options) as cluster, Client(cluster) as client:
        client.upload_file(str(PROGRAMS / "programs.py"))
        workers = sorted(client.nthreads())
        tasks = [
            client.submit(programs.PROGRAMS[name], workers=[worker], key=name, pure=False)
            for name, worker in zip(NAMED, workers, strict=True)
        ]
        client.gather(tasks)
        client.where = dict(zip(NAMED, workers, strict=True))
        yield client


@pytest.fixture(scope="module")
def told(client: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder where the command has written what it tells of the cluster, and its picture."""
    folder = tmp_path_factory.mktemp("told")
    words = ["dask", "memory", client.scheduler.address, "--no-baseline", "--timeout", str(PATIENCE)]
    words += ["--check", str(PROGRAMS), "--plot", str(folder / "bars.svg")]
    assert main([*words, "--output-format", "json", "--output-file", str(folder / "told.json")]) == 0
    return folder


@pytest.fixture(scope="module")
def rows(client: Any, told: Path) -> dict[str, dask_plugin.WorkerMemory]:
    """Return what was told of the worker of each program."""
    found = {}
    for item in json.loads((told / "told.json").read_text())["workers"]:
        known = {name: item[name] for name in dask_plugin.WorkerMemory._fields}
        found[item["address"]] = dask_plugin.WorkerMemory(**{**known, "ledger": from_json(item["ledger"])})
    return {name: found[address] for name, address in client.where.items()}


@pytest.mark.parametrize("program", NAMED)
def test_each_program_is_named(program: str, client: Any, rows: dict[str, dask_plugin.WorkerMemory]) -> None:
    row = rows[program]
    assert row.failure == ""
    assert row.ledger is not None
    # Without a baseline the interpreter's own objects are in the rest; they are no more than its largest neighbours.
    inside = {name: amount for name, amount in row.inside().items() if name not in ("baseline", "rest")}
    part = max(inside, key=lambda name: inside[name])
    assert part == ("findings" if program == "live" else NAMED[program])
    assert inside[part] > 60 * MEGABYTE
    assert row.leading == NAMED[program]
    assert sum(amount for name, amount in inside.items() if name != part) < 10 * MEGABYTE


@pytest.mark.parametrize("program", NAMED)
def test_the_parts_are_the_process(program: str, rows: dict[str, dask_plugin.WorkerMemory]) -> None:
    row = rows[program]
    assert row.ledger is not None
    now = footprint.footprint(row.ledger.pid).rss
    assert row.managed + row.unmanaged_old + row.unmanaged_recent == pytest.approx(now, rel=0.02)
    assert sum(row.inside().values()) == row.unmanaged
    assert row.ledger.sum == pytest.approx(now, rel=0.02)


def test_a_table_a_picture_and_json_say_the_same(
    client: Any, told: Path, rows: dict[str, dask_plugin.WorkerMemory]
) -> None:
    found = json.loads((told / "told.json").read_text())
    assert {item["address"]: item["leading"] for item in found["workers"]} == {
        client.where[name]: leading for name, leading in NAMED.items()
    }
    assert found["cluster"]["process"] == sum(item["process"] for item in found["workers"])
    text = dask_plugin.table(tuple(rows.values()))
    assert "unmanaged old" in text
    assert "cluster (4)" in text
    assert "programs:Session.sessions" in text
    assert "MALLOC_TRIM_THRESHOLD_" in text
    assert client.where["hoard"] in (told / "bars.svg").read_text()


def test_the_plugin_keeps_a_history_and_warns_before_a_pause(client: Any, findings: list[Any]) -> None:
    client.register_plugin(dask_plugin.MemoryWatch(interval=0.1, findings=findings))
    try:
        end = time.monotonic() + PATIENCE
        while min([len(kept) for kept in dask_plugin.histories(client).values()], default=0) < 3:
            assert time.monotonic() < end
            time.sleep(0.2)
        kept = dask_plugin.histories(client)
        assert sorted(kept) == sorted(client.where.values())
        ago, resident, managed = kept[client.where["live"]][-1]
        assert 0 <= ago < PATIENCE
        assert resident > 100 * MEGABYTE > managed
        # The worker itself is far from its limit; its watch is shown a reading that is near it.
        address = client.where["live"]
        near = (
            "[watch.note(__import__('time').monotonic(), int(0.95 * watch.worker.memory_manager.memory_limit * 0.8))"
            " for name, module in list(__import__('sys').modules.items())"
            " if name.endswith('.dask_worker') for watch in module._watches.values()]"
        )
        (told,) = client.run(eval, near, workers=[address])[address]
        assert "the worker pauses at" in told
        assert "programs:Session.sessions" in told
        while not client.get_events("leaklint-memory"):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert "programs:Session.sessions" in str(client.get_events("leaklint-memory"))
    finally:
        client.unregister_worker_plugin("leaklint-memory-watch")


GROWN = """\
import time

class Registry:
    def __init__(self):
        self.items = []

APP = Registry()

def work(seconds):
    end = time.time() + seconds
    while time.time() < end:
        getattr(APP, "items").append(bytearray(50_000))
        time.sleep(0.1)
"""


def test_a_holder_that_grows_on_a_worker_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from distributed import Client, LocalCluster

    (tmp_path / "grown.py").write_text(GROWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    import grown

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=":0") as cluster, Client(cluster) as client:
        client.upload_file(str(tmp_path / "grown.py"))
        client.register_plugin(dask_plugin.MemoryWatch(interval=0.1, every=0.1, share=0.5))
        (address,) = client.nthreads()
        end = time.monotonic() + 2 * PATIENCE
        task = client.submit(grown.work, 3 * PATIENCE)
        seen = dask_plugin.growing(client)
        while not any(report["growing"] for report in seen.values()):
            assert time.monotonic() < end
            time.sleep(0.2)
            seen = dask_plugin.growing(client)
        (holder,) = [item for item in seen[address]["holders"] if item["kind"] == "linear"]
        assert (holder["symbol"], holder["owner"]) == ("grown:APP.items", "grown:Registry")
        (row,) = dask_plugin.collect(client, (), PATIENCE)
        while not row.growing:  # what the last samples say: on a busy machine they may lie too close together
            assert time.monotonic() < end
            (row,) = dask_plugin.collect(client, (), PATIENCE)
        assert [item["symbol"] for item in row.growing] == ["grown:APP.items"]
        assert row.growing[0]["size"] == pytest.approx(50_000 * row.growing[0]["points"][-1][1], rel=0.2)
        text = ""
        while f"{address}: grown:APP.items grows" not in text:
            assert time.monotonic() < end, text
            assert main(["dask", "memory", client.scheduler.address, "--no-check", "--no-baseline"]) == 0
            text = capsys.readouterr().out
        assert "an attribute of an object of Registry" in text
        near = (
            "[watch.note(__import__('time').monotonic(), int(0.95 * watch.worker.memory_manager.memory_limit * 0.8))"
            " for name, module in list(__import__('sys').modules.items())"
            " if name.endswith('.dask_worker') for watch in module._watches.values()]"
        )
        (told,) = client.run(eval, near)[address]
        assert "the worker pauses at" in told and "grown:APP.items grows" in told
        while not client.get_events("leaklint-growth"):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert "grown:APP.items" in str(client.get_events("leaklint-growth"))
        task.cancel()


def hold(seconds: int) -> None:
    """Keep the interpreter's lock for so long, as some C code does: nothing else runs in the worker meanwhile."""
    ctypes.PyDLL(None).sleep(seconds)


@pytest.fixture(scope="module")
def emptied(client: Any, told: Path) -> Any:
    """Return the client once its workers have let go of what filled them: what follows is not about amounts."""
    forget = "[__import__('programs').{}.clear(), __import__('gc').collect()]"
    for name in ("Session.sessions", "PINS"):
        client.run(eval, forget.format(name))
    return client


def test_a_busy_worker_holds_up_nobody(emptied: Any) -> None:
    client = emptied
    busy = client.where["live"]
    task = client.submit(hold, 8, workers=[busy], pure=False)
    time.sleep(1.0)
    found = {row.address: row for row in dask_plugin.collect(client, (), 4.0, baseline=False)}
    assert found[busy].failure.startswith("busy: no answer within 4 s")
    assert found[busy].process > 0
    assert len(found) == 4
    assert f"note: {busy}: busy" in dask_plugin.table(tuple(found.values()))
    task.result()


def test_workers_may_die_and_join_meanwhile(emptied: Any) -> None:
    client = emptied
    victim = client.where["cycles"]
    pid = client.run(os.getpid, workers=[victim])[victim]
    killer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
    killer.start()
    found = {row.address: row for row in dask_plugin.collect(client, (), 15.0, baseline=False)}
    killer.join()
    assert {client.where[name] for name in ("live", "hoard", "fragmented")} <= set(found)
    assert all(row.ledger is not None for address, row in found.items() if not row.failure)
    if victim in found and found[victim].ledger is None:
        assert found[victim].failure


def test_a_wrong_address_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["dask", "memory", "tcp://127.0.0.1:9", "--no-check", "--timeout", "1"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("leaklint: no scheduler answers at tcp://127.0.0.1:9")
    assert error.count("\n") == 1


def test_without_dask_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(dask_cluster.ClusterError, match=r"pip install 'flake8-leaklint\[dask\]'"):
        dask_plugin.collect("tcp://127.0.0.1:9")


@pytest.mark.parametrize("python", [sys.executable, *others()], ids=lambda path: Path(path).resolve().name)
def test_what_is_sent_needs_nothing_installed(python: str, tmp_path: Path) -> None:
    start = shipping.expression("dask_worker", "start", token="t", options={"baseline": "none"})
    fetch = shipping.expression("dask_worker", "fetch", token="t")
    script = (
        "import sys, time\n"
        f"start, fetch = {start!r}, {fetch!r}\n"
        "assert eval(start)\n"
        "found = {}\n"
        "while not found:\n"
        "    time.sleep(0.05)\n"
        "    found = eval(fetch)\n"
        "assert 'leaklint_runtime' not in sys.modules\n"
        "print(sum(part['size'] for part in found['ledger']['parts']) / found['ledger']['total'])\n"
    )
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run([python, "-I", "-S", "script.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(1.0, rel=0.02)


def test_unmanaged_memory_goes_by_the_name_of_the_holder_that_grows() -> None:
    parts = (Part("shared", 0), Part("baseline", 30), Part("managed", 70))
    found = Ledger(1, 100, parts)
    row = dask_plugin.WorkerMemory("tcp://w", "w", "running", 100, 0, 0, 0, 100, None, found)
    assert row.leading == "rest"
    small, large = [{"symbol": "m:X.y", "size": size, "text": ["m:X.y grows"]} for size in (20, 60)]
    assert row._replace(growing=(small,)).leading == "rest"
    assert row._replace(growing=(small, large)).leading == "m:X.y"


def test_parts_sum_to_what_dask_calls_unmanaged() -> None:
    parts = (Part("shared", 10), Part("baseline", 30), Part("managed", 50), Part("gc-lag", 5), Part("hoard", 5))
    found = Ledger(1, 100, parts, held=(Held("m:C.x", 3, 20),), held_together=20)
    # Dask believes that it manages more than there is: the parts are cut, and the sum holds.
    for managed in (0, 40, 95, 100):
        row = dask_plugin.WorkerMemory(
            "tcp://w", "w", "running", 100, managed, 7, 60 - min(60, managed), 0, None, found
        )
        row = row._replace(unmanaged_recent=100 - managed - row.unmanaged_old)
        assert sum(row.inside().values()) == row.unmanaged
        assert dask_tables.total([row, row])["process"] == 200
