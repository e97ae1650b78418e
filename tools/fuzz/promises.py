"""What must hold for any text at all: nothing is raised, nothing is left out, and every place is in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrasafe.findings import Finding
from migrasafe.lint import LintOptions, LintResult, lint
from migrasafe.migrations.model import History, Migration
from migrasafe.migrations.one_text import read_text
from migrasafe.rules.registry import RULES
from migrasafe.schema.evolve import evolve
from migrasafe.schema.model import Composite, Index, Moment, Schema, Table, View
from migrasafe.sql.parse import read_script
from migrasafe.sql.script import Script
from migrasafe.sql.source import Source
from migrasafe.sql.statements import Copy, Span, Unrecognized
from migrasafe.target import Target

_NOTHING = re.compile(r"(?:[\s;]|\\;)*\Z")
_JOINED = re.compile(r"\s*(?:\\;)?\s*")


def linted(text: str, *, pg_version: int = 15, schema: Schema | None = None) -> tuple[Migration, LintResult]:
    """A text as migrasafe lints it from standard input."""
    migration = read_text(Source(path="<fuzz>", text=text))
    options = LintOptions(target=Target(pg_version=pg_version), schema=schema or Schema())
    return migration, lint([History(layout="plain", root="", migrations=(migration,))], RULES, options)


def evolved(script: Script, schema: Schema, migration: int = 0) -> Schema:
    """The schema after each statement of a script."""
    for number, statement in enumerate(script.statements):
        schema = evolve(schema, statement, Moment(migration, 0, number))
    return schema


def broken_promises(text: str, migration: Migration, result: LintResult) -> Iterator[str]:
    """What a lint of `text` says wrongly of itself; nothing, it is to be hoped."""
    lines = text.splitlines() or [""]
    for finding in result.findings:
        yield from _misplaced(finding, lines)
    unread = {finding.place.line for finding in result.findings if finding.rule == "statement-not-understood"}
    for part in migration.parts:
        yield from left_out(part.script)
        for statement in part.script.statements:
            if isinstance(statement, Unrecognized) and not unread:
                yield f"nothing is said of {statement.reason}"


def left_out(script: Script) -> Iterator[str]:
    """Text of the sections that are read which stands in no statement and in no comment, and is more than space and semicolons.

    After COPY … FROM STDIN come rows, as far as a line `\\.` or the end; behind `\\;` stands more that is sent with it."""
    text = script.source.text
    spans = [statement.span for statement in script.statements] + [comment.span for comment in script.comments]
    rows_from: set[int] = set()
    before = None
    for one in script.statements:
        after_copy = before in rows_from and bool(_JOINED.fullmatch(text[before or 0 : one.span.start]))
        before = one.span.end
        if after_copy or (isinstance(one, Copy) and one.of_client and one.from_):
            rows_from.add(before)
    for section in script.sections or (Span(0, len(text)),):
        inside = [(a, b) for a, b in ((span.start, span.end) for span in spans) if section.start <= a < section.end]
        at = section.start
        for start, end in [*sorted(inside), (section.end, section.end)]:
            if start > at and not _NOTHING.match(text[at:start]) and at not in rows_from:
                yield f"not read: {text[at:start][:80]!r}"
            at = max(at, end)


def _misplaced(finding: Finding, lines: list[str]) -> Iterator[str]:
    place = finding.place
    if not (1 <= place.line <= place.end_line and place.column >= 1 and place.end_column >= 1):
        yield f"{finding.rule} is at no place: {place}"
    elif (place.line, place.column) > (place.end_line, place.end_column):
        yield f"{finding.rule} ends before it begins: {place}"
    elif place.line > len(lines) + 1:
        yield f"{finding.rule} is after the end: {place}"
    if not finding.message.strip():
        yield f"{finding.rule} says nothing"


def contradictions(schema: Schema) -> Iterator[str]:
    """Where two parts of the catalog disagree."""
    for ref, relation in schema.relations.items():
        if relation.ref != ref:
            yield f"{ref} calls itself {relation.ref}"
        if isinstance(relation, Index):
            target = schema.relation(relation.table)
            if not isinstance(target, Table | View) or ref not in target.indexes:
                yield f"index {ref} is not listed by {relation.table}"
        if isinstance(relation, Table | View):
            listed = [schema.index(one) for one in relation.indexes]
            if any(one is None or one.table != ref for one in listed):
                yield f"{ref} lists an index that is not its own"
        if isinstance(relation, Table):
            yield from _contradictions_of(schema, relation)
    for ref, item in schema.types.items():
        if item.ref != ref:
            yield f"{ref} calls itself {item.ref}"
        if isinstance(item, Composite) and len({one.name for one in item.attributes}) < len(item.attributes):
            yield f"{ref} has two attributes of one name"


def _contradictions_of(schema: Schema, table: Table) -> Iterator[str]:
    for name in table.partitions:
        below = schema.table(name)
        if below is None or below.partition_of != table.ref:
            yield f"{table.ref} lists {name}, which is no partition of it"
    for name in table.children:
        below = schema.table(name)
        if below is None or table.ref not in below.inherits:
            yield f"{table.ref} lists {name}, which is no child of it"
    if table.partition_of is not None:
        above = schema.table(table.partition_of)
        if above is None or table.ref not in above.partitions:
            yield f"{table.ref} is a partition that {table.partition_of} does not list"
    for one in table.constraints:
        if one.index is not None and one.index not in table.indexes:
            yield f"{table.ref} has a constraint {one.name} without its index {one.index}"
    for parts, what in (
        (table.columns, "columns"),
        (table.constraints, "constraints"),
        (table.triggers, "triggers"),
        (table.policies, "policies"),
    ):
        if len({part.name for part in parts}) < len(parts):
            yield f"{table.ref} has two {what} of one name"
    if len(set(table.indexes)) < len(table.indexes):
        yield f"{table.ref} lists an index twice"


def read(text: str) -> Script:
    """A text as SQL and nothing else."""
    return read_script(Source(path="<fuzz>", text=text))
