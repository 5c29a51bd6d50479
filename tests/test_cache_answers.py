"""Answers that are repeated: what they say is what a cold run would say, also where files have changed meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from remembering import BROKEN, LEAK, MORE, PLAIN, STEPS, USER, age, do, edit, said

import leaklint.cli
from leaklint.cache import answers, runs, standing
from leaklint.cache.folder import Folder
from leaklint.cache.keys import NAME, read_entry
from leaklint.digest import digest_of

FIXTURES = Path(__file__).parents[1] / "fixtures"
DUMPS = "import json\nfrom leak import Part\n\n\ndef dump():\n    return json.dumps(Part.every)\n"
UTF8 = "# -*- coding: utf-8 -*-\n"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (folder / "tests").mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.delenv("CI", raising=False)
    (folder / "leak.py").write_text(LEAK)
    (folder / "plain.py").write_text(PLAIN)
    (folder / "bad.py").write_text(BROKEN)
    (folder / "tests" / "test_it.py").write_text(PLAIN)
    age(folder)
    return folder


@pytest.fixture
def trusting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trust times however young: no test can wait until a change of the inode lies back."""
    monkeypatch.setattr(answers, "_GRAIN", -(10**18))
    monkeypatch.setattr(runs, "settled", lambda times, now: True)


@pytest.fixture
def runs_done(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Note the commands that were run, since nothing that is remembered answered them."""
    done: list[str] = []
    run = leaklint.cli.run

    def noting(command: str, words: list[str]) -> int:
        done.append(command)
        return run(command, words)

    monkeypatch.setattr(leaklint.cli, "run", noting)
    yield done


@pytest.mark.usefixtures("trusting")
def test_the_same_command_repeats_its_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, project: Path
) -> None:
    first = said(capsys)
    assert first[0] == 1
    assert "leak.py:2" in first[1]
    assert "bad.py" in first[2]
    with monkeypatch.context() as patched:
        patched.setattr("leaklint.cli.run", lambda *given: pytest.fail("it was run"))
        assert said(capsys) == first
    (project / "user.py").write_text(USER)
    assert said(capsys)[1] == said(capsys, "--no-cache")[1] != first[1]


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize(
    "change",
    ["configuration", "package", "new file", "edit", "delete", "environment", "folder", "ignored", "ignored no more"],
)
def test_whatever_it_looked_at_may_change(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, project: Path, change: str
) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "more.py").write_text(LEAK)
    (project / ".git").mkdir()
    if change == "ignored no more":
        (project / "sub" / ".gitignore").write_text("more.py\n")
    said(capsys)
    if change.startswith("ignored"):
        (project / "sub" / ".gitignore").write_text("more.py\n" if change == "ignored" else "")
        assert ("more.py" in said(capsys)[1]) is (change == "ignored no more")
    elif change == "configuration":
        (project.parent / "pyproject.toml").write_text('[tool.leaklint]\nignore = ["LK1"]\n')
    elif change == "package":
        (project / "__init__.py").write_text("")
    elif change == "new file":
        (project / "sub" / "other.py").write_text(LEAK.replace("Part", "Other"))
    elif change == "edit":
        (project / "sub" / "more.py").write_text(LEAK + "# more\n")
    elif change == "delete":
        (project / "leak.py").unlink()
    elif change == "environment":
        monkeypatch.setenv("FORCE_COLOR", "1")
    else:
        (project / "new").mkdir()
        (project / "new" / "fresh.py").write_text(LEAK)
    assert said(capsys) == said(capsys, "--no-cache")


@pytest.mark.parametrize("words", [["--output-format", "json"], ["--no-cache"], ["--diff-base", "HEAD"], ["-"]])
def test_what_depends_on_more_is_not_repeated(words: list[str]) -> None:
    assert not answers.may_answer(words)
    assert answers.may_answer(["--quiet", "pkg"])


def test_a_young_file_is_not_answered_for(
    capsys: pytest.CaptureFixture[str], project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "settled", lambda times, now: True)
    first = said(capsys)
    (project / "leak.py").write_text(LEAK.replace("Part", "Base"))
    again = said(capsys, "--no-cache")
    assert again != first
    assert said(capsys) == again


def test_a_repeated_answer_loads_next_to_nothing(project: Path, tmp_path: Path) -> None:
    script = f"""
import sys
from leaklint.cache import answers
answers._GRAIN = -10**18
from leaklint.cli import main
before = set(sys.modules)
assert main(["check", "--quiet", "--cache-dir", {str(tmp_path / "cache")!r}]) == 1
print(sorted(set(sys.modules) - before), file=sys.stderr)
"""
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "[]"
    assert "leak.py:2" in done.stdout


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("renamed", [False, True], ids=["in place", "renamed"])
def test_an_answer_stands_when_files_are_written_anew_as_they_were(
    capsys: pytest.CaptureFixture[str], project: Path, runs_done: list[str], renamed: bool
) -> None:
    first = said(capsys)
    runs_done.clear()
    for name in ("plain.py", "tests/test_it.py", "leak.py"):
        shutil.copyfile(project / name, project / f"{name}~")
        if renamed:
            os.replace(project / f"{name}~", project / name)
        else:
            shutil.copy(project / f"{name}~", project / name)
        assert said(capsys) == first
        assert said(capsys) == first
    assert runs_done == []
    assert said(capsys, "--no-cache") == first


CHANGES: dict[str, tuple[str, Callable[[str], str]]] = {
    "comment": ("plain.py", lambda text: text + "# more\n"),
    "function": ("plain.py", lambda text: text + MORE.format(1)),
    "utf-8": ("plain.py", lambda text: UTF8 + text + "# \u20ac\n"),
    "test": ("tests/test_it.py", lambda text: text + USER),
    "read in full": ("leak.py", lambda text: text + "# more\n"),
    "import": ("plain.py", lambda text: "import leak\n" + text),
    "container": ("plain.py", lambda text: text + "EVERY = {}\n\n\ndef keep(one):\n    EVERY[one] = one\n"),
    "class": ("plain.py", lambda text: text + "\n\nclass Part:\n    pass\n"),
    "user": ("plain.py", lambda text: USER),
    "dumps": ("plain.py", lambda text: DUMPS),
    "spoken of": ("plain.py", lambda text: text + "# every Part\n"),
    "broken": ("plain.py", lambda text: BROKEN),
    "broken test": ("tests/test_it.py", lambda text: BROKEN),
    "repaired": ("bad.py", lambda text: PLAIN),
    "broken otherwise": ("bad.py", lambda text: "\n" + text),
    "latin-1": ("plain.py", lambda text: "# -*- coding: latin-1 -*-\n" + text),
    "byte order mark": ("plain.py", lambda text: "\ufeff" + text),
    "null": ("plain.py", lambda text: text + "\0"),
}


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("change", CHANGES)
def test_an_answer_does_not_stand_when_what_changed_may_matter(
    capsys: pytest.CaptureFixture[str], project: Path, runs_done: list[str], change: str
) -> None:
    said(capsys)
    runs_done.clear()
    name, edited = CHANGES[change]
    edit(project / name, edited((project / name).read_text()))
    found = said(capsys)
    assert runs_done == ["check"]
    assert found == said(capsys, "--no-cache")


@pytest.mark.usefixtures("trusting")
def test_what_was_read_then_does_not_hold_for_what_another_command_has_found_since(
    capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    said(capsys)
    edit(project / "plain.py", USER)
    said(capsys, "--quiet")  # the same run, and what it rests on lies in the same place
    assert said(capsys) == said(capsys, "--no-cache")
    edit(project / "plain.py", PLAIN + "# more\n")
    said(capsys, "--quiet")
    assert said(capsys) == said(capsys, "--no-cache")


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("text", [USER.replace("remove", "index"), USER + "# more\n", "# more\n" + USER])
def test_a_file_that_was_read_in_full_is_read_again(
    capsys: pytest.CaptureFixture[str], project: Path, runs_done: list[str], text: str
) -> None:
    edit(project / "plain.py", USER)
    assert "leak.py" not in said(capsys)[1]
    runs_done.clear()
    edit(project / "plain.py", text)
    assert said(capsys) == said(capsys, "--no-cache")
    assert runs_done == ["check", "check"]


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("kind", ["rests", "answers"])
@pytest.mark.parametrize("damage", ["cut", "gone", "other"])
def test_damaged_grounds_let_no_answer_stand(
    capsys: pytest.CaptureFixture[str], project: Path, runs_done: list[str], kind: str, damage: str
) -> None:
    said(capsys)
    entry, other = (next(project.glob(f"{NAME}/v-*/{one}/*/*")) for one in (kind, "run"))
    if damage == "cut":
        entry.write_bytes(entry.read_bytes()[:-9])
    elif damage == "gone":
        entry.unlink()
    else:
        shutil.copy(other, entry)
    runs_done.clear()
    edit(project / "plain.py", PLAIN + "# more\n")
    assert said(capsys) == said(capsys, "--no-cache")
    assert runs_done == ["check", "check"]


def test_no_state_of_the_moment_is_kept(capsys: pytest.CaptureFixture[str], project: Path) -> None:
    def states() -> list[bytes]:
        said(capsys)
        content = read_entry(str(project / NAME), answers.KIND, answers.key([]))
        assert content is not None
        answer = answers.Answer(content)
        assert answer.paths[:4] == [b"bad.py", b"leak.py", b"plain.py", b"tests/test_it.py"]
        return [answer.states[place : place + answers.SIZE] for place in range(0, 4 * answers.SIZE, answers.SIZE)]

    assert states() == [answers.UNSURE] * 4  # the fixture has just made them
    edit(project / "plain.py", PLAIN + "# more\n")
    assert states() == [answers.UNSURE] * 4


def test_a_young_file_is_read_each_time_and_nothing_else_is_run(
    capsys: pytest.CaptureFixture[str], project: Path, runs_done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = answers._trusted
    young: set[bytes] = set()  # states of what has changed just now

    def trusted(state: bytes, taken: int) -> bytes:
        return answers.UNSURE if bytes(state) in young else old(state, taken - 10**18)

    monkeypatch.setattr(answers, "_GRAIN", -(10**18))
    monkeypatch.setattr(answers, "_trusted", trusted)
    first = said(capsys)
    runs_done.clear()
    file = project / "plain.py"
    edit(file, PLAIN)
    before = file.stat()
    young.add(bytes(answers.states_of([b"plain.py"])))
    assert said(capsys) == first
    reads: list[bytes] = []
    digest = standing.content_digest
    monkeypatch.setattr(standing, "content_digest", lambda path: reads.append(path) or digest(path))
    assert said(capsys) == first
    assert reads == [b"plain.py"]
    file.write_text(PLAIN[:-4] + ")\n#\n"[:4])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert runs_done == []
    assert said(capsys) == said(capsys, "--no-cache") != first


@pytest.mark.usefixtures("trusting")
def test_many_changes_are_left_to_a_run(
    capsys: pytest.CaptureFixture[str], project: Path, runs_done: list[str]
) -> None:
    for number in range(40):
        (project / f"plain_{number}.py").write_text(PLAIN)
    first = said(capsys)
    runs_done.clear()
    for number in range(40):
        edit(project / f"plain_{number}.py", PLAIN + "# more\n")
    assert said(capsys) == first
    assert runs_done == ["check"]


@pytest.mark.usefixtures("trusting")
def test_a_link_to_nothing_gets_a_target(capsys: pytest.CaptureFixture[str], project: Path, tmp_path: Path) -> None:
    (project / "link.py").symlink_to(tmp_path / "target.py")
    assert "link" in said(capsys)[2]
    (tmp_path / "target.py").write_text(LEAK.replace("Part", "Base"))
    assert said(capsys) == said(capsys, "--no-cache")


@pytest.mark.parametrize("moment", ["discovered", "analysed"])
def test_what_comes_while_a_run_looks_is_not_overlooked(
    capsys: pytest.CaptureFixture[str], project: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def then_comes(whole: Callable[..., object]) -> Callable[..., object]:
        def done(*given: object) -> object:
            result = whole(*given)
            (project / "late.py").write_text(LEAK.replace("Part", "Late"))
            age(project)
            return result

        return done

    monkeypatch.setattr(answers, "_trusted", lambda state, taken: bytes(state))
    with monkeypatch.context() as patched:
        if moment == "discovered":
            patched.setattr(runs, "discover", then_comes(runs.discover))
        else:
            patched.setattr(runs._Run, "anew", then_comes(runs._Run.anew))
        assert "Late" not in said(capsys)[1]
    assert "Late" in said(capsys)[1]


@pytest.mark.usefixtures("trusting")
def test_folders_without_times_are_listed(
    capsys: pytest.CaptureFixture[str], project: Path, monkeypatch: pytest.MonkeyPatch, runs_done: list[str]
) -> None:
    monkeypatch.setattr(answers, "showing", lambda folder: None)
    monkeypatch.setattr(Folder, "showing", lambda folder, kind, key: None)
    changed = answers.differing

    def blind(paths: list[bytes], expected: bytes) -> dict[int, bytes]:
        """As on a file system where the times of folders are always the same: only what is unsure is told."""
        found = changed(paths, expected)
        size = answers.SIZE
        return {
            number: state
            for number, state in found.items()
            if not os.path.isdir(paths[number]) or expected[size * number : size * (number + 1)] == answers.UNSURE
        }

    monkeypatch.setattr(answers, "differing", blind)
    first = said(capsys)
    runs_done.clear()
    assert said(capsys) == first
    assert runs_done == []
    (project / "late.py").write_text(LEAK.replace("Part", "Late"))
    assert "Late" in said(capsys)[1]


@pytest.mark.usefixtures("trusting")
def test_a_package_above_may_change_as_long_as_it_is_one(
    capsys: pytest.CaptureFixture[str], project: Path, runs_done: list[str]
) -> None:
    init = project / "__init__.py"
    init.write_text("")
    (project / "sub").mkdir()
    shutil.move(project / "leak.py", project / "sub" / "leak.py")
    first = said(capsys, "sub")
    runs_done.clear()
    edit(init, "import os\n")
    assert said(capsys, "sub") == first
    assert runs_done == []
    init.unlink()
    assert said(capsys, "sub") == said(capsys, "sub", "--no-cache")
    assert runs_done == ["check", "check"]


def test_an_answer_that_stands_loads_no_more_than_its_grounds(project: Path, tmp_path: Path) -> None:
    script = f"""
import sys
from leaklint.cache import answers
answers._GRAIN = -10**18
from leaklint.cli import main
assert main(["check", "--quiet", "--cache-dir", {str(tmp_path / "cache")!r}]) == 1
print(sorted(name for name in sys.modules if name.startswith("leaklint")), file=sys.stderr)
print(sorted({{"argparse", "json", "pathlib", "shutil", "hashlib"}} & set(sys.modules)), file=sys.stderr)
"""
    for _ in range(2):
        edit(project / "plain.py", PLAIN)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    ours, others = done.stderr.splitlines()[-2:]
    cache = {f"leaklint.cache{name}" for name in ("", ".answers", ".keys", ".standing", ".stamps", ".states")}
    assert set(json.loads(ours.replace("'", '"'))) == {"leaklint", "leaklint.cli", "leaklint.digest", *cache}
    assert others == "[]"
    assert "leak.py:2" in done.stdout


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(st.lists(STEPS, min_size=1, max_size=2), min_size=1, max_size=5))
def test_after_any_edits_the_command_says_what_a_cold_one_says(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    rounds: list[list[tuple[str, str, str]]],
) -> None:
    monkeypatch.setattr(answers, "_GRAIN", -(10**18))
    monkeypatch.setattr(runs, "settled", lambda times, now: True)
    folder = tmp_path / "case"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name, text in (("leak.py", LEAK), ("plain.py", PLAIN), ("user.py", USER.replace("remove", "index"))):
        edit(folder / name, text)
    said(capsys)
    for steps in rounds:
        for step in steps:
            do(folder, *step)
        found = said(capsys)
        assert found == said(capsys, "--no-cache")
        assert found == said(capsys)


def test_an_answer_stands_for_files_that_hold_what_they_held(tmp_path: Path, project: Path) -> None:
    folder = Folder(str(tmp_path / "cache"))
    digests = [digest_of((project / name).read_bytes()) for name in ("leak.py", "plain.py")]
    content = standing.content_of(digests)
    folder.write(standing.KIND, "key", content)
    assert standing.stands(folder.path, "key", digest_of(content), [(1, b"plain.py")])
    assert not standing.stands(folder.path, "key", digest_of(content), [(0, b"plain.py")])
    assert not standing.stands(folder.path, "key", digest_of(content), [(2, b"plain.py")])
    assert not standing.stands(folder.path, "key", digest_of(b""), [(1, b"plain.py")])
    assert standing.content_of([*digests, ""]) == b""
