"""The server itself: what an editor asks for, answered from ``analysis`` and put into the protocol by ``messages``.

The engine runs on one thread of its own, so that the protocol stays answered and two runs never meet; proofs, which wait
for child processes, run on another.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from lsprotocol import types as lsp
from pygls import uris
from pygls.lsp.server import LanguageServer

from leaklint import __version__
from leaklint.config import ConfigError, Settings
from leaklint.engine import relative
from leaklint.fixing import Plan
from leaklint.model import Finding, to_json
from leaklint.proof import InterpreterError
from leaklint.server import analysis, messages
from leaklint.server.analysis import CommandLine
from leaklint.server.messages import Checked
from leaklint.server.positions import UTF16, Document

T = TypeVar("T")
DELAY = 0.25  # seconds without a key before a changed text is checked


class Server(LanguageServer):
    """``leaklint server``: the documents as they were last checked, and the repairs that were worked out for them."""

    def __init__(self, command_line: CommandLine) -> None:
        """Make a server; ``command_line`` is what it was started with."""
        # whole texts are sent: pygls splits lines at characters that end none in Python or in the protocol
        super().__init__("leaklint", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Full)
        self.command_line = command_line
        self.checked: dict[str, Checked] = {}
        self.plans: dict[tuple[object, ...], Plan] = {}
        self.shown: set[str] = set()
        self._engine = ThreadPoolExecutor(1, "leaklint-engine")
        self._proofs = ThreadPoolExecutor(1, "leaklint-proof")

    async def engine(self, work: Callable[[], T]) -> T:
        """Run ``work`` on the thread of the engine."""
        return await asyncio.get_running_loop().run_in_executor(self._engine, work)

    async def proofs(self, work: Callable[[], T]) -> T:
        """Run ``work`` on the thread that waits for experiments."""
        return await asyncio.get_running_loop().run_in_executor(self._proofs, work)

    def say(self, text: str, kind: lsp.MessageType = lsp.MessageType.Warning) -> None:
        """Show the user one message."""
        self.window_show_message(lsp.ShowMessageParams(kind, f"leaklint: {text}"))

    def settings(self, path: str) -> Settings | None:
        """Return the settings for a file; what is wrong with them is told once, and there are none."""
        try:
            return self.command_line.settings(path)
        except ConfigError as error:
            if str(error) not in self.shown:
                self.shown.add(str(error))
                self.say(str(error), lsp.MessageType.Error)
            return None

    def documents(self) -> Iterator[tuple[str, str, int, str]]:
        """Yield absolute path, URI, version and text of each open document that is a file."""
        for document in self.workspace.text_documents.values():
            path = uris.to_fs_path(document.uri)
            if path:
                yield os.path.abspath(path), document.uri, document.version or 0, document.source

    def unit(self) -> str:
        """Return what the client counts columns in."""
        return str(getattr(self.workspace.position_encoding, "value", self.workspace.position_encoding) or UTF16)

    async def check(self, uri: str, delay: float = 0.0) -> None:
        """Check an open document and publish what is found, unless it has changed or closed meanwhile."""
        self.plans.clear()
        version = self._version(uri)
        await asyncio.sleep(delay)
        path = uris.to_fs_path(uri)
        if path is None or version is None or self._version(uri) != version:
            return
        settings = self.settings(path)
        if settings is None:
            return
        text = self.workspace.get_text_document(uri).source
        try:
            report = await self.engine(lambda: analysis.findings_in(path, text, settings))
        except ConfigError as error:
            self.say(str(error), lsp.MessageType.Error)
            return
        if self._version(uri) != version:
            return
        before = self.checked.get(uri)
        verdicts = before.verdicts if before is not None and before.text.text == text else {}
        self.checked[uri] = Checked(uri, version, relative(path), Document(text, self.unit()), report, verdicts)
        self.publish(uri)

    def publish(self, uri: str) -> None:
        """Send the diagnostics of a document."""
        checked = self.checked[uri]
        found = messages.diagnostics(checked)
        self.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, found, checked.version))
        lens = getattr(self.client_capabilities.workspace, "code_lens", None)
        if lens is not None and lens.refresh_support:
            self.workspace_code_lens_refresh(None)

    def _version(self, uri: str) -> int | None:
        # versions of pygls differ in the form of the URI that documents are kept under
        return next((one.version or 0 for one in self.workspace.text_documents.values() if one.uri == uri), None)

    async def plan(self, checked: Checked, only: frozenset[str]) -> Plan:
        """Return what repairs these findings of a document, worked out once for a state of the texts."""
        key = (checked.uri, only, *sorted((uri, version) for _, uri, version, _ in self.documents()))
        if key not in self.plans:
            path = uris.to_fs_path(checked.uri) or checked.shown
            settings = self.settings(path)
            if settings is None:
                return Plan()
            texts = {file: text for file, _, _, text in self.documents()}
            folders = [uris.to_fs_path(folder.uri) or "" for folder in self.workspace.folders.values()]
            project = analysis.project_of(path, [folder for folder in folders if folder], settings)
            work = partial(analysis.repair, path, texts, project, settings, only)
            self.plans[key] = await self.engine(work)
        return self.plans[key]

    def edit(self, changes: Any) -> lsp.WorkspaceEdit:
        """Return changes as the edit that the client takes."""
        known = {path: (uri, version) for path, uri, version, _ in self.documents()}
        asked = getattr(self.client_capabilities.workspace, "workspace_edit", None)
        return messages.workspace_edit(changes, known, self.unit(), bool(asked and asked.document_changes))

    async def actions(self, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        """Return the repairs for a range, and on request the one that makes all safe repairs of the document."""
        checked = self.checked.get(params.text_document.uri)
        if checked is None or checked.version != self._version(checked.uri):
            return []
        wanted = [str(getattr(kind, "value", kind)) for kind in params.context.only or ()]
        found: list[lsp.CodeAction] = []
        if not wanted or lsp.CodeActionKind.QuickFix.value in wanted:
            for finding in checked.at(params.range):
                found += await self._repairs(finding, checked)
        if any(messages.FIX_ALL.startswith(kind) for kind in wanted):
            found += await self._all_safe(checked)
        return found

    async def _repairs(self, finding: Finding, checked: Checked) -> list[lsp.CodeAction]:
        done = await self.plan(checked, frozenset({finding.fingerprint}))
        made = messages.action(finding, done, checked, self.edit)
        if made is not None:
            return [made]
        asked = getattr(self.client_capabilities.text_document, "code_action", None)
        return [messages.refused(finding, done, checked)] if asked is not None and asked.disabled_support else []

    async def _all_safe(self, checked: Checked) -> list[lsp.CodeAction]:
        safe = frozenset(item.fingerprint for item in checked.report.findings if item.fix.safety == "safe")
        done = await self.plan(checked, safe)
        # the whole project may know of a use that this document alone does not show
        still = frozenset(item.fingerprint for item in done.repaired if item.fix.safety == "safe")
        if still != safe:
            done = await self.plan(checked, still)
        if not done.changes:
            return []
        title = "Make all safe repairs of leaklint"
        return [lsp.CodeAction(title, kind=messages.FIX_ALL, edit=self.edit(done.changes))]

    async def verify(self, uri: str, fingerprint: str) -> dict[str, Any] | None:
        """Prove one finding of a document, show the verdict and return it as JSON; None where it cannot be run."""
        checked = self.checked.get(uri)
        path = uris.to_fs_path(uri)
        finding = next(
            (item for item in (checked.report.findings if checked else ()) if item.fingerprint == fingerprint), None
        )
        if checked is None or path is None or finding is None:
            self.say("there is no such finding any more")
            return None
        settings = self.settings(path)
        if settings is None:
            return None
        if not analysis.saved(path, self.workspace.get_text_document(uri).source):
            self.say("save the file first: an experiment imports what is on the disk")
            return None
        try:
            options = self.command_line.experiment(settings)
            verdict = await self.proofs(lambda: analysis.prove(finding, options))
        except (ConfigError, InterpreterError) as error:
            self.say(str(error), lsp.MessageType.Error)
            return None
        now = self.checked.get(uri)
        if now is not None and now.text.text == checked.text.text:
            self.checked[uri] = replace(now, verdicts={**now.verdicts, fingerprint: verdict})
            self.publish(uri)
        self.say(f"{finding.code} {verdict.status}: {verdict.reason}", lsp.MessageType.Info)
        document: dict[str, Any] = to_json(verdict)
        return document


def make(command_line: CommandLine) -> Server:
    """Return a server with all its features, not yet started."""
    server = Server(command_line)
    _documents(server)
    _answers(server)
    return server


def _documents(server: Server) -> None:
    @server.feature(lsp.INITIALIZED)
    def initialized(params: lsp.InitializedParams) -> None:
        # paths, and what counts as a test below the project, are read from the working directory
        if server.workspace.root_path and os.path.isdir(server.workspace.root_path):
            os.chdir(server.workspace.root_path)

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        await server.check(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        await server.check(params.text_document.uri, DELAY)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    async def stored(params: lsp.DidSaveTextDocumentParams) -> None:
        for document in list(server.workspace.text_documents.values()):
            await server.check(document.uri)  # another file may fill or empty what this one holds

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        server.plans.clear()
        server.checked.pop(params.text_document.uri, None)
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(params.text_document.uri, []))


def _answers(server: Server) -> None:
    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def hover(params: lsp.HoverParams) -> lsp.Hover | None:
        checked = server.checked.get(params.text_document.uri)
        return messages.hover(checked, params.position) if checked is not None else None

    kinds = [lsp.CodeActionKind.QuickFix, messages.FIX_ALL]

    @server.feature(lsp.TEXT_DOCUMENT_CODE_ACTION, lsp.CodeActionOptions(code_action_kinds=kinds))
    async def actions(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        return await server.actions(params)

    @server.feature(lsp.TEXT_DOCUMENT_CODE_LENS)
    def lenses(params: lsp.CodeLensParams) -> list[lsp.CodeLens]:
        checked = server.checked.get(params.text_document.uri)
        return messages.lenses(checked) if checked is not None else []

    @server.command(messages.VERIFY)
    async def verify(uri: str, fingerprint: str) -> dict[str, Any] | None:
        return await server.verify(uri, fingerprint)
