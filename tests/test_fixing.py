"""Plans of repairs: what is chosen, what meets, what does not hold, and how files are put on the disk."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaklint import writing
from leaklint.config import Settings
from leaklint.engine import check
from leaklint.fixing import Change, FixOptions, Plan, applied, plan
from leaklint.model import Edit, Finding, Fix, Problem, Report
from leaklint.source import Source
from leaklint.writing import obstacle, write

LEAK = "class A:\n    reg = {}\n\n    def __init__(self):\n        A.reg[id(self)] = self\n"
ORDERED = (
    "class B:\n    all = []\n\n    def __init__(self):\n        B.all.append(self)\n\n\n"
    "def go():\n    for one in B.all: one.go()\n"
)


def planned(*paths: Path, unsafe: bool = False, settings: Settings | None = None) -> Plan:
    """Check files and plan their repairs."""
    chosen = settings or Settings(root=str(paths[0].parent))
    names = tuple(map(str, paths))
    return plan(check(names, chosen), chosen, FixOptions(names, unsafe))


def file_of(folder: Path, text: str, name: str = "mod.py") -> Path:
    """Write a file as it is."""
    path = folder / name
    path.write_bytes(text.encode())
    return path


def test_safe_repairs_are_made_and_the_others_are_told(tmp_path: Path) -> None:
    file = file_of(tmp_path, LEAK + "\n\n" + ORDERED)
    done = planned(file)
    assert [one.symbol for one in done.repaired] == ["mod:A.reg"]
    assert [(left.finding.symbol, left.way) for left in done.left] == [("mod:B.all", "--unsafe-fixes")]
    assert done.left[0].why.startswith("unsafe: assumes that the order")
    assert file.read_text() == LEAK + "\n\n" + ORDERED  # a plan writes nothing
    both = planned(file, unsafe=True)
    assert [one.symbol for one in both.repaired] == ["mod:A.reg", "mod:B.all"] and both.left == ()
    (change,) = both.changes
    assert change.after.startswith("import weakref\n\n\nclass A:\n    reg = weakref.WeakValueDictionary()\n")
    assert "all = weakref.WeakSet()" in change.after and change.after.count("import weakref") == 1


def test_a_second_run_has_nothing_to_do(tmp_path: Path) -> None:
    file = file_of(tmp_path, LEAK + "\n\n" + ORDERED)
    (change,) = planned(file, unsafe=True).changes
    file.write_text(change.after)
    again = planned(file, unsafe=True)
    assert (again.changes, again.repaired, again.left) == ((), (), ())


def test_imports_of_two_repairs_are_added_one_after_the_other(tmp_path: Path) -> None:
    file = file_of(tmp_path, "from abc import ABC\n\n\n" + LEAK + "\n\n" + ORDERED)
    done = planned(file, unsafe=True)
    assert len(done.repaired) == 2
    assert done.changes[0].after.startswith("from abc import ABC\nfrom weakref import WeakSet, WeakValueDictionary\n")


def test_suppressed_findings_are_left_alone(tmp_path: Path) -> None:
    file = file_of(tmp_path, LEAK.replace("reg = {}", "reg = {}  # noqa: LK101"))
    assert planned(file) == Plan()


def test_a_repair_over_two_files(tmp_path: Path) -> None:
    a = file_of(tmp_path, LEAK, "one.py")
    b = file_of(tmp_path, "from one import A\n\n\ndef use(k):\n    return len(A.reg.keys())\n", "two.py")
    done = planned(a, b)
    assert [Path(change.path).name for change in done.changes] == ["one.py", "two.py"]
    assert done.changes[1].after.endswith("return len(A.reg)\n")
    assert all(change.repaired == done.repaired for change in done.changes)


def finding(code: str, edits: Sequence[Edit], safety: str = "safe", line: int = 1) -> Finding:
    """Make a finding whose repair is given."""
    fix = Fix(safety, "x", "because", tuple(edits))
    return Finding(
        code, "n", edits[0].path if edits else "x.py", line, 1, line, 2, f"m:{code}", "", "high", code, fix=fix
    )


def scripted(reports: Mapping[str, Report]) -> object:
    """Return a check that answers by the text of the only file."""

    def again(paths: Sequence[str], settings: Settings, texts: Mapping[str, str]) -> Report:
        (text,) = texts.values()
        return reports[text]

    return again


def test_edits_that_meet_are_made_one_after_the_other(tmp_path: Path) -> None:
    path = str(file_of(tmp_path, "a = 1\n"))
    one, two = finding("LK101", [Edit(path, 4, 5, "22")]), finding("LK102", [Edit(path, 4, 5, "33")], line=2)
    later = replace(two, fix=replace(two.fix, edits=(Edit(path, 4, 6, "33"),)))
    answers = {"a = 1\n": Report((one, two)), "a = 22\n": Report((later,)), "a = 33\n": Report()}
    done = plan(Report((one, two)), Settings(), FixOptions((path,)), scripted(answers))
    assert ([item.code for item in done.repaired], done.changes[0].after) == (["LK101", "LK102"], "a = 33\n")


def test_a_repair_that_does_not_hold_is_dropped(tmp_path: Path) -> None:
    path = str(file_of(tmp_path, "a = 1\nb = 2\n"))
    good, bad = finding("LK101", [Edit(path, 4, 5, "8")]), finding("LK102", [Edit(path, 10, 11, "9")], line=2)
    both = Report((good, bad))
    answers = {"a = 1\nb = 2\n": both, "a = 8\nb = 9\n": Report((bad,)), "a = 8\nb = 2\n": Report((bad,))}
    done = plan(both, Settings(), FixOptions((path,)), scripted(answers))
    assert [item.code for item in done.repaired] == ["LK101"] and done.changes[0].after == "a = 8\nb = 2\n"
    assert [left.why for left in done.left] == ["the finding would still be there after the repair"]


def test_a_repair_that_brings_another_finding_is_dropped(tmp_path: Path) -> None:
    path = str(file_of(tmp_path, "a = 1\n"))
    one, new = finding("LK101", [Edit(path, 4, 5, "2")]), finding("LK404", [Edit(path, 0, 1, "b")])
    answers = {"a = 1\n": Report((one,)), "a = 2\n": Report((new,))}
    done = plan(Report((one,)), Settings(), FixOptions((path,)), scripted(answers))
    assert (done.changes, done.left[0].why) == ((), f"{path}: the repair would bring LK404 at line 1")


def test_what_a_surer_finding_of_the_same_holder_stood_in_front_of_is_left(tmp_path: Path) -> None:
    path = str(file_of(tmp_path, "a = 1\n"))
    one = finding("LK101", [Edit(path, 4, 5, "2")])
    keys = replace(one, code="LK102", line=2, confidence="medium", fingerprint="keys", fix=Fix("none", "", ""))
    done = plan(
        Report((one,)),
        Settings(),
        FixOptions((path,)),
        scripted({"a = 1\n": Report((one,)), "a = 2\n": Report((keys,))}),
    )
    assert [change.after for change in done.changes] == ["a = 2\n"]
    other = replace(keys, symbol="m:other")
    done = plan(
        Report((one,)),
        Settings(),
        FixOptions((path,)),
        scripted({"a = 1\n": Report((one,)), "a = 2\n": Report((other,))}),
    )
    assert done.changes == () and done.left[0].why == f"{path}: the repair would bring LK102 at line 2"


def test_a_repair_that_does_not_parse_is_dropped(tmp_path: Path) -> None:
    path = str(file_of(tmp_path, "a = 1\n"))
    one = finding("LK101", [Edit(path, 4, 5, "(")])
    done = plan(Report((one,)), Settings(), FixOptions((path,)), scripted({"a = 1\n": Report((one,))}))
    assert done.changes == () and "would not be valid after the repair" in done.left[0].why


def test_edits_for_an_older_text_are_not_put_into_a_newer_one(tmp_path: Path) -> None:
    file = file_of(tmp_path, LEAK)
    settings = Settings(root=str(tmp_path))
    report = check([str(file)], settings)
    file.write_text("# moved\n\n" + LEAK)
    (change,) = plan(report, settings, FixOptions((str(file),))).changes
    assert change.after == "# moved\n\nimport weakref\n\n\n" + LEAK.replace("{}", "weakref.WeakValueDictionary()")


def test_only_some_findings(tmp_path: Path) -> None:
    file = file_of(tmp_path, LEAK + "\n\n" + LEAK.replace("A", "C"))
    settings = Settings(root=str(tmp_path))
    report = check([str(file)], settings)
    only = frozenset({report.findings[1].fingerprint})
    done = plan(report, settings, FixOptions((str(file),), only=only))
    assert [one.symbol for one in done.repaired] == ["mod:C.reg"]


@given(text=st.text(max_size=40), data=st.data())
def test_edits_are_put_into_effect_in_any_order(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    edits = [Edit("p", a, b, f"<{a}>") for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    result = applied(text, data.draw(st.permutations(edits)))
    rest, here = "", 0
    for edit in edits:
        rest += text[here : edit.start]
        here = edit.end
    rest += text[here:]
    for edit in edits:
        result = result.replace(edit.text, "", 1)
    assert result == rest or any(edit.text in text for edit in edits)


@pytest.mark.parametrize(
    "edits", [[Edit("p", 0, 2, ""), Edit("p", 1, 3, "")], [Edit("p", 2, 9, "")], [Edit("p", 2, 1, "")]]
)
def test_edits_that_do_not_fit_are_an_error(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        applied("text", edits)


def change_of(path: Path, after: str) -> Change:
    """Return a change of a file as it is on the disk now."""
    return Change(str(path), Source.read(path), after, ())


@pytest.mark.parametrize(
    "raw",
    [
        b"a = 1\n",
        b"a = 1",
        b"\xef\xbb\xbfa = 1\r\nb = 2\r\n",
        b"# -*- coding: latin-1 -*-\nname = '\xe9'\n",
        b"# coding: cp1252\nx = '\x80'\n",
        b"a = 1\n\x0cb = 2\n",
        b"a = 1\rb = 2\r",
        b"if 1:\n\tb = 2\n",
    ],
)
def test_encoding_mark_line_ends_and_final_newline_are_kept(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "mod.py"
    path.write_bytes(raw)
    change = change_of(path, Source.read(path).text + "#")
    assert write([change], [str(tmp_path)]) == ()
    assert path.read_bytes() == raw + b"#"


def test_mode_is_kept_and_no_temporary_file_stays(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a = 1\n")
    path.chmod(0o754)
    assert write([change_of(path, "a = 2\n")], [str(tmp_path)]) == ()
    assert (path.read_text(), stat.S_IMODE(path.stat().st_mode)) == ("a = 2\n", 0o754)
    assert os.listdir(tmp_path) == ["mod.py"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_owner_is_kept(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a = 1\n")
    os.chown(path, 1234, 4321)
    assert write([change_of(path, "a = 2\n")], [str(tmp_path)]) == ()
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 4321)


def test_a_file_that_changed_meanwhile_stops_all_writing(tmp_path: Path) -> None:
    one, two = file_of(tmp_path, "a = 1\n", "one.py"), file_of(tmp_path, "b = 1\n", "two.py")
    changes = [change_of(one, "a = 2\n"), change_of(two, "b = 2\n")]
    two.write_text("b = 3\n")
    assert write(changes, [str(tmp_path)]) == (Problem(str(two), 0, "was left alone: it changed meanwhile"),)
    assert (one.read_text(), two.read_text(), sorted(os.listdir(tmp_path))) == (
        "a = 1\n",
        "b = 3\n",
        ["one.py", "two.py"],
    )


def test_read_only_and_special_files_are_left_alone(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a = 1\n")
    change = change_of(path, "a = 2\n")
    path.chmod(0o444)
    assert write([change], [str(tmp_path)])[0].message == f"was left alone: {path} is read-only"
    assert path.read_text() == "a = 1\n"
    os.mkfifo(tmp_path / "pipe.py")
    assert obstacle(str(tmp_path / "pipe.py"), [str(tmp_path)]).endswith("is not a regular file")
    assert "cannot be read" in obstacle(str(tmp_path / "none.py"), [str(tmp_path)])


def test_links_are_followed_once_and_not_out_of_the_roots(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    real, foreign = file_of(inside, "a = 1\n", "real.py"), file_of(outside, "a = 1\n", "foreign.py")
    (inside / "link.py").symlink_to(real)
    (inside / "second.py").symlink_to(inside / "link.py")
    (inside / "away.py").symlink_to(foreign)
    assert write([change_of(inside / "link.py", "a = 2\n")], [str(inside)]) == ()
    assert (inside / "link.py").is_symlink() and real.read_text() == "a = 2\n"
    assert obstacle(str(inside / "second.py"), [str(inside)]).endswith("is a link to another link")
    assert obstacle(str(inside / "away.py"), [str(inside)]).endswith("outside of what was named")
    assert obstacle(str(inside / "away.py"), [str(inside / "away.py")]) == ""  # named itself
    assert foreign.read_text() == "a = 1\n"


def test_a_folder_reached_through_a_link_is_not_outside(tmp_path: Path) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    path = file_of(folder, "a = 1\n")
    (tmp_path / "alias").symlink_to(folder)
    assert write([change_of(tmp_path / "alias" / "mod.py", "a = 2\n")], [str(tmp_path / "alias")]) == ()
    assert path.read_text() == "a = 2\n"


def test_a_failure_while_writing_leaves_everything_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = file_of(tmp_path, "a = 1\n", "one.py"), file_of(tmp_path, "b = 1\n", "two.py")
    changes = [change_of(one, "a = 2\n"), change_of(two, "b = 2\n")]
    calls: list[int] = []

    def fails(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "fsync", fails)
    assert write(changes, [str(tmp_path)]) == (Problem(str(two), 0, "was left alone: No space left on device"),)
    assert (one.read_text(), two.read_text(), sorted(os.listdir(tmp_path))) == (
        "a = 1\n",
        "b = 1\n",
        ["one.py", "two.py"],
    )


def test_readers_see_the_old_or_the_new_file(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a" * 100_000)
    seen: set[str] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            text = path.read_text()
            seen.add(f"{text[:1]}{len(text)}{len(set(text))}")

    reader = threading.Thread(target=read)
    reader.start()
    for letter in "bcde" * 5:
        assert write([change_of(path, letter * 100_000)], [str(tmp_path)]) == ()
    stop.set()
    reader.join()
    assert seen <= {f"{letter}1000001" for letter in "abcde"}


FINALIZED = LEAK + "\n    def __del__(self):\n        del A.reg[id(self)]\n"


def test_what_goes_with_another_repair_is_told_apart(tmp_path: Path) -> None:
    path = file_of(tmp_path, FINALIZED)
    both = planned(path)
    assert [one.code for one in both.repaired] == ["LK101", "LK404"] and both.left == () and both.gone == ()
    report = check([path], Settings())
    alone = frozenset(one.fingerprint for one in report.findings if one.code == "LK101")
    done = plan(report, Settings(), FixOptions((path,), only=alone))
    assert [one.code for one in done.repaired] == ["LK101"] and done.left == ()
    assert [one.code for one in done.gone] == ["LK404"]
    assert [one.after for one in done.changes] == [one.after for one in both.changes]


CACHED = "from functools import cache\n\n\nclass A:\n    @property\n    @cache\n    def f(self):\n        return 1\n"


@pytest.mark.parametrize(
    ("head", "after"),
    [
        ("from functools import cache\n", "from functools import wraps\n"),
        ("from functools import cache, wraps\n", "from functools import wraps\n"),
        (
            "from functools import (\n    cache,\n    wraps,\n)\n",
            "from functools import (\n    wraps,\n)\n",
        ),
        ("from functools import cache  # noqa: F401\n", "from functools import cache, wraps  # noqa: F401\n"),
        (
            "from functools import cache\n__all__ = ['cache']\n",
            "from functools import cache, wraps\n__all__ = ['cache']\n",
        ),
        ("import functools\nfrom functools import cache\n", "import functools\n"),
    ],
)  # fmt: skip
def test_imports_that_repairs_leave_idle_go(tmp_path: Path, head: str, after: str) -> None:
    text = CACHED.replace("from functools import cache\n", head)
    (change,) = planned(file_of(tmp_path, text)).changes
    imports = change.after.partition("\n\n\ndef _cached_by_instance")[0] + "\n"
    assert [line for line in imports.splitlines(keepends=True) if "weakref" not in line] == after.splitlines(
        keepends=True
    )
    assert "@cache\n" not in change.after


def test_an_idle_import_that_another_file_takes_stays(tmp_path: Path) -> None:
    one = file_of(tmp_path, CACHED, "one.py")
    two = file_of(tmp_path, "from one import A, cache\n", "two.py")
    assert planned(one, two).changes[0].after.startswith("from functools import cache, wraps\n")


def test_files_of_old_pythons_are_repaired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "REG = {}\n\n\nclass A:\n    def __init__(self, socket):\n        REG[id(self)] = self\n"
    text += "        socket.bind(async=True)\n"
    Path("old.py").write_text(text)
    done = plan(check(["old.py"], Settings()), Settings(), FixOptions(("old.py",)))
    assert [one.after for one in done.changes] == [
        f"import weakref\n\n{text.replace('{}', 'weakref.WeakValueDictionary()')}"
    ]
