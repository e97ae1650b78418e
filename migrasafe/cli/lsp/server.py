"""The language server: what editors ask, answered; documents are checked a moment after the last key."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import TextDocument

from migrasafe import __version__
from migrasafe.cli.lsp.checking import Checked, check, make_plan
from migrasafe.cli.lsp.convert import PLAN, actions, diagnostics, holds, hover, range_of
from migrasafe.errors import MigrasafeError
from migrasafe.rules.page import page_ids, read_page

_PAUSE_SECONDS = 0.3
"""After the last key; who types on is not waited for."""
_PLANS = "plans"
_WATCHED = ("**/migrasafe.toml", "**/pyproject.toml", "**/migrasafe-baseline.json")
"""What decides on findings and may be changed by another program, or in an editor that tells us of SQL only."""


class _Server(LanguageServer):
    """A server that knows what it has shown."""

    def __init__(self) -> None:
        super().__init__("migrasafe", __version__)
        self.checked: dict[str, tuple[int | None, Checked]] = {}
        """By URI: the version of the document, and what was found in it."""
        self.turn: dict[str, int] = {}
        """By URI: how often a check was asked for."""
        self.worker = ThreadPoolExecutor(max_workers=1)
        """Checks run one after the other, beside the conversation with the editor."""

    def texts(self) -> dict[str, str]:
        """The texts of all open documents, by path."""
        return {one.path: one.source for one in self.workspace.text_documents.values() if one.path}

    def opened(self, uri: str) -> TextDocument | None:
        """The document as the editor calls it; the workspace knows it by its URI without escapes."""
        return next((one for one in self.workspace.text_documents.values() if one.uri == uri), None)

    async def look_at(self, uri: str, *, pause: float = 0.0) -> None:
        """Checks a document and shows what is found, unless it has changed meanwhile."""
        turn = self.turn[uri] = self.turn.get(uri, 0) + 1
        await asyncio.sleep(pause)
        document = self.opened(uri)
        if document is None or self.turn[uri] != turn:
            return
        version, texts = document.version, self.texts()
        looking = asyncio.get_running_loop().run_in_executor(self.worker, partial(check, Path(document.path), texts))
        checked = await looking
        if self.opened(uri) is None or self.turn[uri] != turn:
            return
        self.checked[uri] = version, checked
        self.show(uri, version, diagnostics(checked, document))

    async def look_at_all(self) -> None:
        for document in list(self.workspace.text_documents.values()):
            await self.look_at(document.uri)

    def show(self, uri: str, version: int | None, shown: list[types.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, version=version, diagnostics=shown)
        )

    def found(self, uri: str, where: types.Range) -> Iterator[int]:
        """Which of the findings of a document touch a range."""
        document = self.workspace.get_text_document(uri)
        version, checked = self.checked.get(uri, (None, Checked()))
        if version != document.version:
            return
        for number, finding in enumerate(checked.findings):
            if holds(range_of(finding.place, document), where):
                yield number


def make_server() -> LanguageServer:
    """The server with all that it answers."""
    server = _Server()

    @server.feature(types.INITIALIZED)
    async def begin(params: types.InitializedParams) -> None:
        root = server.workspace.root_path
        if root is not None and Path(root).is_dir():
            os.chdir(root)  # configs, paths and reports are relative to it
        files = server.client_capabilities.workspace and server.client_capabilities.workspace.did_change_watched_files
        if files and files.dynamic_registration:
            watched = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher(one) for one in _WATCHED])
            wish = types.Registration("config", types.WORKSPACE_DID_CHANGE_WATCHED_FILES, watched)
            await server.client_register_capability_async(types.RegistrationParams([wish]))

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def opened(params: types.DidOpenTextDocumentParams) -> None:
        await server.look_at(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def changed(params: types.DidChangeTextDocumentParams) -> None:
        await server.look_at(params.text_document.uri, pause=_PAUSE_SECONDS)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def saved(params: types.DidSaveTextDocumentParams) -> None:
        await server.look_at_all()  # the config, or the history of another, may have changed

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def changed_outside(params: types.DidChangeWatchedFilesParams) -> None:
        await server.look_at_all()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        server.checked.pop(params.text_document.uri, None)
        server.turn.pop(params.text_document.uri, None)
        server.show(params.text_document.uri, None, [])

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(params: types.HoverParams) -> types.Hover | None:
        uri, here = params.text_document.uri, types.Range(params.position, params.position)
        checked = server.checked.get(uri, (None, Checked()))[1]
        findings = [checked.findings[number] for number in server.found(uri, here)]
        if not findings:
            return None
        known = page_ids(checked.pages)
        pages = {one.rule: read_page(one.rule, checked.pages) for one in findings if one.rule in known}
        text = "\n\n---\n\n".join(hover(one, pages.get(one.rule)) for one in findings)
        return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text))

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix])
    )
    def offered(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        document = server.workspace.get_text_document(uri)
        checked = server.checked.get(uri, (None, Checked()))[1]
        others = _by_path(server.workspace.text_documents.values())
        return [
            action
            for number in server.found(uri, params.range)
            for action in actions(checked.findings[number], document, others)
        ]

    @server.command(PLAN)
    async def plan(command: str = "") -> None:
        folder = _free(Path(_PLANS))
        try:
            said = await asyncio.get_running_loop().run_in_executor(server.worker, partial(make_plan, command, folder))
        except MigrasafeError as error:
            server.window_show_message(types.ShowMessageParams(types.MessageType.Error, f"migrasafe: {error}"))
            return
        server.window_show_message(types.ShowMessageParams(types.MessageType.Info, said.strip()))
        runbook = from_fs_path(str((folder / "RUNBOOK.md").resolve()))
        window = server.client_capabilities.window
        if runbook is not None and window and window.show_document and window.show_document.support:
            server.window_show_document(types.ShowDocumentParams(uri=runbook, take_focus=True))  # whatever it answers

    return server


def _by_path(documents: Iterable[TextDocument]) -> dict[Path, TextDocument]:
    return {Path(path).resolve(): one for one in documents if (path := to_fs_path(one.uri)) is not None}


def _free(folder: Path) -> Path:
    """A folder for a plan that is not there yet."""
    number = 1
    while (folder / f"plan-{number}").exists():
        number += 1
    return folder / f"plan-{number}"
