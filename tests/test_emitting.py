"""An emitted test fails on the leak and passes once it is gone."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from probes import finding

from leaklint import proof
from leaklint.emitting import EmitError, emit
from leaklint.model import Finding

PROGRAM = """
import functools, weakref

class Config:
    pass

class Keeper:
    every = {}

    def __init__(self, name: str, config: Config):
        self.every[id(self)] = self

class Slotted:
    __slots__ = ("number",)
    every = {}

    def __init__(self):
        self.every[len(self.every)] = self

class Memo:
    @functools.lru_cache(maxsize=None)
    def value(self, number: int):
        return number

    @property
    @functools.lru_cache(maxsize=None)
    def shown(self):
        return 1

LISTENERS = {}
MADE = {}
TEXTS = {}

class Listener:
    pass

def subscribe(listener: Listener):
    LISTENERS[id(listener)] = listener

def on_event(callback):
    LISTENERS[id(callback)] = callback

def make(name: str):
    return MADE.setdefault(name, Config())

async def fetch(name: str):
    return MADE.setdefault(name, Config())

def length(text: str):
    TEXTS[text] = len(text)

class Managed:
    every = {}

    def __enter__(self):
        self.every[id(self)] = self
        return self

    def __exit__(self, *_):
        pass
"""
REPAIRED = (
    PROGRAM.replace("= {}", "= weakref.WeakValueDictionary()")
    .replace("TEXTS[text] = len(text)", "len(text)")
    .replace('__slots__ = ("number",)', '__slots__ = ("number", "__weakref__")')
    .replace("@functools.lru_cache(maxsize=None)\n    def value", "def value")
    .replace("@property\n    @functools.lru_cache(maxsize=None)", "@functools.cached_property")
)
CASES = {
    "constructor": ("Keeper.every", "dict", {"subject": "Keeper"}),
    "slots": ("Slotted.every", "dict", {"subject": "Slotted"}),
    "memo": ("Memo.value", "memo", {"subject": "Memo", "trigger": "method:value"}),
    "property": ("Memo.shown", "memo", {"subject": "Memo", "trigger": "property:shown"}),
    "argument": ("LISTENERS", "dict", {"trigger": "call:{m}:subscribe", "track": "argument:0"}),
    "function": ("LISTENERS", "dict", {"trigger": "call:{m}:on_event", "track": "argument:0"}),
    "result": ("MADE", "dict", {"trigger": "call:{m}:make", "track": "result"}),
    "coroutine": ("MADE", "dict", {"trigger": "call:{m}:fetch", "track": "result"}),
    "growth": ("TEXTS", "dict", {"trigger": "call:{m}:length", "track": "growth"}),
    "context": ("Managed.every", "dict", {"subject": "Managed", "trigger": "method:__enter__"}),
    "factory": ("Keeper.every", "dict", {"subject": "Keeper", "factory": "factories:keeper"}),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Finding, str, str]]:
    """Emit a test for each case, and run it on the leak and on the repaired program: finding, source, both results."""
    folder = tmp_path_factory.mktemp("emitted")
    (folder / "program.py").write_text(PROGRAM)
    (folder / "factories.py").write_text(
        "import program\n\n\ndef keeper(number):\n    return program.Keeper(str(number), 1)\n"
    )
    findings = []
    for container, kind, fields in CASES.values():
        more = {name: text.format(m="program") for name, text in fields.items()}
        findings.append(finding(folder, "program", container, kind, **more))
    proven = proof.verify(findings, proof.VerifyOptions(timeout=10))
    sources = {name: emit(item) for name, item in zip(CASES, proven, strict=True)}
    for name, source in sources.items():
        (folder / f"test_{name}.py").write_text(source)
    leak = _results(folder)
    (folder / "program.py").write_text(REPAIRED)
    repaired = _results(folder)
    return {name: (item, leak[name], repaired[name]) for name, item in zip(CASES, proven, strict=True)}


def _results(folder: Path) -> dict[str, str]:
    """Run the emitted tests in an interpreter of their own; return each file's result."""
    place = Path(proof.client.FOLDER).parent
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:leaklint",
            "-p",
            "no:hypothesispytest",
            "-rA",
            "-q",
            "--tb=no",
            str(folder),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(place), "PYTHONDONTWRITEBYTECODE": "1"},
        check=False,
        stdout=subprocess.PIPE,
        text=True,
    )
    rows = re.findall(r"^(PASSED|FAILED|ERROR) test_(\w+?)\.py", done.stdout, re.MULTILINE)
    return {name: word for word, name in rows}


@pytest.mark.parametrize("name", CASES)
def test_it_fails_on_the_leak_and_passes_on_the_repair(
    name: str, outcomes: dict[str, tuple[Finding, str, str]]
) -> None:
    item, leak, repaired = outcomes[name]
    assert item.verdict is not None
    assert (item.verdict.status, leak, repaired) == ("confirmed", "FAILED", "PASSED")


def test_without_a_proof_there_is_no_test(tmp_path: Path) -> None:
    item = finding(tmp_path, "program", "Keeper.every", subject="Keeper")
    with pytest.raises(EmitError, match="not proven"):
        emit(item)
    (unreached,) = proof.verify([item], proof.VerifyOptions())
    with pytest.raises(EmitError, match="program"):
        emit(unreached)
