"""Which files a run reads."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from pathlib import Path

import pytest

from leaklint.config import Settings
from leaklint.discovery import discover, excluded


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in (
        "b.py",
        "a.py",
        "pkg/c.py",
        "pkg/c.pyi",
        "pkg/notes.txt",
        ".git/d.py",
        "node_modules/e.py",
        "z/.hidden.py",
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(paths: list[str], settings: Settings | None = None) -> tuple[list[str], list[str]]:
    files, problems = discover(paths, settings or Settings(root=os.getcwd()))
    return [str(file) for file in files], [f"{problem.path}: {problem.message}" for problem in problems]


def test_folders_give_their_python_files_in_order(tree: Path) -> None:
    assert found(["."]) == (["a.py", "b.py", "pkg/c.py", "z/.hidden.py"], [])
    assert found([str(tree / "pkg")]) == ([str(tree / "pkg" / "c.py")], [])


def test_a_file_is_read_once_and_whatever_its_name(tree: Path) -> None:
    assert found(["pkg", "pkg/c.py", "./pkg/../pkg/c.py", "pkg/c.pyi", "pkg/notes.txt"])[0] == [
        "pkg/c.py",
        "pkg/c.pyi",
        "pkg/notes.txt",
    ]


def test_excludes(tree: Path) -> None:
    root = str(tree)
    assert found(["."], Settings(root=root, extend_exclude=("pkg", "b*")))[0] == ["a.py", "z/.hidden.py"]
    assert found(["."], Settings(root=root, exclude=("z",)))[0] == [
        ".git/d.py",
        "a.py",
        "b.py",
        "node_modules/e.py",
        "pkg/c.py",
    ]
    assert found(["."], Settings(root=root, extend_exclude=("pkg/c.py",)))[0] == ["a.py", "b.py", "z/.hidden.py"]


def ignore(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True, parents=True)
    (folder / ".gitignore").write_text(text)


def test_what_git_ignores_is_left_out(tree: Path) -> None:
    ignore(tree, "b.py\n/pkg/*\n!/pkg/c.py\n# z\n\nz/\n")
    assert found(["."])[0] == ["a.py", "pkg/c.py"]
    assert found(["b.py"])[0] == ["b.py"]
    assert found(["."], Settings(root=str(tree), respect_gitignore=False))[0] == [
        "a.py",
        "b.py",
        "pkg/c.py",
        "z/.hidden.py",
    ]


def test_an_inner_gitignore_overrules_an_outer_one(tree: Path) -> None:
    ignore(tree, "*.py\n")
    ignore(tree / "pkg", "!c.py\n")
    assert found(["."])[0] == ["pkg/c.py"]


def test_rules_of_a_repository_hold_below_it(tree: Path) -> None:
    ignore(tree, "/pkg/c.py\n")
    assert found(["pkg"])[0] == []
    assert found([str(tree / "pkg")])[0] == []
    shutil.rmtree(tree / ".git")
    assert found(["pkg"])[0] == ["pkg/c.py"]  # no repository, so the file above it is not known to belong to it


def test_an_ignored_folder_that_is_named_is_read(tree: Path) -> None:
    ignore(tree, "pkg/\n")
    assert found(["."])[0] == ["a.py", "b.py", "z/.hidden.py"]
    assert found(["pkg"])[0] == ["pkg/c.py"]


def test_a_line_of_gitignore_that_is_no_pattern_spoils_no_other(tree: Path) -> None:
    ignore(tree, "[z-a]\nb.py\n\\\n")
    assert found(["."])[0] == ["a.py", "pkg/c.py", "z/.hidden.py"]


def test_a_package_is_read_by_whatever_name(tree: Path) -> None:
    for name in (
        "build/__init__.py",
        "build/steps.py",
        "build/dist/pressed.py",
        "dist/wheel.py",
        "pkg/build/__init__.py",
    ):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text("x = 1\n")
    root = str(tree)
    packages = ["build/__init__.py", "build/steps.py", "pkg/build/__init__.py"]
    assert [file for file in found(["."])[0] if "/" in file and "z/" not in file] == [*packages, "pkg/c.py"]
    assert not any("build" in file for file in found(["."], Settings(root=root, extend_exclude=("build",)))[0])
    assert [file for file in (*packages, "build/dist/pressed.py") if excluded(file, Settings(root=root))] == [
        "build/dist/pressed.py"
    ]


def test_what_is_named_is_read_unless_excludes_are_forced(tree: Path) -> None:
    root = str(tree)
    assert found([".git", "node_modules/e.py"])[0] == [".git/d.py", "node_modules/e.py"]
    forced = Settings(root=root, force_exclude=True)
    assert found([".git", "node_modules/e.py", "a.py"], forced) == (["a.py"], [])
    assert excluded("node_modules/x/y.py", forced)
    assert not excluded("src/y.py", forced)


def test_missing_and_empty(tree: Path) -> None:
    (tree / "empty" / "inner").mkdir(parents=True)
    assert found(["nope.py", "a.py", "empty", "a.py/x"]) == (
        ["a.py"],
        [
            "a.py/x: no such file or folder",
            "empty: no Python files found under empty",
            "nope.py: no such file or folder",
        ],
    )
    (told,) = found(["a\0b"])[1]
    assert told.startswith("a\0b: not a path: ") and "embedded null" in told  # each Python has its own words


def test_what_is_no_file(tree: Path) -> None:
    os.mkfifo(tree / "pipe.py")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("socket.py")
        assert found(["pipe.py", "/dev/null"])[1] == [
            "/dev/null: is a device; only files and folders are read",
            "pipe.py: is a pipe; only files and folders are read",
        ]
        assert found(["."]) == (
            ["a.py", "b.py", "pkg/c.py", "z/.hidden.py"],
            [
                "pipe.py: is a pipe; only files and folders are read",
                "socket.py: is a socket; only files and folders are read",
            ],
        )


def test_links(tree: Path) -> None:
    (tree / "loop.py").symlink_to("loop.py")
    (tree / "gone.py").symlink_to("nowhere")
    (tree / "pkg" / "up").symlink_to(tree, target_is_directory=True)
    (tree / "pkg" / "folder.py").symlink_to(tree / "z", target_is_directory=True)
    (tree / "linked.py").symlink_to("a.py")
    files, problems = found(["."])
    assert files == ["a.py", "b.py", "linked.py", "pkg/c.py", "z/.hidden.py"]
    assert problems == [
        "gone.py: a symbolic link to nothing",
        "loop.py: a symbolic link that leads back to itself",
    ]
    assert found(["pkg/folder.py"])[0] == ["pkg/folder.py/.hidden.py"]


def test_unreadable_folder(tree: Path) -> None:
    locked = tree / "locked"
    locked.mkdir(mode=0)
    if os.access(locked, os.R_OK):
        pytest.skip("permissions do not bind this user")
    assert found(["."]) == (
        ["a.py", "b.py", "pkg/c.py", "z/.hidden.py"],
        ["locked: cannot read the folder: Permission denied"],
    )


def test_names_that_are_no_text(tree: Path) -> None:
    name = os.fsdecode(b"\xff\n.py")
    (tree / "odd").mkdir()
    (tree / "odd" / name).write_text("")
    assert found(["odd"]) == ([f"odd/{name}"], [])


def test_trees_deeper_than_the_call_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    depth = sys.getrecursionlimit() + 200
    folders = ["d"]
    while len(folders) < depth:
        folders.append(f"{folders[-1]}/d")
    for folder in folders:
        os.mkdir(folder)
    file = Path(folders[-1], "x.py")
    file.write_text("")
    try:
        assert found(["."])[0] == [str(file)]
    finally:  # pytest removes its folders recursively, and cannot remove this one
        file.unlink()
        for folder in reversed(folders):
            os.rmdir(folder)
