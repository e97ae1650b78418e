"""The language server, talked to by a real client over standard input and output."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.lsp.client import BaseLanguageClient

ROOT = Path(__file__).parent.parent
WAIT_SECONDS = 60


class Editor(BaseLanguageClient):
    """A client that keeps what it is shown."""

    def __init__(self) -> None:
        super().__init__("editor", "1")
        self.shown: asyncio.Queue[types.PublishDiagnosticsParams] = asyncio.Queue()
        self.messages: list[str] = []
        self.opened: list[str] = []
        self.watched: asyncio.Queue[list[types.Registration]] = asyncio.Queue()

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def publish(params: types.PublishDiagnosticsParams) -> None:
            self.shown.put_nowait(params)

        @self.feature(types.WINDOW_SHOW_MESSAGE)
        def message(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)

        @self.feature(types.WINDOW_SHOW_DOCUMENT)
        def document(params: types.ShowDocumentParams) -> types.ShowDocumentResult:
            self.opened.append(params.uri)
            return types.ShowDocumentResult(success=True)

        @self.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params: types.RegistrationParams) -> None:
            self.watched.put_nowait(list(params.registrations))

    async def next(self) -> list[types.Diagnostic]:
        return list((await asyncio.wait_for(self.shown.get(), WAIT_SECONDS)).diagnostics)

    def type(self, uri: str, version: int, text: str) -> None:
        changes = [types.TextDocumentContentChangeWholeDocument(text)]
        document = types.VersionedTextDocumentIdentifier(version=version, uri=uri)
        self.text_document_did_change(types.DidChangeTextDocumentParams(document, changes))

    def open(self, path: Path, text: str | None = None) -> str:
        item = types.TextDocumentItem(path.as_uri(), "sql", 1, path.read_text() if text is None else text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return path.as_uri()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "db").mkdir()
    (tmp_path / "db/V1__orders.sql").write_text("CREATE TABLE orders (id bigint PRIMARY KEY, note text);\n")
    (tmp_path / "db/V2__index.sql").write_text("CREATE INDEX orders_note ON orders (note);\n")
    return tmp_path


CAPABILITIES = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True)
    ),
    window=types.WindowClientCapabilities(show_document=types.ShowDocumentClientCapabilities(support=True)),
)


def session(project: Path, talk: Callable[[Editor], Awaitable[None]]) -> None:
    async def whole() -> None:
        editor = Editor()
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        await editor.start_io(sys.executable, "-m", "migrasafe", "lsp", env=env, cwd=str(project.parent))
        params = types.InitializeParams(capabilities=CAPABILITIES, root_uri=project.as_uri())
        await asyncio.wait_for(editor.initialize_async(params), WAIT_SECONDS)
        editor.initialized(types.InitializedParams())
        await talk(editor)
        await asyncio.wait_for(editor.shutdown_async(None), WAIT_SECONDS)
        editor.exit(None)
        await asyncio.wait_for(editor.stop(), WAIT_SECONDS)

    asyncio.run(whole())


def test_findings_come_while_one_types_and_a_quick_fix_ends_them(project: Path) -> None:
    async def talk(editor: Editor) -> None:
        uri = editor.open(project / "db/V2__index.sql")
        (found,) = await editor.next()
        assert (found.code, found.severity) == ("create-index-without-concurrently", types.DiagnosticSeverity.Error)
        assert (found.range.start, found.range.end) == (types.Position(0, 0), types.Position(0, 41))

        asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), found.range, types.CodeActionContext([found]))
        actions = await editor.text_document_code_action_async(asked) or []
        titles = [action.title for action in actions]
        assert titles[-1] == "migrasafe: allow create-index-without-concurrently here, because …"
        fix = actions[0]
        assert isinstance(fix, types.CodeAction) and fix.edit is not None
        texts = {}
        for change in fix.edit.document_changes or []:
            if isinstance(change, types.TextDocumentEdit):
                texts[change.text_document.uri] = [one.new_text for one in change.edits]
        assert texts[uri] == ["CREATE INDEX CONCURRENTLY orders_note ON orders (note)"]

        editor.type(uri, 2, "CREATE INDEX CONCURRENTLY orders_note ON orders (note);\n")
        assert "create-index-without-concurrently" not in [one.code for one in await editor.next()]
        editor.type(uri, 3, "-- ü😀\n/* 😀 */ TRUNCATE orders;\n")
        found = next(one for one in await editor.next() if one.code == "truncate-table")
        assert (found.range.start, found.range.end) == (types.Position(1, 9), types.Position(1, 24))

    session(project, talk)


def test_the_page_of_the_rule_is_shown_over_the_statement(project: Path) -> None:
    async def talk(editor: Editor) -> None:
        uri = editor.open(project / "db/V2__index.sql")
        await editor.next()
        here = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(0, 5))
        shown = await editor.text_document_hover_async(here)
        assert shown is not None and isinstance(shown.contents, types.MarkupContent)
        assert "Writes to orders wait until the index is built." in shown.contents.value
        assert "**When it is fine.**" in shown.contents.value
        nowhere = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(1, 0))
        assert await editor.text_document_hover_async(nowhere) is None

    session(project, talk)


def test_other_open_documents_are_history_as_they_are_typed_and_closing_clears(project: Path) -> None:
    async def talk(editor: Editor) -> None:
        first = editor.open(project / "db/V1__orders.sql", "CREATE TABLE other (id bigint PRIMARY KEY);\n")
        await editor.next()
        second = editor.open(project / "db/V2__index.sql", "TRUNCATE orders;\nTRUNCATE other;\n")
        lines = [one.range.start.line for one in await editor.next() if one.code == "truncate-table"]
        assert lines == [0, 1]  # one that is not known counts as there
        editor.text_document_did_close(types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(second)))
        assert await editor.next() == []
        assert first != second

    session(project, talk)


def test_what_cannot_be_read_is_shown_at_the_top(project: Path) -> None:
    (project / "migrasafe.toml").write_text("pg_versoin = 15\n")

    async def talk(editor: Editor) -> None:
        editor.open(project / "db/V2__index.sql")
        (shown,) = await editor.next()
        assert "pg_versoin is not a setting; did you mean pg_version?" in shown.message
        assert shown.range.start == types.Position(0, 0)

    session(project, talk)


def test_a_file_that_is_no_migration_has_nothing_to_show(project: Path) -> None:
    (project / "notes.py").write_text("print('CREATE INDEX x ON orders (note)')\n")

    async def talk(editor: Editor) -> None:
        editor.open(project / "notes.py")
        assert await editor.next() == []

    session(project, talk)


def test_a_change_is_planned_and_its_runbook_opened(project: Path) -> None:
    text = "ALTER TABLE orders RENAME COLUMN note TO remark;\n"
    (project / "db/V2__index.sql").write_text(text)

    async def talk(editor: Editor) -> None:
        uri = editor.open(project / "db/V2__index.sql")
        (found,) = [one for one in await editor.next() if one.code == "rename-column-in-use"]
        asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), found.range, types.CodeActionContext([found]))
        actions = await editor.text_document_code_action_async(asked) or []
        (plan,) = [one for one in actions if one.title == "migrasafe: plan this in phases"]
        command = "migrasafe plan rename orders.note remark --schema db --before db/V2__index.sql"
        assert command in str(plan)  # this client takes an action with a command for a bare command
        run = types.ExecuteCommandParams(command="migrasafe.plan", arguments=[command])
        await asyncio.wait_for(editor.workspace_execute_command_async(run), WAIT_SECONDS)
        assert editor.opened == [(project / "plans/plan-1/RUNBOOK.md").as_uri()]
        assert (project / "plans/plan-1/plan.json").is_file()
        other = types.ExecuteCommandParams(command="migrasafe.plan", arguments=["rm -r db"])
        await asyncio.wait_for(editor.workspace_execute_command_async(other), WAIT_SECONDS)
        assert editor.messages[-1] == "migrasafe: rm -r db: is no plan"
        new = types.ExecuteCommandParams(command="migrasafe.plan", arguments=[command.replace("V2__index", "V3__new")])
        await asyncio.wait_for(editor.workspace_execute_command_async(new), WAIT_SECONDS)
        assert editor.messages[-1].startswith("migrasafe: db/V3__new.sql: save it first")

    session(project, talk)


def test_a_config_that_changes_outside_the_editor_counts_at_once(project: Path) -> None:
    async def talk(editor: Editor) -> None:
        (wish,) = await asyncio.wait_for(editor.watched.get(), WAIT_SECONDS)
        assert wish.method == types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        editor.open(project / "db/V2__index.sql")
        assert len(await editor.next()) == 1
        config = project / "migrasafe.toml"
        for text, codes in (
            ('ignore = ["create-index-without-concurrently"]\n', []),
            ("no_setting = 1\n", ["not-checked"]),
            ("", ["create-index-without-concurrently"]),
        ):
            config.write_text(text)
            change = types.FileEvent(config.as_uri(), types.FileChangeType.Changed)
            editor.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([change]))
            assert [one.code for one in await editor.next()] == codes

    session(project, talk)


def test_paths_with_spaces_and_other_letters_are_files_like_any(project: Path) -> None:
    place = project / "größere äpfel/100% [db]"
    place.mkdir(parents=True)
    (project / "db/V1__orders.sql").rename(place / "V1__orders.sql")
    (project / "db/V2__index.sql").rename(place / "V2__index.sql")

    async def talk(editor: Editor) -> None:
        uri = editor.open(place / "V2__index.sql")
        assert [one.code for one in await editor.next()] == ["create-index-without-concurrently"]
        editor.type(uri, 2, "CREATE INDEX CONCURRENTLY orders_note ON orders (note);\n")
        assert await editor.next() == []
        where = types.Range(types.Position(0, 0), types.Position(0, 0))
        asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), where, types.CodeActionContext([]))
        assert not await editor.text_document_code_action_async(asked)

    session(project, talk)
