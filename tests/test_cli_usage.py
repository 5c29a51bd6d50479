"""What the command line says of itself and of mistakes: one clear line, the nearest known word, status 2."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leaklint import __version__
from leaklint.cli import COMMANDS, load, main
from leaklint.cli.parsing import Parser
from leaklint.cli.usage import UsageError, words


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"leaklint {__version__}\n"
    assert main(["--help"]) == 0
    overview = capsys.readouterr().out
    assert all(f"  {name} " in overview for name in COMMANDS)
    assert main([]) == 2
    assert capsys.readouterr().out == overview


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_run(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([command, "--help"])
    assert caught.value.code == 0
    assert f"usage: leaklint {command}" in capsys.readouterr().out
    assert callable(load(command).run)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["chek"], "unknown command chek (did you mean check?); 'leaklint help' lists the commands"),
        (["--verison"], "unknown option --verison (did you mean --version?); 'leaklint help' lists the commands"),
        (["check", "--slect", "LK1"], "unknown option --slect (did you mean --select?)"),
        (["check", "--selec=LK1"], "unknown option --selec (did you mean --select?)"),
        (["check", "--xyzzy"], "unknown option --xyzzy"),
        (["check", "--select"], "argument --select: expected one argument"),
        (["check", "--confidence", "sure"], "argument --confidence: invalid choice: 'sure'"),
        (["check", "--output-format", "jsn"], "argument --output-format: invalid choice: 'jsn'"),
        (["check", "--config", "none.toml"], "none.toml: no such configuration file"),
        (["check", "--config", "a.toml", "--isolated"], "argument --isolated: not allowed with argument --config"),
        (["check", "-", "other.py"], "standard input is one file"),
        (["completion", "tcsh"], "argument shell: invalid choice: 'tcsh'"),
        (["init", "nowhere/at/all"], "no such folder: nowhere/at/all"),
    ],
)
def test_mistakes(
    given: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    if "-" in given:
        given = ["check", "--stdin-filename", "a.py", "other.py"]
    assert main(given) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"leaklint: {told}")
    assert captured.err.count("\n") == 1


def test_a_bad_configuration_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("[tool.leaklint]\nselct = []\n")
    assert main(["check"]) == 2
    assert capsys.readouterr().err == (
        f"leaklint: {tmp_path}/pyproject.toml:2: selct: unknown key in [tool.leaklint] (did you mean select?)\n"
    )


POOL = [
    "check",
    "rules",
    "explain",
    "baseline",
    "init",
    "completion",
    "--select",
    "LK1",
    "LK999",
    "--color",
    "always",
    "--",
]
POOL += [
    "--exclude",
    "[",
    "--config",
    "x.toml",
    "--baseline",
    "-",
    "--quiet",
    "-q",
    "x.py",
    "\udc80",
    "",
    "--diff-base",
    "bash",
]
POOL += [
    "--confidence",
    "low",
    "--output-format",
    "json",
    "--stdin-filename",
    "--exit-zero",
    "--stdout",
    "--output-file=/",
]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.sampled_from(POOL), min_size=1, max_size=5))
def test_no_words_bring_it_down(tmp_path: Path, given_words: list[str]) -> None:
    standard, before = SimpleNamespace(buffer=io.BytesIO(b"x = 1\n")), os.getcwd()
    out, err = io.StringIO(), io.StringIO()
    os.chdir(tmp_path)
    try:
        with mock.patch("sys.stdin", standard), redirect_stdout(out), redirect_stderr(err):
            status = main(given_words)
    finally:
        os.chdir(before)
    assert status in (0, 1, 2)
    assert "internal error" not in err.getvalue()
    if status == 2 and not out.getvalue():
        assert 1 <= err.getvalue().count("\n") <= len(given_words)


def test_internal_errors_are_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(args: object) -> int:
        raise ZeroDivisionError("by\nzero")

    monkeypatch.setattr(load("completion"), "run", broken)
    monkeypatch.delenv("LEAKLINT_DEBUG", raising=False)
    assert main(["completion", "bash"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("leaklint: internal error: ZeroDivisionError: by\\nzero at ")
    assert told.count("\n") == 1
    monkeypatch.setenv("LEAKLINT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        main(["completion", "bash"])


def test_interrupts_are_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(args: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(load("completion"), "run", interrupted)
    assert main(["completion", "bash"]) == 130
    assert capsys.readouterr().err == "leaklint: interrupted\n"


def test_options_may_stand_between_paths() -> None:
    parser = Parser("leaklint check", "")
    load("check").add_arguments(parser)
    args = parser.parse(["a.py", "--select", "LK1,LK2", "b.py", "--select", "LK4"])
    assert args.paths == ["a.py", "b.py"]
    assert words(args.select) == ("LK1", "LK2", "LK4")
    with pytest.raises(UsageError, match="unknown option --sel "):
        parser.parse(["--sel", "LK1"])


def test_a_reader_that_goes_away_is_no_error() -> None:
    script = "import sys; from leaklint.cli import main; sys.exit(main(['completion', 'fish']))"
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.close()
    _, told = child.communicate(timeout=60)
    assert told == b""
    assert child.returncode == 1


def test_output_survives_any_terminal_encoding() -> None:
    script = "from leaklint.cli import output; output.write('caf\\u00e9 \\u2603\\n')"
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, env=environment)
    assert done.stdout == b"caf\\xe9 \\u2603\n"


def test_init_writes_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    target = Path("pyproject.toml")
    target.write_bytes(b'[project]\r\nname = "x"\r\n')
    target.chmod(0o600)
    assert main(["init"]) == 0
    assert target.stat().st_mode & 0o777 == 0o600
    written = target.read_bytes()
    assert written.startswith(b'[project]\r\nname = "x"\r\n\r\n[tool.leaklint]\r\n')
    assert b"\n" not in written.replace(b"\r\n", b"")
    capsys.readouterr()
    assert main(["init"]) == 2
    assert "has a [tool.leaklint] table already" in capsys.readouterr().err
    assert target.read_bytes() == written
    assert os.listdir() == ["pyproject.toml"]


def test_init_leaves_what_it_cannot_extend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text("tool = {}\n")
    assert main(["init"]) == 2
    assert "takes no further table" in capsys.readouterr().err
    assert Path("pyproject.toml").read_text() == "tool = {}\n"


def test_what_init_proposes_is_valid(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Uncommented, every proposed key is one that the configuration knows."""
    import re

    from leaklint.config import load as load_settings

    assert main(["init", "--stdout"]) == 0
    proposed = capsys.readouterr().out
    live = re.sub(r'^# (?=[a-z-]+ = |\[tool|"mypkg)', "", proposed, flags=re.MULTILINE)
    assert live.count("# ") < proposed.count("# ")
    (tmp_path / "pyproject.toml").write_text(live)
    settings = load_settings(tmp_path)
    assert settings.registrars == ("mypkg.events.subscribe",)
    assert settings.verify.factories == (("mypkg.nlp:Processor", "tests/factories.py:make_processor"),)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_accepted_by_their_shells(
    shell: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = script_of(shell, tmp_path, capsys)
    subprocess.run([shell, "-n", str(script)], check=True)


COMPLETED = [
    (["leaklint", "ch"], ["check"]),
    (["leaklint", "check", "--conf"], ["--confidence", "--config"]),
    (["leaklint", "check", "--confidence", ""], ["high", "low", "medium"]),
    (["leaklint", "check", "--output-format", "s"], ["sarif"]),
    (["leaklint", "rules", "--output-format", ""], ["json", "text"]),
    (["leaklint", "completion", "--h"], ["--help"]),
    (["leaklint", "completion", ""], ["bash", "fish", "zsh"]),
    (["leaklint", "cache", "c"], ["clear"]),
]
# Types at an interactive shell, and has what would be offered written to a file: the screen shows only what changed on it.
ZPTY = """\
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "autoload -U compinit; compinit -u -D; source $1"
zpty -w shell 'compadd() { local -a found; builtin compadd -O found "$@"; print -rl -- $found >> '"$3"'; builtin compadd "$@" }'
zpty -w shell "PS1=RE''ADY"
zpty -r shell out '*READY*'
zpty -w -n shell "$2"$'\t\x15'"print -r -- DO''NE"$'\n'
zpty -r shell out '*DONE*'
"""


def script_of(shell: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Write the shell's script into ``folder``; skip where the shell is not installed."""
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    assert main(["completion", shell]) == 0
    script = folder / "script"
    script.write_text(capsys.readouterr().out)
    return script


@pytest.mark.parametrize(("typed", "offered"), COMPLETED)
def test_bash_completes(
    typed: list[str], offered: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = script_of("bash", tmp_path, capsys).read_text()
    words_given = " ".join(f"'{word}'" for word in typed)
    script += (
        f"COMP_WORDS=({words_given}); COMP_CWORD={len(typed) - 1}; _leaklint; printf '%s\\n' \"${{COMPREPLY[@]}}\"\n"
    )
    done = subprocess.run(["bash", "--norc", "-c", script], capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == offered


@pytest.mark.parametrize(("typed", "offered"), COMPLETED)
def test_fish_completes(
    typed: list[str], offered: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = script_of("fish", tmp_path, capsys)
    asked = f"source {script}; complete -C '{' '.join(typed)}'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", asked], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert sorted(line.partition("\t")[0] for line in done.stdout.splitlines()) == offered


@pytest.mark.parametrize(("typed", "offered"), COMPLETED)
def test_zsh_completes(
    typed: list[str], offered: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = script_of("zsh", tmp_path, capsys)
    found = tmp_path / "found"
    words = ["zsh", "-f", "-c", ZPTY, "zsh", str(script), " ".join(typed), str(found)]
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True, cwd=tmp_path, timeout=60)
    assert sorted(set(found.read_text().split())) == offered


def test_a_wrong_choice_gets_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--output-format", "jsn"]) == 2
    assert capsys.readouterr().err.endswith("(did you mean json?)\n")


def test_help_is_as_wide_as_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = {}
    for width in (60, 100, 140):
        monkeypatch.setenv("COLUMNS", str(width))
        parser = Parser("leaklint check", "")
        load("check").add_arguments(parser)
        lines[width] = parser.format_help().splitlines()
    assert len(lines[60]) > len(lines[100]) > len(lines[140])
    assert max(map(len, lines[100])) in range(90, 100)
