"""The cache: a run that remembers says what a run that does not would say, whatever has become of files and folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from remembering import BROKEN, LEAK, PLAIN, STEPS, USER, age, do

from leaklint.cache import runs
from leaklint.cache.codec import Codec, UnreadableError
from leaklint.cache.folder import Folder
from leaklint.cache.keys import NAME, tool_key
from leaklint.cli import main
from leaklint.config import Settings
from leaklint.engine import check
from leaklint.flow.read import read_flow
from leaklint.flow.stored import UnreadableFlowError, dumped, loaded
from leaklint.model import Report, Summary
from leaklint.running import Running
from leaklint.source import Source

FIXTURES = Path(__file__).parents[1] / "fixtures"
SETTINGS = Settings(confidence="low")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("CI", raising=False)
    (folder / "leak.py").write_text(LEAK)
    (folder / "plain.py").write_text(PLAIN)
    (folder / "bad.py").write_text(BROKEN)
    age(folder)
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Folder:
    return Folder(str(tmp_path / "cache"))


def timeless(report: Report) -> Report:
    return replace(report, summary=replace(report.summary, seconds=0.0))


def cached(folder: Folder, given_settings: Settings = SETTINGS) -> Report:
    return timeless(runs.check(["."], given_settings, folder))


def cold(given_settings: Settings = SETTINGS) -> Report:
    return timeless(check(["."], given_settings))


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust times however young: no test can wait until a change of the inode lies back."""
    monkeypatch.setattr(runs, "settled", lambda times, now: True)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Note which files are read while the cache is in use."""
    seen: list[str] = []
    opened = Source.decode.__func__  # type: ignore[attr-defined]

    def decode(kind: type[Source], raw: bytes, path: str) -> Source:
        seen.append(path)
        return opened(kind, raw, path)  # type: ignore[no-any-return]

    monkeypatch.setattr(Source, "decode", classmethod(decode))
    yield seen


@pytest.mark.usefixtures("trusting")
def test_a_second_run_reads_nothing(cache: Folder, reads: list[str]) -> None:
    first = cached(cache)
    assert first == cold()
    assert len(first.findings) == 1
    assert [problem.path for problem in first.problems] == ["bad.py"]
    reads.clear()
    assert cached(cache) == first
    assert reads == []


@pytest.mark.usefixtures("trusting")
def test_an_edit_reads_one_file_once_the_others_are_remembered(cache: Folder, project: Path, reads: list[str]) -> None:
    first = cached(cache)
    (project / "plain.py").write_text(PLAIN + "\n\ndef other(y):\n    return name(y)\n")
    assert cached(cache).findings == first.findings  # the second run remembers what it reads
    (project / "plain.py").write_text(PLAIN)
    reads.clear()
    assert cached(cache).findings == first.findings
    assert {"bad.py", "plain.py"} <= set(reads)
    assert reads.count("leak.py") == 1  # for the text of the finding
    assert cached(cache) == cold()


@pytest.mark.usefixtures("trusting")
def test_another_file_changes_what_this_one_does(cache: Folder, project: Path) -> None:
    assert len(cached(cache).findings) == 1
    (project / "user.py").write_text(USER)
    assert cached(cache) == cold()
    assert cached(cache).findings == ()
    (project / "user.py").unlink()
    assert len(cached(cache).findings) == 1


@pytest.mark.usefixtures("trusting")
def test_a_folder_becomes_a_package(cache: Folder, project: Path) -> None:
    (project / "pkg").mkdir()
    shutil.move(project / "leak.py", project / "pkg" / "leak.py")
    assert cached(cache).findings[0].symbol == "leak:Part.every"
    (project / "pkg" / "__init__.py").write_text("")
    assert cached(cache) == cold()
    assert cached(cache).findings[0].symbol == "pkg.leak:Part.every"


def test_times_that_may_lie_are_not_trusted(cache: Folder, project: Path) -> None:
    file = project / "leak.py"
    first = cached(cache)
    before = file.stat()
    file.write_text(LEAK.replace("Part", "Base"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    assert cached(cache) == cold() != first


@pytest.mark.usefixtures("trusting")
def test_under_ci_only_the_content_counts(cache: Folder, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(runs, "times_of", lambda file: (0, 0, 0, 0))
    first = cached(cache)
    (project / "leak.py").write_text(LEAK.replace("Part", "Base"))
    assert cached(cache) == cold() != first


@pytest.mark.usefixtures("trusting")
def test_other_settings_are_other_runs(cache: Folder, project: Path) -> None:
    assert len(cached(cache).findings) == 1
    assert cached(cache, Settings(ignore=("LK101",))).findings == ()
    assert len(cached(cache).findings) == 1


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("damage", ["cut", "empty", "flip", "swap", "garbage"])
def test_damaged_entries_are_not_used(cache: Folder, project: Path, damage: str) -> None:
    first = cached(cache)
    entries = [path for path in Path(cache.path).rglob("*") if path.is_file() and len(path.name) == 30]
    assert entries
    contents = [path.read_bytes() for path in entries]
    for place, path in enumerate(entries):
        data = contents[place]
        flipped = data[:20] + bytes([data[20] ^ 1]) + data[21:]
        other = contents[(place + 1) % len(contents)]
        damaged = {"cut": data[:-9], "empty": b"", "flip": flipped, "swap": other, "garbage": os.urandom(400)}[damage]
        path.write_bytes(damaged)
    assert cached(cache) == first


def test_a_folder_that_cannot_be_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert cached(Folder(str(tmp_path / "file" / "cache"))) == cold()
    assert cached(Folder("/dev/null/cache")) == cold()


def test_a_full_disk_changes_nothing(cache: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert cached(cache) == cold()
    assert not list(Path(cache.path).rglob("*.part"))


def test_a_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    foreign = tmp_path / "home"
    foreign.mkdir()
    (foreign / "letter.txt").write_text("dear")
    folder = Folder(str(foreign))
    assert cached(folder) == cold()
    assert os.listdir(foreign) == ["letter.txt"]
    with pytest.raises(OSError, match="other files"):
        folder.clear()


@pytest.mark.parametrize("tag", [None, "", "Signature: 8a47"])
def test_a_folder_that_another_process_is_about_to_make_is_used(cache: Folder, tag: str | None) -> None:
    """It may also have been killed over it."""
    os.makedirs(os.path.join(cache.path, tool_key(), "other"))
    if tag is not None:
        Path(cache.path, "CACHEDIR.TAG").write_text(tag)
    cache.write("kind", "key0", b"content")
    assert cache.read("kind", "key0") == b"content"
    assert Path(cache.path, "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    assert cache.clear()


@pytest.mark.parametrize("tag", ["", "Signature: 8a47", "Signature: 8a477f597d28d172789f06886806bc55\n"])
def test_a_tag_alone_makes_no_folder_ours(cache: Folder, tag: str) -> None:
    os.makedirs(cache.path)
    Path(cache.path, "CACHEDIR.TAG").write_text(tag)
    Path(cache.path, "letter.txt").write_text("dear")
    cache.write("kind", "key0", b"content")
    assert sorted(os.listdir(cache.path)) == ["CACHEDIR.TAG", "letter.txt"]
    assert Path(cache.path, "CACHEDIR.TAG").read_text() == tag


@pytest.mark.parametrize("name", ["CACHEDIR.TAG", ".gitignore", "v-0123456789abcdef"])
def test_no_link_in_a_folder_without_a_mark_is_followed(cache: Folder, tmp_path: Path, name: str) -> None:
    os.makedirs(cache.path)
    Path(cache.path, name).symlink_to(tmp_path / "elsewhere")
    cache.write("kind", "key0", b"content")
    assert os.listdir(cache.path) == [name]
    assert not os.path.exists(tmp_path / "elsewhere")


def test_a_link_is_not_followed(tmp_path: Path, project: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (project / NAME).symlink_to(elsewhere)
    assert cached(Folder(str(project / NAME))) == cold()
    assert os.listdir(elsewhere) == []


def test_the_size_is_bounded(cache: Folder) -> None:
    for number in range(20):
        cache.write("facts", f"{number:032x}", b"x" * 1000)
        file = Path(cache.path, tool_key(), "facts", f"{number:032x}"[:2], f"{number:032x}"[2:])
        os.utime(file, (time.time() - 1000 + number,) * 2)
    small = Folder(cache.path, most_bytes=5500)
    small.prune()
    assert small.size()[1] <= 5500
    assert small.read("facts", f"{19:032x}") == b"x" * 1000  # the youngest stay
    assert small.read("facts", f"{0:032x}") is None
    small.prune(now=time.time() + 40 * 86_400)
    assert small.size() == (0, 0)


def test_the_folder_says_what_it_is(cache: Folder) -> None:
    cached(cache)
    assert Path(cache.path, "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")
    assert Path(cache.path, ".gitignore").read_text() == "*\n"
    assert cache.clear()
    assert not os.path.exists(cache.path)
    assert not cache.clear()


def test_clear_and_dir(project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEAKLINT_CACHE_DIR", raising=False)
    assert main(["check", "--quiet"]) == 1
    assert (project / NAME).is_dir()
    assert main(["cache", "dir"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(project / NAME)
    assert main(["cache", "clear"]) == 0
    assert not (project / NAME).exists()
    assert main(["check", "--quiet", "--no-cache"]) == 1
    assert not (project / NAME).exists()
    monkeypatch.setenv("LEAKLINT_CACHE_DIR", str(project / "else"))
    assert main(["check", "--quiet"]) == 1
    assert (project / "else").is_dir()
    assert not (project / NAME).exists()


def test_concurrent_runs_share_a_folder(cache: Folder, project: Path) -> None:
    words = [sys.executable, "-m", "leaklint", "check", "--output-format", "concise", "--cache-dir", cache.path]
    runs_of = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    outputs = {process.communicate() for process in runs_of}
    assert len(outputs) == 1
    assert {process.returncode for process in runs_of} == {1}


def test_value_flows_come_back_as_they_were() -> None:
    for file in sorted(FIXTURES.glob("*/bad.py")):
        flow = read_flow(Source.read(file).tree, "pkg.mod", str(file), False)
        assert loaded(dumped(flow)) == flow


@pytest.mark.parametrize("data", [b"", b"\xff", b"N", b"[" * 100])
def test_what_is_no_value_flow_is_told(data: bytes) -> None:
    with pytest.raises(UnreadableFlowError):
        loaded(data)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"[[[9,1]],0]", b"[[[0]],0]", b"[[],0]", b"\xff", b"[" * 100_000])
def test_what_is_no_dump_is_told(data: bytes) -> None:
    with pytest.raises(UnreadableError):
        Codec(Summary).load(data)


@pytest.mark.parametrize("trusted", [True, False], ids=["times", "contents"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(STEPS, min_size=1, max_size=3), min_size=1, max_size=4))
def test_after_any_edits_it_is_as_if_cold(
    trusted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: list[list[tuple[str, str, str]]]
) -> None:
    """What a remembering run says after edits, moves and deletions equals what a cold run says."""
    monkeypatch.setenv("CI", "" if trusted else "1")
    folder = tmp_path / "case"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    monkeypatch.chdir(folder)
    cache = Folder(str(tmp_path / "case-cache"))
    (folder / "leak.py").write_text(LEAK)
    for steps in rounds:
        for step in steps:
            do(folder, *step)
        if any(folder.rglob("*.py")):
            assert cached(cache) == cold()
            assert cached(cache) == cold()


def test_several_processes_remember_the_same(cache: Folder, project: Path) -> None:
    for number in range(6):
        (project / f"more_{number}.py").write_text(
            LEAK.replace("Part", f"Part{number}") + "\n# " + "x" * 100_000 + "\n"
        )
    found = timeless(runs.check(["."], SETTINGS, cache, Running(jobs=2)))
    assert found == cold()
    assert cached(cache) == found
