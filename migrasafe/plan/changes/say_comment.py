"""COMMENT ON: locks nobody out; the catalog tells whether it has been said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from migrasafe.plan import predicates
from migrasafe.plan.changes.model import Draft, Ground, NoPlanError
from migrasafe.plan.model import Phase, PhaseName, Step
from migrasafe.schema.definitions import name_of
from migrasafe.schema.model import ColumnRef, Ref, Schema
from migrasafe.sql.quote import quote_ident, quote_literal

_RELATIONS = ("TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "INDEX", "SEQUENCE")


class SayComment(Struct, frozen=True, kw_only=True):
    sql: str
    kind: str

    def plan(self, ground: Ground) -> Draft:
        """One step. Raises NoPlanError for what the comment is on, where no question tells whether it was said."""
        fields = _tree(self.sql)
        text: str | None = fields.get("comment")
        names = _names(fields.get("object", {}))
        said = _said(ground.schema, self.kind, names)
        if said is None:
            raise NoPlanError(
                f"COMMENT ON {self.kind} has no plan yet: it locks nobody out; put it into a migration of its own"
            )
        table = _column_of(ground.schema, self.kind, names)
        known = (ground.attached or {}).get(table) if table is not None else None
        undo: tuple[str, ...] = ()
        if table is not None and ground.attached is not None:
            before = known.comment if known is not None else None
            value = "NULL" if before is None else quote_literal(before)
            undo = (f"COMMENT ON COLUMN {name_of(table.relation)}.{quote_ident(str(table.column))} IS {value}",)
        title = f"Comment on {self.kind.lower()} {'.'.join(names)}"
        return Draft(
            title=title[:1].lower() + title[1:],
            tables=(),
            phases=(
                Phase(
                    name=PhaseName.EXPAND,
                    title="What is new, and in nobody's way",
                    old_app="goes on as before",
                    new_app="is not deployed yet",
                    steps=(
                        Step(
                            title=title,
                            statements=(self.sql,),
                            done=f"{said} IS NOT DISTINCT FROM {'NULL' if text is None else quote_literal(text)}",
                            undo=undo,
                            stays="" if undo else "the comment",
                        ),
                    ),
                ),
            ),
        )


def _said(schema: Schema, kind: str, names: tuple[str, ...]) -> str | None:
    """The expression that gives the comment there is."""
    if kind in _RELATIONS:
        return f"obj_description({predicates.relation(_resolved(schema, names))}, 'pg_class')"
    if kind == "COLUMN" and len(names) >= 2:
        table = _resolved(schema, names[:-1])
        return f"col_description({predicates.relation(table)}, {predicates.column_number(table, names[-1])})"
    if kind == "SCHEMA":
        return f"obj_description(to_regnamespace({quote_literal(quote_ident(names[-1]))}), 'pg_namespace')"
    if kind in ("TYPE", "DOMAIN") and names:
        ref = schema.resolve_type(names[0] if len(names) > 1 else None, names[-1])
        return f"obj_description(to_regtype({quote_literal(name_of(ref))}), 'pg_type')"
    if kind == "EXTENSION":
        return (
            "(SELECT obj_description(oid, 'pg_extension') FROM pg_catalog.pg_extension"
            f" WHERE extname = {quote_literal(names[-1])})"
        )
    return None


def _resolved(schema: Schema, names: tuple[str, ...]) -> Ref:
    return schema.resolve(names[-2] if len(names) > 1 else None, names[-1])


def _column_of(schema: Schema, kind: str, names: tuple[str, ...]) -> ColumnRef | None:
    return ColumnRef(_resolved(schema, names[:-1]), names[-1]) if kind == "COLUMN" and len(names) >= 2 else None


def _tree(sql: str) -> Mapping[str, Any]:
    from migrasafe.sql.libpg_query import parse

    fields: Mapping[str, Any] = parse(sql)[0]["stmt"]["CommentStmt"]
    return fields


def _names(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts of the name, whatever node holds them."""
    if "String" in found:
        return (found["String"]["sval"],)
    items = found.get("List", {}).get("items") or found.get("TypeName", {}).get("names") or []
    return tuple(item["String"]["sval"] for item in items if "String" in item)
