"""Holders that only a run has shown: as findings of ``check``, repaired by ``fix``, proven by ``verify``, in every report."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hidden_programs import AT_EXIT, BY_NAME, CLOSURE, METACLASS, PROGRAMS, TWO_DEEP, Hidden, line_of, written
from repairing import lines

from leaklint.cli import main

SCHEMA = json.loads((Path(__file__).parents[1] / "docs" / "report.schema.json").read_text())
linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="what emptying frees is tried in clones of Linux"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def answered(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """Run a command with JSON as its output and return that."""
    assert main([*words, "--output-format", "json"]) in {0, 1}
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def finding_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the one finding of a check that is given the profile."""
    document = answered(capsys, "check", "--no-cache", "--findings", "profile.json", ".")
    jsonschema.validate(document, SCHEMA)
    (finding,) = document["findings"]
    return dict(finding)


def status_of(capsys: pytest.CaptureFixture[str]) -> str:
    (finding,) = answered(capsys, "verify", "--findings", "profile.json", "--timeout", "120")["findings"]
    return str(finding["verdict"]["status"])


def profiled(program: Hidden, folder: Path) -> None:
    """Let ``leaklint profile`` find the holder by itself."""
    (folder / program.file).write_text(program.text)
    words = ["profile", f"{program.file}:work", "--output-format", "json", "--output-file", "profile.json"]
    words += ["--quiet", "--no-ledger", "--rounds", "40"]
    assert main(words) == 1


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.file)
def test_what_a_profile_saw_is_a_finding(folder: Path, capsys: pytest.CaptureFixture[str], program: Hidden) -> None:
    written(folder, program)
    assert answered(capsys, "check", "--no-cache", ".")["findings"] == []
    found = finding_of(capsys)
    assert (found["code"], found["origin"], found["confidence"]) == (program.code, "runtime", "high")
    assert found["line"] == line_of(program, program.defined or program.stored)
    assert found["hint"].startswith(f"{program.code} would have to see this: ")
    store = found["related"][0]
    assert (store["line"], store["function"]) == (line_of(program, program.stored), program.function)
    assert "grows by 1.0 entries and 712 B a call" in found["message"]


FLIPS = [
    (BY_NAME, "weakref.WeakValueDictionary", "nothing but byname.py:21 reaches it", "refuted"),
    (TWO_DEEP, "weakref.WeakValueDictionary", "nothing but deep.py:24 reaches it", "refuted"),
    (CLOSURE, "at most 1024 entries", "may be worked out again", "bounded"),
]


@pytest.mark.parametrize(("program", "replacement", "assumed", "after"), FLIPS, ids=[row[0].file for row in FLIPS])
def test_the_repair_turns_the_verdict(
    folder: Path, capsys: pytest.CaptureFixture[str], program: Hidden, replacement: str, assumed: str, after: str
) -> None:
    written(folder, program)
    _flips(capsys, replacement, assumed, after)


@linux
@pytest.mark.parametrize(("program", "replacement", "assumed", "after"), FLIPS, ids=[row[0].file for row in FLIPS])
def test_the_repair_of_what_a_real_profile_saw(
    folder: Path, capsys: pytest.CaptureFixture[str], program: Hidden, replacement: str, assumed: str, after: str
) -> None:
    profiled(program, folder)
    document = json.loads((folder / "profile.json").read_text())
    (finding,) = document["findings"]
    assert [item["fingerprint"] for item in document["holders"]] == [finding["fingerprint"]]
    assert (finding["code"], finding["origin"]) == (program.code, "runtime")
    assert finding["related"][0]["line"] == line_of(program, program.stored)
    _flips(capsys, replacement, assumed, after)
    (left,) = answered(capsys, "fix", "--findings", "profile.json", "--unsafe-fixes", ".")["left"]
    assert left["why"] == f"{program.file} has changed since that run: profile again"


def test_what_callers_may_drop_is_left(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody can say who holds what a metaclass hands to whoever makes an object: it may live by the container."""
    written(folder, METACLASS)
    (left,) = answered(capsys, "fix", "--findings", "profile.json", "--unsafe-fixes", ".")["left"]
    assert "lives by the container" in left["why"]


def _flips(capsys: pytest.CaptureFixture[str], replacement: str, assumed: str, after: str) -> None:
    assert status_of(capsys) == "confirmed"
    safe = answered(capsys, "fix", "--findings", "profile.json", ".")
    assert [left["way"] for left in safe["left"]] == ["--unsafe-fixes"] and safe["changes"] == []
    done = answered(capsys, "fix", "--findings", "profile.json", "--unsafe-fixes", ".")
    (repaired,) = done["repaired"]
    assert (repaired["fix"]["replacement"], repaired["fix"]["safety"]) == (replacement, "unsafe")
    assert assumed in repaired["fix"]["reason"]
    assert status_of(capsys) == after


MEMO = """
import functools
import itertools

NUMBERS = itertools.count()


@memoiser
def page(number):
    return [number] * 50


def work():
    return len(page(next(NUMBERS)))
"""


@linux
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("@functools.cache", "@functools.lru_cache(maxsize=1024)"),
        ("@functools.lru_cache(maxsize=None)", "@functools.lru_cache(maxsize=1024)"),
        ("@functools.lru_cache(None, typed=True)", "@functools.lru_cache(1024, typed=True)"),
    ],
)
def test_a_memo_whose_calls_do_not_repeat(
    folder: Path, capsys: pytest.CaptureFixture[str], before: str, after: str
) -> None:
    text = MEMO.lstrip("\n").replace("@memoiser", before)
    program = CLOSURE._replace(file="memo.py", text=text)
    profiled(program, folder)
    found = finding_of(capsys)
    assert (found["code"], found["symbol"], found["line"]) == ("LK204", "memo:page", line_of(program, before))
    _flips(capsys, "at most 1024 entries", "may be worked out again", "bounded")
    assert (folder / "memo.py").read_text() == text.replace(before, after)


@linux
def test_a_real_profile_of_exit_functions(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    direct = "atexit.register(client.close)"
    text = AT_EXIT.text.replace(f"{AT_EXIT.stored}(atexit)(client.close)", direct)
    program = AT_EXIT._replace(text=text, stored=direct)
    profiled(program, folder)
    found = finding_of(capsys)
    assert (found["code"], found["line"], found["symbol"]) == ("LK401", line_of(program, direct), "leaving:start")
    assert status_of(capsys) == "confirmed"
    (left,) = answered(capsys, "fix", "--findings", "profile.json", "--unsafe-fixes", ".")["left"]
    assert left["why"] == f"what is registered at leaving.py:{found['line']} is not a method of self"


def test_a_release_that_never_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rules trust a removal that somebody may call; the run has shown that nobody does."""
    text = BY_NAME.text.replace('getattr(REGISTRY, f"{KIND}s")[', "REGISTRY.items[")
    text = text.replace(
        "    def count", "    def close(self, session):\n        self.items.pop(id(session))\n\n    def count"
    )
    written(folder, BY_NAME._replace(text=text, stored="REGISTRY.items["))
    assert answered(capsys, "check", "--no-cache", ".")["findings"] == []
    found = finding_of(capsys)
    assert found["hint"] == "LK202 would have to see this: Registry.close removes it is taken for a release"
    done = answered(capsys, "fix", "--findings", "profile.json", "--unsafe-fixes", ".")
    assert [item["fix"]["replacement"] for item in done["repaired"]] == ["weakref.WeakValueDictionary"]
    assert "not followed" not in done["repaired"][0]["fix"]["reason"]
    assert status_of(capsys) == "refuted"


NAMED = """

def work():
    return login("user" + chr(REGISTRY.count())).number


def login(name: str):
    if name not in REGISTRY.items:
        REGISTRY.items[name] = Session(1)
    return REGISTRY.items[name]
"""


def test_one_finding_where_the_rules_see_it_too(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody can say from the text how many names there will be; the run has shown that they do not end."""
    text = BY_NAME.text.partition("\n\ndef work")[0] + NAMED
    written(folder, BY_NAME._replace(text=text, stored="REGISTRY.items[name] =", function="login"))
    (alone,) = answered(capsys, "check", "--no-cache", "--confidence", "low", ".")["findings"]
    both = finding_of(capsys)
    assert (both["origin"], both["hint"]) == ("static", "")
    same = ("code", "fingerprint", "symbol", "line", "column", "fix")
    assert {name: both[name] for name in same} == {name: alone[name] for name in same}
    assert (alone["confidence"], both["confidence"]) == ("low", "high")
    assert both["message"].startswith(alone["message"]) and "at run time REGISTRY.items" in both["message"]
    assert both["retention"][: len(alone["retention"])] == alone["retention"]
    assert both["probe"]["trigger"] == "factory" and both["probe"]["fingerprint"] == alone["fingerprint"]


@pytest.mark.parametrize(
    ("changes", "confidence"),
    [
        ({"certainty": "assumed"}, "medium"),
        ({"trend": "filling"}, "low"),
        ({"trend": "bounded"}, ""),
        ({"trend": "constant"}, ""),
        ({"kind": "hidden"}, ""),
    ],
)
def test_how_sure_it_is(
    folder: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], confidence: str
) -> None:
    written(folder, TWO_DEEP, **changes)
    document = answered(capsys, "check", "--no-cache", "--findings", "profile.json", "--confidence", "low", ".")
    assert [item["confidence"] for item in document["findings"]] == ([confidence] if confidence else [])
    default = answered(capsys, "check", "--no-cache", "--findings", "profile.json", ".")
    assert len(default["findings"]) == (confidence == "medium")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"scope": "class", "owner": "deep:State"}, "LK102"),
        ({"scope": "class", "keeps": "deep:login"}, "LK102"),
        ({"scope": "class", "role": "callback", "keeps": "function"}, "LK103"),
        ({"scope": "module", "role": "key"}, "LK201"),
        ({"scope": "module", "kind": "list", "role": "element"}, "LK202"),
        ({"scope": "module", "role": "callback"}, "LK203"),
        ({"scope": "module", "keeps": "str"}, "LK204"),
        ({"scope": "default"}, "LK204"),
        ({"scope": "class", "kind": "memo", "role": "key", "keeps": "deep:State"}, "LK301"),
        ({"scope": "class", "kind": "memo", "role": "key"}, "LK204"),
        ({"scope": "module", "kind": "memo", "role": "key"}, "LK204"),
        ({"scope": "interpreter", "kind": "fork", "role": "reference", "symbol": "os.register_at_fork"}, "LK401"),
        ({"module": "gc", "scope": "module", "kind": "list", "role": "callback", "symbol": "gc:callbacks"}, "LK401"),
        ({"module": "linecache", "scope": "module", "symbol": "linecache:cache"}, "LK204"),
        ({"scope": "object", "kind": "logger"}, "LK402"),
        ({"module": "logging", "scope": "object", "symbol": "logging:Logger.manager.loggerDict"}, "LK402"),
        ({"scope": "module", "keeps": "KeyError"}, "LK403"),
    ],
)
def test_the_rule_that_fits(
    folder: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], code: str
) -> None:
    written(folder, TWO_DEEP, **changes)
    found = finding_of(capsys)
    assert (found["code"], found["probe"]["code"]) == (code, code)


def test_a_store_that_nobody_can_read_forbids_the_repair(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One store is plain to see; the one that the run saw is a call of what was a method of the container."""
    text = BY_NAME.text.replace(
        '    getattr(REGISTRY, f"{KIND}s")[id(session)] = session\n',
        '    put = getattr(REGISTRY, f"{KIND}s").__setitem__\n    put(id(session), session)\n',
    )
    text += "\n\ndef keep(session: Session):\n    REGISTRY.items[id(session)] = session\n    return session\n"
    program = BY_NAME._replace(text=text, stored="put(id(session)")
    written(folder, program)
    (left,) = answered(capsys, "fix", "--findings", "profile.json", "--unsafe-fixes", ".")["left"]
    place = f"byname.py:{line_of(program, program.stored)}"
    assert f"the store that the run saw at {place} could not be read" in left["why"]
    assert (folder / "byname.py").read_text() == text


def test_a_list_that_may_be_another_is_left(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = BY_NAME.text.replace("self.items = {}", "self.items = []")
    text = text.replace("[id(session)] = session", ".append(session)")
    written(folder, BY_NAME._replace(text=text, defined="self.items = []"), kind="list", role="element")
    (left,) = answered(capsys, "fix", "--findings", "profile.json", "--unsafe-fixes", ".")["left"]
    assert 'getattr(REGISTRY, f"{KIND}s") at byname.py:21 may be this container or another one' in left["why"]


def test_a_table_of_the_standard_library(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The finding stands at the store: where the table is written down nobody can do anything about it."""
    changes = {
        "module": "sys",
        "scope": "module",
        "symbol": "sys:modules",
        "container": "modules",
        "path": "",
        "line": 0,
    }
    written(folder, TWO_DEEP, **changes)
    found = finding_of(capsys)
    assert (found["symbol"], found["line"]) == ("deep:login", line_of(TWO_DEEP, TWO_DEEP.stored))
    assert found["hint"].endswith("what it puts into a table of the standard library is not taken to stay there")


def test_a_handler_for_each_call(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = lines("""
        import logging

        LOG = logging.getLogger("a")


        def work():
            LOG.addHandler(logging.NullHandler())
            LOG.info("working")
    """)
    changes = {"module": "logging", "scope": "object", "kind": "logger", "symbol": "logging:LOG.handlers"}
    written(
        folder,
        TWO_DEEP._replace(file="logs.py", text=text, defined="LOG =", stored="addHandler", function="work"),
        **changes,
    )
    assert answered(capsys, "check", "--no-cache", ".")["findings"] == []
    (repaired,) = answered(capsys, "fix", "--findings", "profile.json", "--unsafe-fixes", ".")["repaired"]
    assert (repaired["code"], repaired["origin"]) == ("LK402", "static")  # low, for all that the rules know
    assert "    if not LOG.handlers:\n        LOG.addHandler(" in (folder / "logs.py").read_text()


def test_only_what_the_file_names_is_repaired(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = lines("""
        class Job:
            every = {}

            def __init__(self):
                Job.every[id(self)] = self
    """)
    written(folder, TWO_DEEP)
    (folder / "jobs.py").write_text(other)
    done = answered(capsys, "fix", "--findings", "profile.json", "--unsafe-fixes", ".")
    assert [item["symbol"] for item in done["repaired"]] == ["deep:State.sessions"] and done["left"] == []
    assert (folder / "jobs.py").read_text() == other
    (folder / "report.json").write_text(json.dumps(answered(capsys, "check", "--no-cache", ".")))
    done = answered(capsys, "fix", "--findings", "report.json", ".")  # a report of check narrows as well
    assert [item["symbol"] for item in done["repaired"]] == ["jobs:Job.every"]


def test_what_cannot_be_repaired_is_not_gone_with_another_repair(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(folder, TWO_DEEP)
    document = json.loads((folder / "profile.json").read_text())
    hidden = {**document["holders"][0], "symbol": "deep:APP.state.names[*]", "container": "APP.state.names", "line": 14}
    document["holders"].append(hidden)
    (folder / "profile.json").write_text(json.dumps(document))
    done = answered(capsys, "fix", "--findings", "profile.json", "--unsafe-fixes", ".")
    assert [item["symbol"] for item in done["repaired"]] == ["deep:State.sessions"]
    assert [left["finding"]["symbol"] for left in done["left"]] == ["deep:APP.state.names[*]"] and done["gone"] == []


def test_a_file_that_is_not_among_the_paths(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(folder, TWO_DEEP)
    (folder / "other.py").write_text("")
    (left,) = answered(capsys, "fix", "--findings", "profile.json", "other.py")["left"]
    assert left["why"] == "deep.py is not among the PATHs"


def test_a_changed_file_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(folder, TWO_DEEP)
    words = [
        "profile",
        "deep.py:work",
        "--no-check",
        "--output-format",
        "json",
        "--output-file",
        "profile.json",
        "--quiet",
    ]
    assert main(words) in {0, 1}
    (folder / "deep.py").write_text(TWO_DEEP.text + "\n")
    document = answered(capsys, "check", "--no-cache", "--findings", "profile.json", ".")
    assert document["findings"] == []


def test_a_proven_repair(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(folder, TWO_DEEP)
    words = ["fix", "--findings", "profile.json", "--unsafe-fixes", "--prove", "--timeout", "120", "."]
    (repaired,) = answered(capsys, *words)["repaired"]
    assert repaired["verdict"]["status"] == "refuted"
    assert "weakref.WeakValueDictionary()" in (folder / "deep.py").read_text()


@pytest.mark.parametrize("text", ["[]", "{}", '{"version": 1, "target": "x"}', '{"version": 9}'])
def test_what_is_neither_report_nor_profile(folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    (folder / "odd.json").write_text(text)
    for command in (["check", "--no-cache"], ["fix"], ["verify"]):
        assert main([*command, "--findings", "odd.json"]) == 2
        assert capsys.readouterr().err.startswith("leaklint: odd.json: ")
