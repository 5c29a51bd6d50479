"""The benchmark of releases in the wild through its command, on two small releases that lie in a folder, without a network."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks" / "wild"
LEAKS = '''\
"""Keeps what it is asked."""

SEEN = []


def ask(words: list) -> int:
    """Return how many were asked.

    >>> ask([]) > 0
    True
    """
    SEEN.append(words)
    return len(SEEN)
'''
BROKEN = "def half(:\n    pass\n"


def wheel(folder: Path, name: str, files: dict[str, str]) -> None:
    """Write the wheel of version 1.0 of a release."""
    info = f"{name}-1.0.dist-info"
    about = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, text in {**files, **about}.items():
            archive.writestr(path, text)
        record = "".join(f"{path},,\n" for path in [*files, *about, f"{info}/RECORD"])
        archive.writestr(f"{info}/RECORD", record)


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    """Return the command on a list of two releases that pip finds, and one that it does not."""
    releases = tmp_path / "releases"
    releases.mkdir()
    wheel(releases, "leaky", {"leaky/__init__.py": LEAKS})
    wheel(releases, "broken", {"broken/__init__.py": "X = 1\n", "broken/half.py": BROKEN})
    listed = tmp_path / "packages.txt"
    listed.write_text("# two that are there\nleaky[more]==1.0\nbroken==1.0  # a comment\nabsent==1.0\n")
    return [sys.executable, str(FOLDER / "run.py"), str(listed), "--results", str(tmp_path / "results")]


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return {**kept, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder / "releases")}


def ran(words: list[str], folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*words, *options],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def table(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "results" / "findings.jsonl").read_text().splitlines()]


def test_a_killed_run_goes_on_where_it_ended(words: list[str], tmp_path: Path) -> None:
    results = tmp_path / "results" / "check"
    first = subprocess.Popen(words, cwd=tmp_path, env=environment(tmp_path), stdout=subprocess.DEVNULL)
    until = time.monotonic() + 120
    while not (results / "leaky==1.0.json").exists() and time.monotonic() < until:
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    before = (results / "leaky==1.0.json").stat()
    (results / ".broken==1.0.json.1.part").write_text('{"findings": [')  # as a kill leaves it
    done = ran(words, tmp_path)
    after = (results / "leaky==1.0.json").stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)
    assert "check leaky" not in done.stdout
    (row,) = table(tmp_path)
    assert (row["package"], row["version"], row["holder"]) == ("leaky", "1.0", "leaky:SEEN")
    assert (
        row["place"] == "leaky/__init__.py:3"
        and row["verdict"] == ""
        and row["confidence"] in {"high", "medium", "low"}
    )
    figures = json.loads((tmp_path / "results" / "summary.json").read_text())
    assert {name: figures["total"][name] for name in ("packages", "not fetched", "unread", "crash", "time-out")} == {
        "packages": 3, "not fetched": 1, "unread": 1, "crash": 0, "time-out": 0,
    }  # fmt: skip
    assert [item["pin"] for item in figures["wrong"]] == ["broken==1.0", "absent==1.0"]
    assert "- broken==1.0, check: unread: broken/half.py:1: " in done.stdout


def test_findings_are_proven_and_examples_driven(words: list[str], tmp_path: Path) -> None:
    done = ran(words, tmp_path, "--only", "leaky", "--stage", "discover")
    proven, grown = table(tmp_path)
    assert proven["holder"] == grown["holder"] == "leaky:SEEN"
    assert (proven["verdict"], proven["origin"]) == ("confirmed", "static")
    assert grown["verdict"] == "grows" and grown["made_by"] == "driver_0.py" and grown["bytes"] > 8
    assert re.search(r"\| confirmed, \w+ \| 1 \|", done.stdout)
    assert not list((tmp_path / "results" / "cache" / "environments").iterdir())


def test_what_readers_judged_gives_precision_and_recall(words: list[str], tmp_path: Path) -> None:
    known = [
        {
            "package": "leaky",
            "version": "1.0",
            "place": "leaky/__init__.py:40",
            "holder": "leaky:SEEN",
            "judgement": "leak",
        },
        {
            "package": "leaky",
            "version_before": "1.0",
            "file": "leaky/__init__.py",
            "line_before": 60,
            "container": "module GONE",
        },
        {
            "package": "other",
            "version": "1.0",
            "file": "leaky/__init__.py",
            "line": 3,
            "container": "X",
            "why_not_a_leak": "few",
        },
    ]
    judged = tmp_path / "judged.jsonl"
    judged.write_text("".join(json.dumps(item) + "\n" for item in known))
    words[2] = str(judged)  # the releases that were judged, one of which is not there
    done = ran(words, tmp_path, "--judged", str(judged))
    (row,) = table(tmp_path)
    assert row["judgement"] == "leak"
    assert f"| {row['confidence']} | 1 | 100 % | 100 % |" in done.stdout
    assert f"leaks 2, {row['confidence']} 1, missed 1" in done.stdout
    assert "- missed: leaky==1.0 leaky/__init__.py:60 GONE" in done.stdout
    assert "other==1.0, check: not fetched: ERROR: Could not find a version" in done.stdout


def test_a_run_without_memory_or_time_is_told(words: list[str], tmp_path: Path) -> None:
    for options, what in ((("--seconds", "0.001"), "time-out"), (("--megabytes", "20"), "crash")):
        done = subprocess.run(
            [*words, "--only", "leaky", "--again", *options],
            cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert done.returncode == 1, done.stdout + done.stderr
        assert f"- leaky==1.0, check: {what}: " in done.stdout


def test_the_list_holds_what_it_should() -> None:
    lines = (FOLDER / "packages.txt").read_text().splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert len(pins) >= 400 and len({pin.partition("==")[0] for pin in pins}) == len(pins)
    assert all(re.fullmatch(r"[a-z0-9-]+(\[[a-z0-9,]+\])?==[\w.]+", pin) for pin in pins)
    start = next(number for number, line in enumerate(lines) if line.startswith("# applications"))
    assert start > 300 and len(lines) - start > 100


DRIVER = '"""Asks once."""\n\nimport leaky\n\n\ndef work():\n    leaky.ask([None] * 9)\n'
REPAIR = """\
--- a/leaky/__init__.py
+++ b/leaky/__init__.py
@@ -10,3 +10,3 @@
     True
     \"\"\"
-    SEEN.append(words)
+    SEEN[:] = [words]
     return len(SEEN)
"""
LEAK = """\
package = "leaky"
version = "1.0"
python = "{python}"
import_package = "leaky"
word = "leak"
holder = "leaky:{holder}"
holder_place = "leaky/__init__.py:3"
store_places = ["leaky/__init__.py:12"]
rounds = 40
code = "LK202"
what = "every question"
who = "Everybody who asks."
repair = "The last one alone."
"""


def test_a_leak_that_stood_is_driven_again_and_repaired(words: list[str], tmp_path: Path) -> None:
    for name, holder in (("as_told", "SEEN"), ("untrue", "OTHERS")):
        folder = tmp_path / "leaks" / name
        folder.mkdir(parents=True)
        (folder / "driver.py").write_text(DRIVER)
        (folder / "leak.toml").write_text(LEAK.format(holder=holder, python="{}.{}".format(*sys.version_info)))
        (folder / "repair.diff").write_text(REPAIR)
    command = [sys.executable, str(FOLDER / "leaks.py"), str(tmp_path / "leaks")]
    command += ["--environments", str(tmp_path / "environments")]
    done = ran([*command, "--only", "as_told"], tmp_path)
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("| leaky 1.0"))
    known = r"\| leaky 1\.0 \| every question \| `leaky:SEEN` \| leak \| (high|medium) \(LK202\)"
    assert re.fullmatch(known + r" \| \d+ \| yes \| yes \| yes \| \d+ \|", line)
    assert "- Stored at: `leaky/__init__.py:12`" in done.stdout and "otherwise" not in done.stdout
    (tmp_path / "environments" / "untrue").symlink_to("as_told")  # the same release, which need not be installed anew
    (tmp_path / "leaks" / "untrue" / "repair.diff").unlink()
    told = subprocess.run(
        [*command, "--only", "untrue"], cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert told.returncode == 1 and "- untrue: its holder is not named" in told.stdout
