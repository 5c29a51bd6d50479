"""The settings of a project: read from the nearest file, and every mistake told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leaklint.config import DEFAULT_EXCLUDE, ConfigError, Settings, Verify, line_of, load, load_file
from leaklint.model import Finding
from leaklint.selection import chosen, matches, shown


def project(folder: Path, text: str) -> Path:
    file = folder / "pyproject.toml"
    file.write_text(text, encoding="utf-8")
    return file


def finding(code: str = "LK101", confidence: str = "high", path: str = "a.py") -> Finding:
    return Finding(code, "name", path, 1, 1, 1, 2, "a:b", "message", confidence, "0" * 16)  # type: ignore[arg-type]


def test_every_key_is_read(tmp_path: Path) -> None:
    file = project(
        tmp_path,
        """
[tool.leaklint]
select = ["LK1"]
extend-select = ["LK301"]
ignore = ["LK103"]
confidence = "low"
exclude = ["a"]
extend-exclude = ["b"]
force-exclude = true
baseline = "base.json"
bounded-classes = ["p.Lru"]
weak-containers = ["p.Weak"]
registrars = ["p.subscribe"]
singletons = ["p.App"]
[tool.leaklint.per-file-ignores]
"tests" = ["LK"]
[tool.leaklint.verify]
factory = "make.py:anything"
scenarios = ["scenario.py"]
python = "python3.8"
rounds = 4
timeout = 2.5
[tool.leaklint.verify.factories]
"p.nlp:Processor" = "make.py:processor"
""",
    )
    assert load(tmp_path) == Settings(
        root=str(tmp_path),
        source=str(file),
        select=("LK1",),
        extend_select=("LK301",),
        ignore=("LK103",),
        confidence="low",
        exclude=("a",),
        extend_exclude=("b",),
        force_exclude=True,
        per_file_ignores=(("tests", ("LK",)),),
        baseline="base.json",
        bounded_classes=("p.Lru",),
        weak_containers=("p.Weak",),
        registrars=("p.subscribe",),
        singletons=("p.App",),
        verify=Verify(
            "make.py:anything", (("p.nlp:Processor", "make.py:processor"),), ("scenario.py",), "python3.8", 4, 2.5
        ),
    )


def test_nearest_file_with_a_table_wins(tmp_path: Path) -> None:
    inner = tmp_path / "packages" / "one" / "src"
    inner.mkdir(parents=True)
    project(tmp_path, '[tool.leaklint]\nconfidence = "low"\n')
    project(tmp_path / "packages" / "one", "[tool.other]\nx = 1\n")
    assert load(inner).confidence == "low"
    assert load(inner).root == str(tmp_path)
    project(inner, '[tool.leaklint]\nconfidence = "high"\n')
    assert load(inner).confidence == "high"


def test_no_file_gives_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load(tmp_path)
    assert settings == Settings(root=str(tmp_path))
    assert settings.exclude == DEFAULT_EXCLUDE
    assert settings.confidence == "medium"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ('[tool.leaklint]\nslect = ["LK"]\n', 2, "unknown key in [tool.leaklint] (did you mean select?)"),
        ('# one\n\n[tool.leaklint]\nselect = ["LK"]\nzzz = 1\n', 5, "unknown key in [tool.leaklint]"),
        ('[tool.leaklint]\nselect = "LK"\n', 2, "must be a list of strings"),
        ('[tool.leaklint]\nignore = [\n  "E501"]\n', 2, "'E501' is no code; write LK, LK1 or LK101"),
        ('[tool.leaklint]\nconfidence = "sure"\n', 2, "must be one of high, medium, low"),
        ('[tool.leaklint]\nforce-exclude = "yes"\n', 2, "must be true or false"),
        ("[tool.leaklint]\nbaseline = 3\n", 2, "must be a string"),
        ("[tool.leaklint]\nper-file-ignores = []\n", 2, "must be a table of path patterns to lists of codes"),
        ("[tool]\nleaklint.selct = []\n", 2, "(did you mean select?)"),
        ("[tool]\nleaklint = 3\n", 1, "must be a table"),
        (
            "[tool.leaklint]\n[tool.leaklint.verify]\nround = 3\n",
            3,
            "unknown key in [tool.leaklint.verify] (did you mean",
        ),
        ("[tool.leaklint.verify]\ntimeout = 0\n", 2, "must be a number above 0"),
        ("[tool.leaklint.verify]\ntimeout = nan\n", 2, "must be a number above 0"),
        ("[tool.leaklint.verify]\nrounds = true\n", 2, "must be a whole number above 0"),
        ("[tool.leaklint.verify]\nfactories = []\n", 2, "must be a table of subjects"),
    ],
)
def test_mistakes_name_file_line_and_way_out(tmp_path: Path, text: str, line: int, told: str) -> None:
    file = project(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{file}:{line}: ")
    assert told in message
    assert "\n" not in message


def test_broken_toml_is_one_line(tmp_path: Path) -> None:
    file = project(tmp_path, "[tool.leaklint\nselect = 1")
    with pytest.raises(ConfigError, match=r"not valid TOML: .*line 1") as caught:
        load(tmp_path)
    assert str(caught.value).startswith(str(file))
    project(tmp_path, "[tool.other\n")
    assert load(tmp_path) == Settings(root=str(Path.cwd()))


def test_a_named_file_must_exist_and_have_the_table(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such configuration file"):
        load_file(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match=r"no \[tool.leaklint\] table"):
        load_file(project(tmp_path, "# leaklint\n"))


def test_line_of_quoted_and_dotted_keys() -> None:
    text = '[tool]\nother = 1\n"leaklint".select = []\n[tool."leaklint".verify]\npython = ""\n'
    assert line_of(text, "tool.leaklint", "select") == 3
    assert line_of(text, "tool.leaklint", "verify") == 4
    assert line_of(text, "tool.leaklint.verify", "python") == 5


def test_longest_prefix_decides() -> None:
    assert chosen("LK101", Settings())
    assert not chosen("LK101", Settings(ignore=("LK1",)))
    assert chosen("LK101", Settings(select=("LK101",), ignore=("LK1",)))
    assert not chosen("LK101", Settings(select=("LK1",), ignore=("LK1",)))
    assert not chosen("LK201", Settings(select=("LK1",)))
    assert chosen("LK201", Settings(select=("LK1",), extend_select=("LK2",)))


def test_confidence_is_a_floor() -> None:
    assert shown(finding(confidence="medium"), Settings())
    assert not shown(finding(confidence="low"), Settings())
    assert shown(finding(confidence="low"), Settings(confidence="low"))
    assert not shown(finding(confidence="medium"), Settings(confidence="high"))


def test_per_file_ignores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(root=str(tmp_path), per_file_ignores=(("tests", ("LK1",)), ("src/*_pb2.py", ("LK",))))
    assert not shown(finding("LK101", path="pkg/tests/test_a.py"), settings)
    assert shown(finding("LK201", path="pkg/tests/test_a.py"), settings)
    assert not shown(finding("LK201", path="src/a_pb2.py"), settings)
    assert shown(finding("LK201", path="src/deep/a_pb2.py"), settings)


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        ("tests", "tests/a.py", True),
        ("tests", "pkg/tests/deep/a.py", True),
        ("tests", "pkg/mytests/a.py", False),
        ("*_pb2.py", "pkg/a_pb2.py", True),
        ("src/legacy", "src/legacy/a.py", True),
        ("src/legacy", "pkg/src/legacy/a.py", False),
        ("src/*/a.py", "src/x/a.py", True),
        ("src/*/a.py", "src/x/y/a.py", False),
        ("src/**/a.py", "src/x/y/a.py", True),
        ("src/**/a.py", "src/a.py", True),
        ("**/gen/*.py", "deep/down/gen/a.py", True),
        ("./src", "src/a.py", True),
        ("build/", "pkg/build/a.py", True),
        ("[ab].py", "b.py", True),
        ("[!ab].py", "b.py", False),
        ("[!ab].py", "c.py", True),
        ("a?.py", "ab.py", True),
        ("a.py", "aXpy", False),
        ("[z-a].py", "[z-a].py", True),
    ],
)
def test_patterns(tmp_path: Path, pattern: str, path: str, covered: bool) -> None:
    assert matches(str(tmp_path / path), pattern, str(tmp_path)) is covered


@given(st.text(alphabet="ab*?[]!^-/\\.&|~()+{}$#\n ", max_size=12), st.text(alphabet="ab/.-", max_size=8))
def test_no_pattern_raises(pattern: str, path: str) -> None:
    matches("/top/" + path, pattern, "/top")


@given(st.text(alphabet="abc_-.", min_size=1, max_size=8))
def test_a_plain_name_covers_itself(name: str) -> None:
    path = f"/top/x/{name}/a.py"
    assert matches(path, name, "/top") is (name not in (".", ".."))
