"""The language server, spoken to by a real client over its standard streams."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, chdir
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp
from pygls.io_ import run_async
from pygls.lsp.client import LanguageClient

from leaklint import demo
from leaklint.cli import main
from leaklint.server.positions import UTF8, UTF16, UTF32, Document, replacements, width

LONG = 60  # seconds that no answer takes on a machine that works
CLEAN = "class Processor:\n    pass\n"


class Editor(LanguageClient):
    """A client that keeps the newest diagnostics of each document, and what the server said."""

    def __init__(self) -> None:
        super().__init__("editor", "1")
        self.published: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()
        self.messages: list[str] = []

        @self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: lsp.PublishDiagnosticsParams) -> None:
            self.published.put_nowait(params)

        @self.feature(lsp.WINDOW_SHOW_MESSAGE)
        def said(params: lsp.ShowMessageParams) -> None:
            self.messages.append(params.message)

    async def diagnostics(self, uri: str, version: int | None = None) -> list[lsp.Diagnostic]:
        """Return the next diagnostics of a document, of one version if that is asked for."""
        while True:
            params = await asyncio.wait_for(self.published.get(), LONG)
            if params.uri == uri and version in (None, params.version):
                return list(params.diagnostics)

    async def open(self, path: Path, text: str | None = None) -> tuple[str, list[lsp.Diagnostic]]:
        """Open a document with the text on the disk or another one; return its URI and diagnostics."""
        uri = path.as_uri()
        item = lsp.TextDocumentItem(uri, "python", 1, path.read_text() if text is None else text)
        self.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
        return uri, await self.diagnostics(uri)

    async def actions(self, uri: str, span: lsp.Range, *only: str) -> list[lsp.CodeAction]:
        context = lsp.CodeActionContext([], only=list(only) or None)
        params = lsp.CodeActionParams(lsp.TextDocumentIdentifier(uri), span, context)
        found = await asyncio.wait_for(self.text_document_code_action_async(params), LONG)
        return [item for item in found or () if isinstance(item, lsp.CodeAction)]


@asynccontextmanager
async def served(*options: str) -> AsyncIterator[Editor]:
    """Start the server on a thread of this process, with a socket for its standard streams: a process takes long to load."""
    client = Editor()
    mine, its = socket.socketpair()
    with its, its.makefile("rb") as incoming, its.makefile("wb") as outgoing:
        streams = {
            "stdin": SimpleNamespace(buffer=incoming),
            "stdout": SimpleNamespace(buffer=outgoing, flush=lambda: None),
        }
        with mock.patch.multiple(sys, **streams):
            ended = asyncio.get_running_loop().run_in_executor(None, main, ["server", *options])
            reader, writer = await asyncio.open_connection(sock=mine)
            client.protocol.set_writer(writer)
            work = run_async(
                client._stop_event, reader, client.protocol, logging.getLogger(), client.report_server_error
            )
            heard = asyncio.create_task(work)
            try:
                yield client
            finally:
                assert await asyncio.wait_for(ended, LONG) == 0
                its.shutdown(socket.SHUT_RDWR)
                await asyncio.wait([heard])
                writer.close()
                await writer.wait_closed()


@asynccontextmanager
async def started(folder: Path, *options: str) -> AsyncIterator[Editor]:
    """Start the server as editors do, as a process in another folder than the project."""
    client = Editor()
    await client.start_io(sys.executable, "-m", "leaklint", "server", *options, cwd=str(folder.parent))
    try:
        yield client
    finally:
        await client.stop()


@asynccontextmanager
async def editor(folder: Path, *options: str, encoding: str = "utf-16", process: bool = False) -> AsyncIterator[Editor]:
    """Speak to a server, in a process of its own or beside the test, and leave it in the way editors should."""
    with chdir(folder.parent):
        async with started(folder, *options) if process else served(*options) as client:
            await _introduced(client, folder, encoding)
            try:
                yield client
                await asyncio.wait_for(client.shutdown_async(None), LONG)
            finally:
                client.exit(None)


async def _introduced(client: Editor, folder: Path, encoding: str) -> None:
    capabilities = lsp.ClientCapabilities(
        general=lsp.GeneralClientCapabilities(position_encodings=[lsp.PositionEncodingKind(encoding)]),
        workspace=lsp.WorkspaceClientCapabilities(
            workspace_edit=lsp.WorkspaceEditClientCapabilities(document_changes=True)
        ),
        text_document=lsp.TextDocumentClientCapabilities(
            code_action=lsp.CodeActionClientCapabilities(disabled_support=True)
        ),
    )
    root = folder.as_uri()
    await client.initialize_async(
        lsp.InitializeParams(
            capabilities=capabilities, root_uri=root, workspace_folders=[lsp.WorkspaceFolder(root, "it")]
        )
    )
    client.initialized(lsp.InitializedParams())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "a project"
    folder.mkdir()
    demo.copy_example(folder)
    return folder


def run(work: Callable[[], Awaitable[Any]]) -> Any:
    return asyncio.run(work())  # type: ignore[arg-type]


def applied(action: lsp.CodeAction, texts: dict[str, str]) -> dict[str, str]:
    """Return the texts (by URI) with an action's edits made, as an editor makes them."""
    assert action.edit is not None
    done = dict(texts)
    for change in action.edit.document_changes or ():
        assert isinstance(change, lsp.TextDocumentEdit)
        uri = change.text_document.uri
        lines = done[uri].split("\n")
        starts = [sum(len(line) + 1 for line in lines[:index]) for index in range(len(lines) + 1)]
        for edit in sorted(change.edits, key=lambda item: item.range.start, reverse=True):
            assert isinstance(edit, lsp.TextEdit)
            start = starts[edit.range.start.line] + edit.range.start.character
            end = starts[edit.range.end.line] + edit.range.end.character
            done[uri] = done[uri][:start] + edit.new_text + done[uri][end:]
    return done


def test_findings_follow_what_is_typed(project: Path) -> None:
    async def work() -> None:
        async with editor(project, process=True) as client:
            path = project / "assistant" / "processor.py"
            uri, (found,) = await client.open(path)
            assert (found.code, found.source, found.severity) == ("LK101", "leaklint", lsp.DiagnosticSeverity.Warning)
            assert found.range == lsp.Range(lsp.Position(9, 4), lsp.Position(9, 21))
            assert found.related_information is not None
            assert found.related_information[0].location.uri == uri
            assert found.related_information[0].location.range.start == lsp.Position(14, 8)
            for version, text in ((2, CLEAN), (3, "class ("), (4, path.read_text())):  # nothing of it is saved
                document = lsp.VersionedTextDocumentIdentifier(version, uri)
                whole = lsp.TextDocumentContentChangeWholeDocument(text)
                client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [whole]))
                now = await client.diagnostics(uri, version)
                assert [item.code for item in now] == {2: [], 3: [None], 4: ["LK101"]}[version]
                assert version != 3 or "syntax error" in now[0].message
            client.text_document_did_save(lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(uri)))
            assert len(await client.diagnostics(uri)) == 1
            client.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(uri)))
            assert await client.diagnostics(uri) == []
            assert client.messages == []

    run(work)


def test_a_hover_shows_the_retention_path(project: Path) -> None:
    async def work() -> None:
        async with editor(project) as client:
            uri, _ = await client.open(project / "assistant" / "processor.py")
            document = lsp.TextDocumentIdentifier(uri)
            for place in (lsp.Position(9, 6), lsp.Position(14, 10)):  # the container, and the store
                told = await client.text_document_hover_async(lsp.HoverParams(document, place))
                assert told is not None
                assert isinstance(told.contents, lsp.MarkupContent)
                text = told.contents.value.replace("\\", "")
                assert "1. assistant.processor:Processor.instance_map (class attribute" in text
                assert "weakref.WeakValueDictionary" in text
                assert "leaklint explain LK101" in text
            assert await client.text_document_hover_async(lsp.HoverParams(document, lsp.Position(0, 0))) is None

    run(work)


def test_a_safe_repair_is_preferred_and_mends_the_unsaved_text(project: Path) -> None:
    async def work() -> None:
        async with editor(project) as client:
            path = project / "assistant" / "processor.py"
            typed = "# typed, not saved\n" + path.read_text()
            uri, (found,) = await client.open(path, typed)
            (action,) = await client.actions(uri, found.range, lsp.CodeActionKind.QuickFix)
            assert action.is_preferred
            assert action.title == "Repair LK101: weakref.WeakValueDictionary"
            mended = applied(action, {uri: typed})[uri]
            assert mended.startswith("# typed, not saved\n")
            assert "instance_map = WeakValueDictionary()" in mended
            assert "typed" not in path.read_text()
            (every,) = await client.actions(uri, found.range, "source.fixAll")
            assert applied(every, {uri: typed})[uri] == mended
            assert await client.actions(uri, lsp.Range(lsp.Position(0, 0), lsp.Position(0, 1))) == []

    run(work)


UNSAFE = """\
from functools import lru_cache

_SEEN = {}


class Reader:
    @lru_cache(maxsize=None)
    def parse(self, text):
        return text.split()


def count(name):
    _SEEN[name] = len(name)
    return _SEEN[name]
"""


def test_unsafe_repairs_say_what_they_assume_and_refusals_say_why(project: Path) -> None:
    async def work() -> None:
        async with editor(project, "--confidence", "low") as client:
            path = project / "reader.py"
            path.write_text(UNSAFE)
            uri, found = await client.open(path)
            titles = {}
            for item in found:
                for action in await client.actions(uri, item.range):
                    titles[item.code] = action
                    if action.disabled is not None:
                        assert action.edit is None
                        assert action.disabled.reason
                    elif "unsafe" in action.title:
                        assert not action.is_preferred
                        assert action.title.endswith(")")
            assert "LK301" in titles
            assert "parse" in applied(titles["LK301"], {uri: UNSAFE})[uri]

    run(work)


def test_what_another_file_does_decides_over_a_repair(project: Path) -> None:
    (project / "assistant" / "dump.py").write_text(
        "from assistant.processor import Processor\n\n\ndef dump():\n    return type(Processor.instance_map) is dict\n"
    )

    async def work() -> None:
        async with editor(project) as client:
            uri, (found,) = await client.open(project / "assistant" / "processor.py")
            (action,) = await client.actions(uri, found.range)
            assert action.disabled is not None
            assert not action.is_preferred
            assert await client.actions(uri, found.range, "source.fixAll.leaklint") == []
            # what is open counts as it stands in the editor, saved or not
            await client.open(project / "assistant" / "dump.py", "def dump():\n    return None\n")
            (action,) = await client.actions(uri, found.range)
            assert action.disabled is None
            assert action.is_preferred

    run(work)


def test_a_recorded_finding_is_not_shown(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    (project / "pyproject.toml").write_text('[tool.leaklint]\nbaseline = "known.json"\n')
    assert main(["baseline", "assistant"]) == 0

    async def work() -> None:
        async with editor(project) as client:
            _, found = await client.open(project / "assistant" / "processor.py")
            assert found == []

    run(work)


def test_verify_on_demand(project: Path) -> None:
    async def work() -> None:
        async with editor(project, "--timeout", "60", process=True) as client:
            path = project / "assistant" / "processor.py"
            uri, _ = await client.open(path)
            params = lsp.CodeLensParams(lsp.TextDocumentIdentifier(uri))
            (lens,) = await client.text_document_code_lens_async(params) or ()
            assert lens.command is not None
            assert lens.command.title == "Prove LK101 (runs the code)"
            asked = lsp.ExecuteCommandParams(lens.command.command, arguments=lens.command.arguments)
            verdict = await asyncio.wait_for(client.workspace_execute_command_async(asked), 2 * LONG)
            status = verdict["status"] if isinstance(verdict, dict) else verdict.status
            assert status == "confirmed"
            (found,) = await client.diagnostics(uri)
            assert "confirmed: alive after del" in found.message
            (lens,) = await client.text_document_code_lens_async(params) or ()
            assert lens.command is not None
            assert lens.command.title == "LK101 confirmed; prove again"
            told = await client.text_document_hover_async(
                lsp.HoverParams(lsp.TextDocumentIdentifier(uri), found.range.start)
            )
            assert told is not None
            assert isinstance(told.contents, lsp.MarkupContent)
            assert "class Processor" in told.contents.value
            assert any("confirmed" in message for message in client.messages)
            document = lsp.VersionedTextDocumentIdentifier(2, uri)
            whole = lsp.TextDocumentContentChangeWholeDocument(path.read_text() + "\n# more\n")
            client.text_document_did_change(lsp.DidChangeTextDocumentParams(document, [whole]))
            (found,) = await client.diagnostics(uri, 2)
            assert "confirmed" not in found.message  # a verdict is about the text that was proven
            assert await client.workspace_execute_command_async(asked) is None
            assert any("save the file first" in message for message in client.messages)

    run(work)


def test_the_configuration_counts_and_its_mistakes_are_told_once(project: Path) -> None:
    async def work() -> None:
        async with editor(project) as client:
            settings = project / "pyproject.toml"
            path = project / "assistant" / "processor.py"
            settings.write_text('[tool.leaklint]\nextend-exclude = ["processor.py"]\n')
            uri, found = await client.open(path)
            assert found == []
            settings.write_text('[tool.leaklint]\nselct = ["LK1"]\n')
            for _ in range(2):
                client.text_document_did_save(lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(uri)))
            await client.text_document_hover_async(lsp.HoverParams(lsp.TextDocumentIdentifier(uri), lsp.Position(0, 0)))
            settings.write_text("")
            client.text_document_did_save(lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(uri)))
            assert len(await client.diagnostics(uri)) == 1
            assert len(client.messages) == 1
            assert "selct: unknown key in [tool.leaklint] (did you mean select?)" in client.messages[0]

    run(work)


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 16), ("utf-16", 14), ("utf-32", 13)])
def test_columns_are_counted_as_the_client_asks(project: Path, encoding: str, column: int) -> None:
    text = 'class A:\n    s = "🐍"; kept = []\n\n    def __init__(self):\n        A.kept.append(self)\n'

    async def work() -> None:
        async with editor(project, encoding=encoding) as client:
            path = project / "wide.py"
            path.write_text(text)
            uri, (found,) = await client.open(path)
            assert found.range.start == lsp.Position(1, column)
            assert uri == path.as_uri()

    run(work)


def test_without_the_extra_it_says_so_in_one_line(tmp_path: Path) -> None:
    script = "import sys; sys.modules['pygls'] = None; import leaklint.cli as cli; sys.exit(cli.main(['server']))"
    blocked = (
        "import importlib.util as u; f = u.find_spec; u.find_spec = lambda n, *a: None if n == 'pygls' else f(n, *a)"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{blocked}\n{script}"], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 2
    assert done.stderr == "leaklint: the language server needs pygls: pip install 'flake8-leaklint[lsp]'\n"


def test_nothing_else_needs_the_extra() -> None:
    script = """
import pkgutil, importlib, sys, leaklint
sys.modules["pygls"] = sys.modules["lsprotocol"] = None
own = ("leaklint.server.app", "leaklint.server.messages", "leaklint.server.positions")
for item in pkgutil.walk_packages(leaklint.__path__, "leaklint."):
    if item.name not in own and ".demo.example" not in item.name and item.name != "leaklint.__main__":
        importlib.import_module(item.name)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=os.sep)
    assert done.returncode == 0, done.stderr


LINES = st.lists(st.sampled_from(["", "a", "x = 1", "é", "🐍 = 2", "\f", "\u2028"]), max_size=8)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@given(LINES, LINES, ENDS, st.sampled_from([UTF8, UTF16, UTF32]))
def test_replacements_turn_one_text_into_the_other(old: list[str], new: list[str], end: str, unit: str) -> None:
    before, after = end.join(old), end.join(new)
    text = Document(before, unit)
    lines = text.lines()
    starts = [0]
    for line in lines[:-1]:
        starts.append(starts[-1] + len(line) + len(end))

    def offset(place: tuple[int, int]) -> int:
        line, column = place
        assert line < len(lines)
        characters = next(size for size in range(len(lines[line]) + 1) if width(lines[line][:size], unit) == column)
        return starts[line] + characters

    result = before
    for row in reversed(list(replacements(text, after))):
        result = result[: offset(row.start)] + row.text + result[offset(row.end) :]
    assert result == after
