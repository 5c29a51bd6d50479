"""What a finding asks the experiment to do, proven by doing it."""

from __future__ import annotations

from pathlib import Path

import pytest

from leaklint import api

PRIVATE = """\
import atexit


class _Manager:
    def start(self):
        self.__register()

    def __register(self):
        atexit.register(self.stop)

    def stop(self):
        pass
"""
HANDED_IN = """\
class Metadata:
    models = []

    def __init__(self, model):
        self.models.append(model)
"""


def proven(folder: Path, text: str) -> tuple[api.Finding, ...]:
    (folder / "program.py").write_text(text)
    settings = api.Settings(root=str(folder))
    return api.verify(api.check([folder / "program.py"], settings).findings, api.VerifyOptions(timeout=60))


def test_a_private_method_is_called_by_the_name_it_has_at_run_time(tmp_path: Path) -> None:
    (finding,) = proven(tmp_path, PRIVATE)
    assert finding.probe is not None
    assert finding.probe.trigger == "method:_Manager__register"
    assert finding.verdict is not None
    assert finding.verdict.status == "confirmed", finding.verdict.reason


def test_what_a_constructor_is_given_must_die_not_what_it_makes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (finding,) = proven(tmp_path, HANDED_IN)
    assert finding.probe is not None
    assert finding.probe.track == "argument:0"
    assert finding.verdict is not None
    assert finding.verdict.status == "confirmed", finding.verdict.reason
