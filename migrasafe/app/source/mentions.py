"""Names that a program spells in a string, outside of any SQL: a constraint that its error handling compares with, a
column that it takes from the rows of a `SELECT *`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from migrasafe.app.judge.changed import columns_gone
from migrasafe.app.model import App, Mention, Query, folded
from migrasafe.app.resolve.values import Resolution
from migrasafe.app.verdict import Breakage, Version, Weight
from migrasafe.schema.model import Ref, Schema, Table

_WORD = re.compile(r"\w+")
_DEFINES = re.compile(r"Constraint\(|Index\(|\bname\s*=|\bmap:|@@|ForeignKey|op\.")


def mentions(version: Version, app: App, before: Schema, after: Schema) -> Iterator[Breakage]:
    """The constraints that a migration takes away or makes and that the program names."""
    was, now = _constraints(before), _constraints(after)
    for name in sorted(was.keys() ^ now.keys()):
        table, is_gone = (was[name], True) if name in was else (now[name], False)
        for mention in app.words.get(folded(name), ()):
            if mention.quoted and mention.text == name:
                yield _breakage(version, app, mention, table, name, is_gone=is_gone)


def _constraints(schema: Schema) -> dict[str, Ref]:
    return {
        constraint.name: ref
        for ref, relation in schema.relations.items()
        if isinstance(relation, Table)
        for constraint in relation.constraints
    }


def _breakage(version: Version, app: App, mention: Mention, table: Ref, name: str, *, is_gone: bool) -> Breakage:
    text = app.texts.get(mention.location.path)
    line = text.split("\n")[mention.location.line - 1] if text is not None else ""
    defines = _DEFINES.search(line) is not None
    where = "after" if is_gone else "before"
    return Breakage(
        version=version,
        before=not is_gone,
        weight=Weight.RISK if defines or not is_gone else Weight.MAY_FAIL,
        location=mention.location,
        message=f'constraint "{name}" for table "{table.name}" does not exist',
        object=table,
        name=name,
        help=f"the program names it; {where} the migration the server reports errors under another name, or none",
    )


def readers_of_star(version: Version, app: App, query: Query, was: Resolution, now: Resolution) -> Iterator[Breakage]:
    """The lines beside a query that take a column from its rows, which a `*` no longer shows, or does not show yet: the
    server goes on accepting the query, so that nobody else would tell."""
    if was.outputs is None or now.outputs is None or was.outputs == now.outputs:
        return
    shown, later = ({one.name for one in outputs} for outputs in (was.outputs, now.outputs))
    for name in sorted(shown ^ later):
        is_gone = name in shown
        if not is_gone and version is Version.OLD:
            continue
        for mention in app.words.get(folded(name), ()):
            if mention.text == name and mention.location.path == query.location.path and _takes(app, mention):
                yield Breakage(
                    version=version,
                    before=not is_gone,
                    # The new version may say the word of something else: its own author has seen the column go.
                    weight=Weight.RISK if is_gone and version is Version.NEW else Weight.MAY_FAIL,
                    location=mention.location,
                    message=f"a * of this file {'no longer shows' if is_gone else 'does not show'} {name}",
                    name=name,
                    help=f"the query itself works; what takes {name} from its rows does not",
                )


def _takes(app: App, mention: Mention) -> bool:
    """Whether the word stands as `row.note`, `row["note"]` or `row[:note]` do."""
    text = app.texts.get(mention.location.path)
    if text is None:
        return mention.quoted
    line = text.split("\n")[mention.location.line - 1]
    return mention.quoted or line[: (mention.location.column or 1) - 1].endswith((".", "->", "[:"))


def unread_mentions(version: Version, app: App, before: Schema, after: Schema) -> Iterator[Breakage]:
    """Texts that look like SQL, could not be read, and name what a migration takes away."""
    if not app.unread:
        return
    gone = {column.column: column.relation for column in columns_gone(before, after) if column.column is not None}
    gone |= {ref.name: ref for ref in before.relations if ref not in after.relations}
    for one in app.unread:
        for name in sorted(set(_WORD.findall(one.text)) & gone.keys()):
            yield Breakage(
                version=version,
                before=False,
                weight=Weight.MAY_FAIL,
                location=one.location,
                message=f"names {name}, and cannot be read: {one.reason}",
                object=gone[name],
                name=name,
            )
