"""The documentation says what is true: its commands run, its links lead somewhere, its tables match the program."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from leaklint import config, demo, reports
from leaklint.cli import COMMANDS, load
from leaklint.cli.parsing import Parser
from leaklint.rules import RULES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
#: Commands that make environments or run whole suites: the README's two, which CI runs as they are.
SET_UP = re.compile(r"python3 -m venv|pip install|git clone")


#: Pages that exist on the site alone.
GENERATED = {"changelog.md", "rules/index.md", *(f"rules/{code}.md" for code in RULES)}
BLOCK = re.compile(r"```(console|python|toml|ini)\n(.*?)```", re.DOTALL)
#: A block whose first line names it is a file of the reader's.
FILE = re.compile(r"# ([\w./-]+\.(?:py|toml|cfg))\n")


@dataclass(frozen=True)
class Step:
    """One command of a page and the lines that the page shows as its output, or (without one) a file to write."""

    command: str
    shown: tuple[str, ...] = ()
    file: str = ""

    def script(self) -> str:
        """Return what a shell runs for it, ending with a mark that tells the status."""
        if self.file:
            return f"cat > {shlex.quote(self.file)} <<'LEAKLINT-EOF'\n{self.command}LEAKLINT-EOF\n"
        return f"{self.command}\nprintf '\\n@@%s\\n' $?\n"


def steps(page: Path) -> list[Step]:
    """Return what a reader does who follows the page from the top."""
    found: list[Step] = []
    for language, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        named = FILE.match(text)
        if language == "console":
            parts = re.split(r"(?m)^\$ ", text)[1:]
            rows = [part.rstrip("\n").split("\n") for part in parts]
            found += [Step(first, tuple(rest)) for first, *rest in rows if not SET_UP.search(first)]
        elif named:
            found.append(Step(text, file=named[1]))
    return found


def plain(line: str) -> str:
    """Return a line without what differs from run to run: numbers, and how wide columns are."""
    return " ".join(re.sub(r"\d[\d.,]*", "N", line).split())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout on a branch beside ``main``, with the demo's program in ``src``."""
    demo.copy_example(tmp_path / "src")
    monkeypatch.chdir(tmp_path)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "tester")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "tester@example.org")
    for words in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["commit", "-q", "-m", "all"],
        ["switch", "-q", "-c", "new"],
    ):
        subprocess.run(["git", *words], check=True)
    return tmp_path


@pytest.mark.parametrize("page", [page for page in PAGES if steps(page)], ids=lambda page: page.stem)
def test_commands_run_and_print_what_is_shown(page: Path, project: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for name in ("CI", "BUILD_NUMBER"):  # with one of them set, pytest does not cut lines to the terminal's width
        environment.pop(name, None)
    environment["COLUMNS"] = "80"
    # The plugins of others take long to load.
    environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "-p leaklint_runtime.pytest_plugin"}
    todo = steps(page)
    whole = "exec 2>&1\n" + "".join(step.script() for step in todo)
    done = subprocess.run(["sh", "-c", whole], capture_output=True, text=True, check=False, env=environment)
    told = re.split(r"\n@@(\d+)\n", done.stdout)
    ran = [step for step in todo if not step.file]
    assert len(told) == 2 * len(ran) + 1, done.stdout
    for step, output, status in zip(ran, told[::2], told[1::2], strict=False):
        assert status in ("0", "1"), f"{step.command}\n{output}"
        assert "Traceback" not in output or step.command.startswith("pytest")
        lines = iter([plain(line) for line in output.split("\n")])
        for line in step.shown:
            if line.strip() not in ("", "..."):
                assert plain(line) in lines, f"{step.command}\nprints no line (more) like\n{line}\n{output}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target and target not in GENERATED:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_options_that_pages_name_exist(page: Path) -> None:
    known = {"--version", "--help"}
    for name in COMMANDS:
        parser = Parser(name, "")
        load(name).add_arguments(parser)
        known |= set(parser.option_names())
    for command, option in re.findall(r"leaklint ([a-z]+)[^`\n]*? (--[a-z-]+)", page.read_text(encoding="utf-8")):
        assert option in known, f"leaklint {command} {option}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site as CI does; a warning is an error."""
    pytest.importorskip("mkdocs")
    folder = tmp_path_factory.mktemp("site")
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_site_has_every_page_and_one_for_each_rule(site: Path) -> None:
    for page in PAGES[1:]:
        assert (site / f"{page.stem}.html").exists(), page
    for code, rule in RULES.items():
        text = (site / "rules" / f"{code}.html").read_text(encoding="utf-8")
        assert rule.name in text
        for heading in re.findall(r"(?m)^## (.+)$", rule.doc):
            assert heading in text
    assert "0.1.0" in (site / "changelog.html").read_text(encoding="utf-8")
    assert not list(site.rglob("*.py"))


def test_the_site_fetches_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"""<(?:script|img|iframe)[^>]*\ssrc=["']?(?:https?:)?//""", text), page
        links = re.findall(r"""<link[^>]*href=["']?(?:https?:)?//[^>]*>""", text)
        assert [link for link in links if "canonical" not in link] == [], page


def test_pages_name_nothing_of_the_machine_they_were_written_on() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"/tmp/|/root/|/home/|/work/|site-packages/|simple/", text), page


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    for key in (*config._KEYS, *config._VERIFY_KEYS):
        assert f"`{key}`" in text or f"`[tool.leaklint.{key}]`" in text, key


def test_every_format_is_documented() -> None:
    text = (ROOT / "docs" / "output-formats.md").read_text()
    assert [name for name in reports.FORMATS if f"| `{name}` |" not in text] == []


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if f"leaklint {name}" not in text] == []
