"""Answers that are repeated: what they say is what a cold run would say, also where files have changed meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from remembering import BROKEN, LEAK, MORE, PLAIN, STEPS, USER, age, do, edit, said

import leaklint.cli
from leaklint.analysis import Asked
from leaklint.analysis import answers as matters
from leaklint.cache import answers, runs, standing
from leaklint.cache.folder import Folder
from leaklint.cache.keys import NAME, digest_of, read_entry
from leaklint.gate import Gate, scan
from leaklint.leaning import Scanned, leaning
from leaklint.offers import Offer
from leaklint.source import parse_ast

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
@pytest.mark.parametrize("change", ["configuration", "package", "new file", "edit", "delete", "environment", "folder"])
def test_whatever_it_looked_at_may_change(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, project: Path, change: str
) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "more.py").write_text(LEAK)
    said(capsys)
    if change == "configuration":
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


# What is written in the place of a file, as a function of what was there, and changes nothing.
EDITS: dict[str, tuple[str, Callable[[str], str]]] = {
    "comment": ("plain.py", lambda text: text + "# more\n"),
    "function": ("plain.py", lambda text: text + MORE.format(1)),
    "names": ("plain.py", lambda text: text.replace("str(x)", "repr(x).strip()")),
    "utf-8": ("plain.py", lambda text: UTF8 + text + "# \u20ac\n"),
    "test": ("tests/test_it.py", lambda text: text + USER),
    "nothing": ("plain.py", lambda text: text),
}


@pytest.mark.usefixtures("trusting")
@pytest.mark.parametrize("change", EDITS)
@pytest.mark.parametrize("renamed", [False, True], ids=["in place", "renamed"])
def test_an_answer_stands_when_what_changed_matters_to_nobody(
    capsys: pytest.CaptureFixture[str], project: Path, runs_done: list[str], change: str, renamed: bool
) -> None:
    first = said(capsys)
    runs_done.clear()
    name, edited = EDITS[change]
    for _ in range(2):
        text = edited((project / name).read_text(encoding="utf-8"))
        (project / f"{name}~").write_text(text, encoding="utf-8")
        if renamed:
            os.replace(project / f"{name}~", project / name)
        else:
            shutil.copy(project / f"{name}~", project / name)
        assert said(capsys) == first
        assert said(capsys) == first
    assert runs_done == []
    assert said(capsys, "--no-cache") == first


CHANGES: dict[str, tuple[str, Callable[[str], str]]] = {
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
    edit(file, PLAIN + "# 1\n")
    before = file.stat()
    young.add(bytes(answers.states_of([b"plain.py"])))
    assert said(capsys) == first
    reads: list[bytes] = []
    text = standing._text
    monkeypatch.setattr(standing, "_text", lambda path: reads.append(path) or text(path))
    assert said(capsys) == first
    assert reads == [b"plain.py"]
    file.write_text(PLAIN + ")\n#\n"[:4])
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


def test_an_answer_that_stands_loads_no_more_than_the_gate(project: Path, tmp_path: Path) -> None:
    script = f"""
import sys
from leaklint.cache import answers
answers._GRAIN = -10**18
from leaklint.cli import main
assert main(["check", "--quiet", "--cache-dir", {str(tmp_path / "cache")!r}]) == 1
print(sorted(name for name in sys.modules if name.startswith("leaklint")), file=sys.stderr)
print(sorted({{"argparse", "json", "pathlib", "shutil", "hashlib"}} & set(sys.modules)), file=sys.stderr)
"""
    for text in (PLAIN, PLAIN + MORE.format(1)):
        edit(project / "plain.py", text)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    ours, others = done.stderr.splitlines()[-2:]
    cache = {f"leaklint.cache{name}" for name in ("", ".answers", ".keys", ".standing", ".states")}
    loaded = {
        name
        for name in json.loads(ours.replace("'", '"'))
        if not name.startswith(("leaklint.gate", "leaklint.records"))
    }
    assert loaded == {"leaklint", "leaklint.cli", *cache}
    assert others == "[]"
    assert "leak.py:2" in done.stdout


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


@lru_cache(maxsize=1)
def gates() -> list[Gate]:
    return [scan(parse_ast(file.read_text())) for file in sorted(FIXTURES.glob("*/*.py"))]


def test_what_the_mark_leaves_out_decides_not_which_files_are_read() -> None:
    names = frozenset({"Part", "self", "every"})
    for free in standing._UNASKED:
        scanned = [Scanned(f"/{place}.py", f"{place}.py", "/", str(place), gate) for place, gate in enumerate(gates())]
        others = [replace(one, gate=replace(one.gate, **{free: names})) for one in scanned]
        assert [one.file for one in leaning(others)] == [one.file for one in leaning(scanned)]


def test_all_else_in_a_gate_is_in_its_mark() -> None:
    for gate in gates():
        for name in gate.__match_args__:
            value = getattr(gate, name)
            other = not value if isinstance(value, bool) else value | {("x", "y") if name in {"own", "hands"} else "x"}
            same = standing.mark_of(replace(gate, **{name: other})) == standing.mark_of(gate)
            assert same == (name in standing._UNASKED), name


@pytest.mark.parametrize("kind", [standing.PLAIN, standing.READ, standing.PROBLEM, standing.TEST])
def test_only_what_was_not_read_in_full_may_change(tmp_path: Path, kind: int) -> None:
    mark = standing.mark_of(scan(parse_ast(PLAIN)))
    folder = Folder(str(tmp_path / "cache"))
    for others in (0, 3):
        content = standing.content_of([(standing.READ, "")] * others + [(kind, mark)], Asked())
        folder.write(standing.KIND, "key", content)
        edited = [(others, b"plain.py")]
        stands = standing.stands(folder.path, "key", digest_of(content), edited)
        assert stands == (kind in {standing.PLAIN, standing.TEST})
        assert not standing.stands(folder.path, "key", digest_of(b""), edited)


_WORDS = st.frozensets(st.sampled_from(["a", "b", "c", "d", "e", "f"]), max_size=3)


@settings(max_examples=300)
@given(
    st.builds(Asked, _WORDS, _WORDS, st.frozensets(st.tuples(*[st.sampled_from("abc")] * 2), max_size=1),
              st.frozensets(st.builds(Offer, _WORDS, _WORDS, _WORDS), max_size=3)),
    _WORDS, _WORDS, _WORDS, _WORDS, st.sampled_from(["", "a = b", "ab", "c.a"]),
)  # fmt: skip
def test_a_file_answers_here_to_all_that_it_answers_to_in_a_run(
    asked: Asked,
    classes: frozenset[str],
    drops: frozenset[str],
    mentions: frozenset[str],
    imports: frozenset[str],
    text: str,
) -> None:
    gate = replace(gates()[0], classes=classes, drops=drops, mentions=mentions, imports=imports)
    one = Scanned("/x.py", "x.py", "/", "x", gate)
    there = standing._asked(standing.content_of([], asked).partition(b"\n")[2])
    assert standing._answers(gate, text, there) == matters(one, asked, lambda _: text)
