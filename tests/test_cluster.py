"""``check --executor dask=..``: a real cluster of separate worker processes gives what this machine gives."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from leaklint import cluster
from leaklint.cli import main
from leaklint.cluster import Cluster
from leaklint.config import Settings
from leaklint.engine import check
from leaklint.model import Report
from leaklint.running import Running
from tests.samples import SOURCE as LEAKY

pytest.importorskip("distributed")

PLAIN = "import os\n\n\ndef name(path):\n    return os.path.basename(path)\n"


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    from distributed import Client, LocalCluster

    options: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": ":0"}
    with LocalCluster(processes=True, **options) as local, Client(local, set_as_default=False) as client:
        yield client


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write twenty packages; each holds a leak, a file without one, and one that does not parse."""
    for number in range(20):
        package = tmp_path / f"release{number}"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "leaky.py").write_text(LEAKY)
        (package / "plain.py").write_text(PLAIN)
        (package / "broken.py").write_text("def (:\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def timeless(report: Report) -> Report:
    return replace(report, summary=replace(report.summary, seconds=0.0))


def test_a_worker_that_is_killed_midway_changes_nothing(releases: Path, client: Any) -> None:
    killed: list[int] = []

    def tick(stage: str, done: int, total: int) -> None:
        if not killed:
            workers = client.run(os.getpid)
            killed.append(next(iter(workers.values())))
            os.kill(killed[0], signal.SIGKILL)

    local = check(["."], Settings())
    spread = check(["."], Settings(), running=Running(1, tick, Cluster(client)))
    assert killed
    assert timeless(spread) == timeless(local)
    assert (len(local.findings), len(local.problems)) == (20, 20)


def test_the_command_prints_what_it_prints_without(
    releases: Path, client: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    client.wait_for_workers(2)
    told = []
    for more in ([], ["--executor", f"dask={client.scheduler.address}"]):
        assert main(["check", "--no-cache", "--isolated", "--output-format", "concise", *more, "."]) == 1
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert "release7/leaky.py" in told[0]


def test_what_workers_cannot_read_is_read_here(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster.os, "getcwd", lambda: "/no/worker/has/this")
    assert Cluster(client).each(len, ["a", "bc", "def"], 1) == [1, 2, 3]


def test_a_cluster_that_cannot_be_used_is_told(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--executor", "spark=x", "."]) == 2
    assert "'spark=x' is no executor; write dask=tcp://HOST:PORT" in capsys.readouterr().err
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster, "__version__", "9.9")
        with pytest.raises(cluster.ExecutorError, match=r"has leaklint .*, and this is 9\.9; install"):
            Cluster(client)
