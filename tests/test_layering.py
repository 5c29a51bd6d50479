"""What must never load what, read from ``sys.modules`` in fresh interpreters."""

from __future__ import annotations

import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import leaklint_runtime

sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))

import imports

OPTIONAL = ("psutil", "pytest", "distributed", "dask")
PLUGINS = ("leaklint_runtime.pytest_plugin", "leaklint_runtime.dask_plugin")  # hosts have loaded pytest or dask

CLEAN_SOURCE = "import os\n\n\ndef name(path):\n    return os.path.basename(path)\n"
LEAKY_SOURCE = """\
class Processor:
    instance_map = {}

    def __init__(self):
        Processor.instance_map[id(self)] = self
"""


def loaded(script: str, folder: Path | None = None) -> frozenset[str]:
    """Run ``script`` in a fresh interpreter and return the names of all modules that it left loaded."""
    whole = f"{script}\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", whole],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == 0, done.stderr
    return frozenset(json.loads(done.stdout.rstrip().splitlines()[-1]))


def under(modules: frozenset[str], *packages: str) -> list[str]:
    """Return the modules that are one of ``packages`` or inside of it."""
    return sorted(name for name in modules if any(name == top or name.startswith(f"{top}.") for top in packages))


def submodules(package: str) -> list[str]:
    """Return the names of a package's modules, none of which is imported for it."""
    script = (
        f"import pkgutil, {package} as top\nprint([m.name for m in pkgutil.walk_packages(top.__path__, '{package}.')])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    names: list[str] = json.loads(done.stdout.replace("'", '"'))
    return [name for name in names if ".demo.example" not in name]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    (tmp_path / "clean.py").write_text(CLEAN_SOURCE)
    (tmp_path / "leaky.py").write_text(LEAKY_SOURCE)
    return tmp_path


def test_the_runtime_is_the_standard_library_alone() -> None:
    names = [f"leaklint_runtime.{item.name}" for item in pkgutil.iter_modules(leaklint_runtime.__path__)]
    script = "import leaklint_runtime\n" + "".join(f"import {name}\n" for name in names if name not in PLUGINS)
    modules = loaded(script)
    assert not under(modules, "leaklint", "libcst", "flake8", "yaml", *OPTIONAL)


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_of_the_runtime_does_not_load_its_host(name: str) -> None:
    if name.rpartition(".")[2] not in {item.name for item in pkgutil.iter_modules(leaklint_runtime.__path__)}:
        pytest.skip(f"there is no {name}")
    assert not under(loaded(f"import {name}"), "leaklint", "libcst", "flake8", "psutil", "distributed")


def test_the_plugin_loads_little_for_a_file_in_which_nothing_is_kept(sources: Path) -> None:
    script = """
import ast, leaklint.flake8_plugin as plugin
text = open("{name}").read()
found = list(plugin.Plugin(ast.parse(text), "{name}", text.splitlines(True)).run())
assert bool(found) is {leaks}, found
"""
    unwanted = ("libcst", "leaklint.cli", "leaklint.reports")
    before = loaded(script.format(name="clean.py", leaks=False), sources)
    assert not under(before, *unwanted, "leaklint.engine")
    after = loaded(script.format(name="leaky.py", leaks=True), sources)
    assert "libcst" in after
    assert not under(after, "leaklint.cli", "leaklint.reports")


def test_the_version_costs_nothing() -> None:
    modules = loaded("from leaklint.cli import main\nassert main(['--version']) == 0")
    assert not under(modules, "libcst", "argparse", "leaklint.engine", "leaklint.model", "leaklint_runtime")


def test_a_clean_run_does_not_load_libcst(sources: Path) -> None:
    script = "from leaklint.cli import main\nassert main(['check', '{}', '--select', 'LK1,LK2']) == {}"
    assert not under(loaded(script.format("clean.py", 0), sources), "libcst", "leaklint_runtime")
    (sources / "alone.py").write_text(
        "def name(path):\n    return path.lower()\n"
    )  # imports nothing that has contracts
    assert not under(loaded(script.format("alone.py", 0), sources), "tomllib")
    assert "libcst" in loaded(script.format("leaky.py", 1), sources)
    (sources / "kept.py").write_text("SEEN = {}\ndef enter(x):\n    SEEN[x] = x\ndef leave(x):\n    del SEEN[x]\n")
    read = loaded(script.format("kept.py", 0), sources)  # something is kept there, and there is nothing to repair
    assert "leaklint.heap.retention" in read
    assert not under(read, "libcst")


def test_a_check_of_a_file_without_anything_loads_little(sources: Path) -> None:
    (sources / "empty.py").write_text("")
    check = "from leaklint.cli import main\nassert main(['check', '{}']) == 0"
    heavy = (
        "dataclasses",
        "hashlib",
        "inspect",
        "pathlib",
        "tokenize",
        "shutil",
        "signal",
        "multiprocessing",
        "subprocess",
        "tomllib",
        "unicodedata",
        "pickle",
    )
    unread = ("leaklint.heap", "leaklint.drafts", "leaklint.rules", "leaklint.reports.excerpt")
    assert not under(loaded(check.format("empty.py"), sources), "libcst", "leaklint_runtime", *heavy, *unread)


def test_rules_do_not_know_who_asks() -> None:
    script = "".join(f"import {name}\n" for name in ["leaklint.rules", *submodules("leaklint.rules")])
    assert not under(loaded(script), "leaklint.reports", "leaklint.config", "leaklint.cli", "leaklint.engine")


def test_reports_do_not_know_the_engine() -> None:
    script = "".join(f"import {name}\n" for name in ["leaklint.reports", *submodules("leaklint.reports")])
    assert not under(loaded(script), "leaklint.engine", "leaklint.rules", "leaklint.repairs", "leaklint.cli", "libcst")


def test_the_model_knows_nobody() -> None:
    assert under(loaded("import leaklint.model"), "leaklint", "leaklint_runtime", "libcst") == [
        "leaklint",
        "leaklint.model",
        "leaklint.records",
    ]


#: Circles that are known, by their modules. A new one is a mistake, and one here that is mended has to go from the list.
KNOWN_CIRCLES = [
    ["leaklint.heap.opened", "leaklint.heap.registration", "leaklint.heap.slots", "leaklint.heap.threads"],
    ["leaklint.repairs.nested", "leaklint.repairs.weakening"],
    [
        "leaklint_runtime.act",
        "leaklint_runtime.build",
        "leaklint_runtime.holder",
        "leaklint_runtime.ladder",
        "leaklint_runtime.samples",
        "leaklint_runtime.search",
        "leaklint_runtime.seats",
    ],
    [
        "leaklint_runtime.agent",
        "leaklint_runtime.agent_holders",
        "leaklint_runtime.inside",
        "leaklint_runtime.memory",
        "leaklint_runtime.watching",
    ],
    ["leaklint_runtime.replay", "leaklint_runtime.scenarios"],
]
KNOWN_ROOMS: list[list[str]] = []


@pytest.fixture(scope="module")
def graph() -> dict[str, set[str]]:
    """Return which module imports which, read once from all files."""
    return imports.imports()


def test_no_module_imports_itself_by_way_of_others(graph: dict[str, set[str]]) -> None:
    """Imports inside of functions count: they hide a circle and do not break it."""
    assert imports.circles(graph) == KNOWN_CIRCLES


def test_rooms_import_each_other_one_way(graph: dict[str, set[str]]) -> None:
    assert imports.circles(imports.rooms(graph)) == KNOWN_ROOMS


def test_the_picture_shows_the_imports() -> None:
    drawn = Path(imports.__file__).with_name("images") / "rooms.svg"
    assert drawn.read_text(encoding="utf-8") == imports.picture(), f"run: python docs/imports.py {drawn}"


def test_a_room_stands_above_what_it_imports() -> None:
    graph = {"a": {"b", "c"}, "b": {"c", "d"}, "c": set(), "d": {"b"}}
    assert imports.levels(graph) == {"c": 0, "b": 1, "d": 1, "a": 2}
    assert imports.without_detours(graph) == {"a": {"b"}, "b": {"c"}, "c": set(), "d": set()}


def test_an_import_inside_a_function_makes_a_circle_and_one_for_type_checkers_does_not(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f():\n    import b\n    from c import d\n")
    (tmp_path / "b.py").write_text("import typing\nif TYPE_CHECKING:\n    import c\nif x:\n    from a import f\n")
    (tmp_path / "c.py").write_text("")
    graph = imports.imports({path.stem: path for path in tmp_path.iterdir()})
    assert graph == {"a": {"b", "c"}, "b": {"a"}, "c": set()}
    assert imports.circles(graph) == [["a", "b"]]
