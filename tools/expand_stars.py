"""What a generator such as sqlc makes of `*` when the app is built: the columns that it meant on the schema of that day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from migrasafe.app.judge.version_queries import AppQuery
from migrasafe.schema.model import Schema, Table, View
from migrasafe.sql.expressions import walk
from migrasafe.sql.quote import quote_ident

Fields = Mapping[str, Any]


def expand_stars(one: AppQuery, built_with: Schema) -> str | None:
    """The SQL with the columns in place of `*`; None where which those are cannot be told so simply."""
    sql = one.query.sql
    edits = []
    nodes = list(walk(list(one.parsed.statements)))
    queries = {fields["ctename"] for kind, fields in nodes if kind == "CommonTableExpr"}
    for kind, fields in nodes:
        if not kind.endswith("Stmt"):
            continue
        read = list(_relations(fields))
        for location, qualifier in _stars(fields):
            columns: list[str] = []
            for relation in read:
                name = relation.get("alias", {}).get("aliasname") or relation.get("relname", "")
                if qualifier and name != qualifier:
                    continue
                if relation.get("relname") in queries:
                    columns.append(f"{quote_ident(name)}.*")  # in whose text the columns stand
                    continue
                names = _columns(relation, built_with)
                if not names:
                    return None
                prefix = f"{quote_ident(name)}." if qualifier or len(read) > 1 else ""
                columns.extend(prefix + quote_ident(name) for name in names)
            if not columns:
                return None
            edits.append((location, sql.index("*", location) + 1, ", ".join(columns)))
    for start, end, text in sorted(edits, reverse=True):
        sql = sql[:start] + text + sql[end:]
    return sql


def _stars(fields: Fields) -> Iterator[tuple[int, str]]:
    """The place of each `*` that a statement shows, and what stands before its dot."""
    returned = fields.get("returningClause", {}).get("exprs", ())
    shown = fields.get("targetList", ()) if "relation" not in fields else ()
    for item in (*shown, *returned, *fields.get("returningList", ())):
        reference = item.get("ResTarget", {}).get("val", {}).get("ColumnRef", {})
        parts = reference.get("fields", ())
        if parts and "A_Star" in parts[-1]:
            names = [part["String"]["sval"] for part in parts[:-1]]
            yield reference.get("location", 0), names[-1] if names else ""


def _relations(fields: Fields) -> Iterator[Fields]:
    """What the statement itself reads or writes; {} for what is no relation."""
    if "relation" in fields:
        yield fields["relation"]
    for item in (*fields.get("fromClause", ()), *fields.get("usingClause", ())):
        yield from _in_from(item)


def _in_from(item: Fields) -> Iterator[Fields]:
    kind, fields = next(iter(item.items()))
    if kind == "JoinExpr" and "usingClause" not in fields and not fields.get("isNatural"):
        yield from _in_from(fields["larg"])
        yield from _in_from(fields["rarg"])
    else:
        yield fields if kind == "RangeVar" else {}


def _columns(relation: Fields, schema: Schema) -> list[str]:
    found = schema.relation(schema.resolve(relation.get("schemaname"), relation.get("relname", "")))
    if isinstance(found, Table):
        return [column.name for column in found.columns]
    return list(found.columns) if isinstance(found, View) else []
