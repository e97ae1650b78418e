"""Findings in the words of the Language Server Protocol.

https://microsoft.github.io/language-server-protocol/specifications/lsp/3.17/specification/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from lsprotocol import types
from pygls.workspace import TextDocument

from migrasafe.cli.lsp.checking import Checked
from migrasafe.findings import Finding, Place, Severity
from migrasafe.report.markdown_text import code, escaped, fenced
from migrasafe.report.words import NOT_CHECKED, explanation, instead
from migrasafe.rules.page import Page

PLAN = "migrasafe.plan"
"""The command that carries out the plan of a finding."""
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}


def diagnostics(checked: Checked, document: TextDocument) -> list[types.Diagnostic]:
    """What to show in a document."""
    shown = [_diagnostic(finding, document) for finding in checked.findings]
    shown.extend(_unchecked(notice.message, max(notice.line, 1)) for notice in checked.notices)
    if checked.problem:
        shown.append(_unchecked(checked.problem, 1))
    return shown


def _diagnostic(finding: Finding, document: TextDocument) -> types.Diagnostic:
    return types.Diagnostic(
        range=range_of(finding.place, document),
        message=explanation(finding),
        severity=_SEVERITIES[finding.severity],
        code=finding.rule,
        source="migrasafe",
    )


def _unchecked(message: str, line: int) -> types.Diagnostic:
    start, end = types.Position(line - 1, 0), types.Position(line, 0)
    return types.Diagnostic(
        range=types.Range(start, end),
        message=f"Not checked: {message}",
        severity=types.DiagnosticSeverity.Warning,
        code=NOT_CHECKED,
        source="migrasafe",
    )


def range_of(place: Place, document: TextDocument) -> types.Range:
    """A place in the units that the editor counts in; where it has no width, to the end of its line."""
    start = types.Position(place.line - 1, place.column - 1)
    end = types.Position(place.end_line - 1, place.end_column - 1)
    if (place.end_line, place.end_column) <= (place.line, place.column):
        lines = document.lines
        text = lines[place.line - 1].rstrip("\r\n") if place.line <= len(lines) else ""
        end = types.Position(place.line - 1, max(len(text), start.character))
    return document.position_codec.range_to_client_units(document.lines, types.Range(start, end))


def holds(place: types.Range, other: types.Range) -> bool:
    """Whether two ranges touch."""
    return place.start <= other.end and other.start <= place.end


def hover(finding: Finding, page: Page | None) -> str:
    """Markdown: what the finding says, and why there is such a rule."""
    parts = [f"**{finding.severity.value}** {code(finding.rule)}", escaped(finding.message)]
    if finding.lock is not None or finding.work is not None:
        lock = f"lock: {finding.lock.value}" if finding.lock is not None else ""
        work = f"work: {finding.work}" if finding.work is not None else ""
        parts.append(" · ".join(one for one in (lock, work) if one))
    parts.extend(f"assumed: {escaped(one)}" for one in finding.assumed)
    if finding.help:
        parts.append(f"instead: {escaped(finding.help)}")
    if sql := instead(finding):
        parts.append(fenced(sql))
    if page is not None:
        parts += ["---", page.why, f"**When it is fine.** {page.when_fine}"]
    return "\n\n".join(parts)


def actions(
    finding: Finding, document: TextDocument, open_documents: Mapping[Path, TextDocument]
) -> Iterator[types.CodeAction]:
    """The quick fix, the plan, and the comment that allows the finding."""
    shown = [_diagnostic(finding, document)]
    edits = finding.fix.edits
    if edits:
        changes: dict[str, list[types.TextEdit]] = {}
        created: list[types.CreateFile] = []
        for edit in edits:
            path = Path(edit.place.path).resolve()
            target = open_documents.get(path) or (document if path == Path(document.path).resolve() else None)
            uri = target.uri if target is not None else path.as_uri()
            if target is None and not path.exists():
                created.append(types.CreateFile(uri=uri, options=types.CreateFileOptions(ignore_if_exists=True)))
            where = range_of_edit(edit.place, target, path)
            changes.setdefault(uri, []).append(types.TextEdit(range=where, new_text=edit.replacement))
        documents = [
            types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(uri=uri), list(texts))
            for uri, texts in changes.items()
        ]
        yield types.CodeAction(
            title=f"migrasafe: {finding.help or 'fix it'}",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=shown,
            edit=types.WorkspaceEdit(document_changes=[*created, *documents]),
            is_preferred=True,
        )
    if finding.fix.command:
        yield types.CodeAction(
            title="migrasafe: plan this in phases",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=shown,
            command=types.Command(title="Plan this in phases", command=PLAN, arguments=[finding.fix.command]),
        )
    yield _allow(finding, document, shown)


def range_of_edit(place: Place, document: TextDocument | None, path: Path) -> types.Range:
    """Likewise for an edit: a place without width is where text is put in."""
    if document is None:
        text = path.read_text(encoding="utf-8-sig") if path.exists() else ""
        document = TextDocument(path.as_uri(), text)
    start = types.Position(place.line - 1, place.column - 1)
    end = types.Position(place.end_line - 1, place.end_column - 1)
    return document.position_codec.range_to_client_units(document.lines, types.Range(start, end))


def _allow(finding: Finding, document: TextDocument, shown: list[types.Diagnostic]) -> types.CodeAction:
    """A comment above the line, whose reason is for the person to write: until then it allows nothing."""
    line = finding.place.line - 1
    lines = document.lines
    text = lines[line] if line < len(lines) else ""
    margin = text[: len(text) - len(text.lstrip())].rstrip("\r\n")
    mark = {".py": "#", ".rb": "#", ".go": "//"}.get(Path(document.path).suffix, "--")
    comment = f"{margin}{mark} migrasafe: allow {finding.rule} because \n"
    here = types.Position(line, 0)
    edit = types.TextEdit(types.Range(here, here), comment)
    return types.CodeAction(
        title=f"migrasafe: allow {finding.rule} here, because …",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=shown,
        edit=types.WorkspaceEdit(changes={document.uri: [edit]}),
    )
